"""The engine's calls with plain values, the same on every host.

A host hands over the request, and values as modules without Pulumi have them: whole numbers, UNKNOWN for what is not
known yet. It gets back plain values in which every secret is marked. Around each verb the settings are checked, the
custom timeout is enforced, errors are shortened, and secrets are removed from them.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_acr_tasks import embedded, engine
from pulumi_acr_tasks.arm.clock import deadline
from pulumi_acr_tasks.engine import Request
from pulumi_acr_tasks.engine.shortened_errors import shortened
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    DeadlineError,
    EmulatorError,
    SettingsError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.host.sdk import marked_secret
from pulumi_acr_tasks.schema.definitions import Kind, camel_case
from pulumi_acr_tasks.schema.secrets import map_secrets, redact, without_secrets
from pulumi_acr_tasks.schema.spelling import parse, spelled, value_at, without_ignored
from pulumi_acr_tasks.schema.values import Unknown
from pulumi_acr_tasks.settings.credentials import missing_settings
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.validate.problem import Problem, errors
from pulumi_acr_tasks.validate.readable_secrets import Path, check_marks

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service

Values = dict[str, Any]

Keep = Callable[[str, Values, str], bool]
"""Makes the engine keep a resource although its create fails: its id, its outputs, the reason. Returns whether it will.
"""

# A quoted value, or a word, that would fill the screen.
_ENDLESS = re.compile(r"'(?:[^'\\]|\\.){400,}'|\S{400,}")
_POSITION = re.compile(r"line (\d+), column (\d+): ")


@dataclass(frozen=True)
class Difference:
    """The answer of a diff.

    `changes`: whether anything differs; None: the engine compares the inputs itself, so that `replaceOnChanges` works.
    `replaces`: the properties that force a replacement. `details`: the kind of each change (add, delete or update) by
    its path.
    """

    changes: bool | None
    replaces: Sequence[str] = ()
    delete_before_replace: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


class Verbs(Protocol):
    """The verbs of one kind of resource: the module `verbs` of its folder. `kinds` are those of its arguments."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...

    def check(self, service: Service, olds: Values, news: Values) -> tuple[Values, list[Problem]]: ...

    def diff(self, service: Service, id_: str, olds: Values, news: Values) -> Difference: ...

    def create(self, service: Service, inputs: Values) -> tuple[str, Values]: ...

    def read(self, service: Service, id_: str, props: Values) -> tuple[str | None, Values, Values | None]: ...

    def import_(self, service: Service, id_: str) -> tuple[str, Values, Values]: ...

    def update(self, service: Service, id_: str, olds: Values, news: Values) -> Values: ...

    def delete(self, service: Service, id_: str, props: Values) -> None: ...


@dataclass
class EngineCalls:
    """The engine's calls of one provider.

    `problems`: what is wrong with the keys of its configuration. Refresh and destroy go on with wrong keys, because
    they use the configuration in state, which nobody can correct. Preview and up call `check`, which refuses them.
    `spell`: returns a problem with the names that programs of the host write.
    """

    settings: Settings
    problems: Sequence[str] = field(default_factory=list)
    spell: Callable[[Problem], Problem] = lambda problem: problem

    @classmethod
    def configured(
        cls,
        config: Callable[[str], Any],
        problems: Sequence[str],
        spell: Callable[[Problem], Problem] = lambda problem: problem,
    ) -> EngineCalls:
        """Return the calls of a provider with that configuration; `config("endpoint")` returns a value of it.

        Raises SettingsError that names every wrong value, after the problems of the keys.
        """
        try:
            return cls(Settings.load(config, os.environ), problems, spell)
        except SettingsError as error:
            raise SettingsError("\n".join([*problems, str(error)])) from None

    @property
    def service(self) -> Service:
        """The service at the endpoint of the provider's settings."""
        # A program that only declares resources never needs the service, nor the libraries behind it.
        from pulumi_acr_tasks.service import service_for

        return service_for(self.settings)

    def check(
        self, verbs: Verbs, request: Request, olds: Values, news: Values, marks: Collection[Path] = ()
    ) -> tuple[Values, list[str]]:
        """Return the completed inputs, and the failures that stop the resource.

        `marks` are the paths of what the program has marked as secret, where the engine says so. No failure names a
        property: the engine would print its value, secret or not.
        """
        with self._serving(request, olds, news):
            self._refuse_wrong_settings()
            service = self.service
            service.organization = request.organization or service.organization
            service.notes.replace_on_changes = list(request.replace_on_changes)
            # A transform may have set inputs in Python's spelling.
            news = spelled(news, verbs.kinds)
            inputs, problems = verbs.check(service, olds, news)
            problems += check_marks(news, verbs.kinds, marks)
            problems = [_in_file(self.spell(problem), request.task_file) for problem in problems]
            self._warn(problems)
            failures = [_in_short(without_secrets(str(problem))) for problem in errors(problems)]
            return encrypted(inputs, verbs.kinds, whole_lists=False), failures

    def diff(self, verbs: Verbs, request: Request, id_: str, olds: Values, news: Values) -> Difference:
        """Compare old outputs with new inputs."""
        with self._serving(request, olds, news):
            return verbs.diff(self.service, id_, olds, _without_ignored(request, verbs, olds, news))

    def create(self, verbs: Verbs, request: Request, inputs: Values, keep: Keep) -> tuple[str, Values]:
        """Create a resource and return its id and outputs."""

        def keep_unconfirmed(error: AcrTasksError) -> None:
            self._keep_unconfirmed(error, verbs.kinds, keep)

        with self._serving(request, inputs, failed=keep_unconfirmed), custom_timeout(request.timeout, "create"):
            id_, outs = verbs.create(self.service, inputs)
            return id_, encrypted(outs, verbs.kinds, whole_lists=True)

    def read(self, verbs: Verbs, request: Request, id_: str, props: Values) -> tuple[str | None, Values, Values | None]:
        """Return a resource's id, outputs and, where they differ from the state's, inputs; no id when it is gone."""
        # The reads of a refresh fail together.
        with self._serving(request, props), self.service.reading():
            found, outs, inputs = verbs.read(self.service, id_, props)
            return (
                found,
                encrypted(outs, verbs.kinds, whole_lists=True),
                None if inputs is None else encrypted(inputs, verbs.kinds, whole_lists=False),
            )

    def import_(self, verbs: Verbs, request: Request, id_: str) -> tuple[str, Values, Values]:
        """Return the id, the outputs and the inputs of a resource of which only the id is known."""
        with self._serving(request), self.service.reading():
            self._refuse_wrong_settings()
            found, outs, inputs = verbs.import_(self.service, id_)
            return (
                found,
                encrypted(outs, verbs.kinds, whole_lists=True),
                encrypted(inputs, verbs.kinds, whole_lists=False),
            )

    def update(self, verbs: Verbs, request: Request, id_: str, olds: Values, news: Values) -> Values:
        """Update a resource and return its outputs."""
        with self._serving(request, olds, news), custom_timeout(request.timeout, "update"):
            outs = verbs.update(self.service, id_, olds, _without_ignored(request, verbs, olds, news))
            return encrypted(outs, verbs.kinds, whole_lists=True)

    def delete(self, verbs: Verbs, request: Request, id_: str, props: Values) -> None:
        """Delete a resource."""
        with self._serving(request, props), custom_timeout(request.timeout, "delete"):
            verbs.delete(self.service, id_, props)

    @contextlib.contextmanager
    def _serving(
        self, request: Request, *values: Values, failed: Callable[[AcrTasksError], None] | None = None
    ) -> Iterator[None]:
        """Make `request` the current one; shorten errors, free them of the secrets in `values`, call `failed`."""
        with engine.serving(request):
            try:
                yield
            except AcrTasksError as error:
                redact(error, *values)
                short = shortened(error, request.urn)
                if failed is not None:
                    failed(short)
                if short is error:
                    raise
                raise short from None

    def _refuse_wrong_settings(self) -> None:
        """Raise the errors that are known before the first request.

        SettingsError: the configuration has wrong keys, or the credential lacks a setting. EmulatorError: the embedded
        emulator is not installed.
        """
        if self.problems:
            raise SettingsError("\n".join(self.problems))
        if self.settings.is_embedded and not embedded.is_installed():
            raise EmulatorError(embedded.MISSING)
        if missing := missing_settings(self.settings):
            raise SettingsError(missing)

    def _warn(self, problems: Sequence[Problem]) -> None:
        """Show the warnings, each once."""
        shown = self.service.notes.warnings
        for problem in problems:
            if problem.warning and str(problem) not in shown:
                shown.add(str(problem))
                engine.console().warning(str(problem))

    def _keep_unconfirmed(self, error: AcrTasksError, kinds: Mapping[str, Kind], keep: Keep) -> None:
        """Make the engine keep a resource that an error says may have been made, and say how to delete it."""
        if error.unconfirmed is None:
            return
        id_, made = error.unconfirmed
        kept = "the state keeps it: the next pulumi up looks for it, and pulumi destroy deletes it"
        if keep(id_, encrypted(made, kinds, whole_lists=True), f"{error}\n{kept}"):
            self.service.journal().returned()
            error.add(kept)
        else:
            error.add("the next pulumi up on this machine looks for it; otherwise delete it: az acr task delete")


def _in_short(text: str) -> str:
    """Return a sentence with the beginning of each endless value in it."""
    return _ENDLESS.sub(lambda value: f"{value[0][:100]}…", text)


def encrypted(props: dict[str, Any], inputs: Mapping[str, Kind], *, whole_lists: bool) -> dict[str, Any]:
    """Return properties in which every secret is marked, in the form that the engine reads.

    `inputs` gives the kinds of the resource's arguments. Checked inputs are marked leaf by leaf, so that a diff shows
    what is beside a secret. Outputs are marked with `whole_lists`, because the engine itself marks a list of outputs as
    a whole where the inputs have a secret in it. What is not known yet is not marked.
    """

    def mark(item: Any) -> Any:
        return item if isinstance(item, Unknown) else marked_secret(item)

    return {
        name: map_secrets(value, inputs.get(name, Kind("any")), mark, whole_lists=whole_lists)
        for name, value in props.items()
    }


def _in_file(problem: Problem, task_file: str) -> Problem:
    """Return a problem of an encoded task with the file that the task was read from: `acb.yaml:5:3: …`."""
    position = _POSITION.match(problem.message)
    if not task_file or position is None or not camel_case(problem.path).endswith(".encodedTaskContent"):
        return problem
    file = f"{task_file}:{position[1]}:{position[2]}"
    return replace(problem, message=f"{file}: {problem.message[position.end() :]}")


def _without_ignored(request: Request, verbs: Verbs, olds: Values, news: Values) -> Values:
    return without_ignored(news, olds, request.ignore_changes, verbs.kinds) if request.ignore_changes else news


def replaced_by_options(paths: list[str], old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the paths of `replace_on_changes` at which the engine will see a difference, and replace the resource.

    `old` and `new` are a resource's inputs, as far as they may differ.
    """
    segments = {path: parse(path) for path in paths}
    if ["*"] in segments.values():
        segments = {name: [name] for name in sorted({*old, *new})}
    return [path for path, way in segments.items() if way and value_at(old, way) != value_at(new, way)]


@contextlib.contextmanager
def custom_timeout(seconds: float, verb: str) -> Iterator[None]:
    """Enforce a resource's custom timeout on the block: the engine sends it with the request, but does not enforce it.

    `seconds` is 0 without a timeout. Raises DeadlineError when the time is over.
    """
    if not seconds:
        yield
        return
    with deadline(seconds) as limit:
        try:
            yield
        except (TransportError, ThrottledError, UnavailableError) as error:
            if not limit.reached:
                raise
            raise DeadlineError(
                f"{verb} did not end within {seconds:g} s (the resource's custom timeout)\n{error}",
                arrived=getattr(error, "arrived", True),
            ) from error
