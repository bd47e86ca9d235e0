"""The decorator of every call of the engine: with it a provider's verb is one line that calls the verb's file.

`engine_call` decorates each verb of `TaskProvider` and `RunProvider`. It finds the request that is served, turns the
engine's values into plain ones and the answer back, enforces the custom timeout, shortens errors, and removes secrets
from them.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_acr_tasks import embedded, engine, host
from pulumi_acr_tasks.arm.http.deadlines import deadline
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    DeadlineError,
    EmulatorError,
    SettingsError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.inputs import encrypted, from_plan, may_be_secret_since, to_plan
from pulumi_acr_tasks.outputs import ORGANIZATION, REPLACE_ON_CHANGES
from pulumi_acr_tasks.redaction import redact
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.secrets import without_secrets
from pulumi_acr_tasks.schema.spelling import parse, spelled, value_at, without_ignored
from pulumi_acr_tasks.settings.credentials import missing_settings
from pulumi_acr_tasks.settings.keys import NAMESPACE, check_configuration
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.shortened_errors import shortened
from pulumi_acr_tasks.validate.problem import Problem, errors

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service

V = TypeVar("V", bound=Callable[..., Any])


class EngineProvider(ResourceProvider):
    """The base class of TaskProvider and RunProvider."""

    # The pickled provider is a reference to its class, and holds no secret.
    serialize_as_secret_always = False
    kinds: Mapping[str, Kind] = {}
    """The kinds of the resource's arguments."""

    _problems: Sequence[str] = ()

    def configure(self, req: ConfigureRequest) -> None:
        host.attach()
        try:
            self._settings, self._problems = _configured(req)
        except SettingsError as error:
            raise shortened(error, host.find_request().urn) from None

    @property
    def service(self) -> Service:
        """The service at the endpoint of the provider's settings."""
        # A program that only declares resources never needs the service, nor the libraries behind it.
        from pulumi_acr_tasks.service import service_for

        return service_for(self._settings)


def engine_call(verb: V) -> V:
    """Serve one call of the engine: `verb` gets plain values and returns an SDK's result with plain values.

    Its arguments are the SDK's, in the SDK's order. Properties that the engine adds for itself are left out.
    """
    name = verb.__name__

    @functools.wraps(verb)
    def served(self: EngineProvider, *args: Any) -> Any:
        with engine.serving(host.find_request()):
            values: list[Any] = []
            try:
                if name == "check":
                    _begin_check(self, args[-1])
                values = _values_in(self, name, args)
                with _limits(self, name):
                    return _values_out(self, verb(self, *values), args)
            except AcrTasksError as error:
                redact(error, *(value for value in values if isinstance(value, dict)))
                short = shortened(error, engine.current_request().urn)
                if name == "create" and short.unconfirmed is not None:
                    _keep_unconfirmed(self, short, args[0]["__provider"])
                if short is error:
                    raise
                raise short from None

    return cast(V, served)


def _values_in(provider: EngineProvider, name: str, args: tuple[Any, ...]) -> list[Any]:
    """Return a verb's arguments as plain values, with names as in state and without ignored changes."""
    values = [to_plan(value) if isinstance(value, dict) else value for value in args]
    if name == "check":
        # A transform may have set inputs in Python's spelling.
        values[-1] = spelled(values[-1], provider.kinds)
    elif name in ("update", "diff"):
        _, olds, news = values
        values[-1] = without_ignored(news, olds, engine.current_request().ignore_changes, provider.kinds)
    return values


def _values_out(provider: EngineProvider, result: Any, args: tuple[Any, ...]) -> Any:
    """Return a verb's result as the engine takes it, every secret marked."""
    if isinstance(result, CreateResult | ReadResult | UpdateResult):
        result.outs = encrypted(result.outs or {}, provider.kinds, whole_lists=True)
    if isinstance(result, ReadResult) and result.inputs is not None:
        result.inputs = encrypted(result.inputs, provider.kinds, whole_lists=True)
    if isinstance(result, CheckResult):
        result.inputs = from_plan(encrypted(result.inputs, provider.kinds, whole_lists=False))
        result.failures = _report(provider.service, cast("list[Problem]", result.failures))
    if isinstance(result, DiffResult) and result.changes is False:
        _, olds, news = args
        # None: the engine then compares the inputs itself.
        result.changes = None if may_be_secret_since(olds, news, provider.kinds) else False
    return result


def _configured(req: ConfigureRequest) -> tuple[Settings, list[str]]:
    """Return the settings of a provider, and what is wrong with the keys of its configuration.

    Refresh and destroy go on with wrong keys, because they use the configuration in state, which nobody can correct.
    Preview and up call `check`, which refuses them. Raises SettingsError that names every wrong value.
    """
    configuration = host.configuration(req)
    problems = check_configuration(configuration, engine.project()) if configuration is not None else []
    try:
        return Settings.load(lambda key: req.config.get(f"{NAMESPACE}:{key}"), os.environ), problems
    except SettingsError as error:
        raise SettingsError("\n".join([*problems, str(error)])) from None


def _begin_check(provider: EngineProvider, news: dict[str, Any]) -> None:
    """Raise the errors that are known before the first request, and note the options that only `check` is given.

    SettingsError: the configuration has wrong keys, or the credential lacks a setting. EmulatorError: the embedded
    emulator is not installed.
    """
    settings, service = provider._settings, provider.service
    if provider._problems:
        raise SettingsError("\n".join(provider._problems))
    if settings.is_embedded and not embedded.is_installed():
        raise EmulatorError(embedded.MISSING)
    if missing := missing_settings(settings):
        raise SettingsError(missing)
    service.organization = news.get(ORGANIZATION) or service.organization
    paths = news.get(REPLACE_ON_CHANGES)
    service.notes.replace_on_changes = [path for path in paths or () if isinstance(path, str)]


def _report(service: Service, problems: list[Problem]) -> list[CheckFailure]:
    """Return the failures that stop the resource, and show the warnings, each once.

    No failure names a property: the engine would print its value, secret or not.
    """
    for problem in problems:
        if problem.warning and str(problem) not in service.notes.warnings:
            service.notes.warnings.add(str(problem))
            engine.console().warning(str(problem))
    return [CheckFailure("", without_secrets(str(problem))) for problem in errors(problems)]


def replaced_by_options(paths: list[str], old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the paths of `replace_on_changes` at which the engine will see a difference, and replace the resource.

    `old` and `new` are a resource's inputs, as far as they may differ.
    """
    segments = {path: parse(path) for path in paths}
    if ["*"] in segments.values():
        segments = {name: [name] for name in sorted({*old, *new})}
    return [path for path, way in segments.items() if way and value_at(old, way) != value_at(new, way)]


def _keep_unconfirmed(provider: EngineProvider, error: AcrTasksError, reference: Any) -> None:
    """Make the engine keep a resource that may have been made, and say how to delete it.

    `reference` is the engine's property that names the provider.
    """
    id_, made = error.unconfirmed or ("", {})
    outs = {**encrypted(made, provider.kinds, whole_lists=True), "__provider": reference}
    kept = "the state keeps it: the next pulumi up looks for it, and pulumi destroy deletes it"
    if host.keep_partly_made(id_, outs, f"{error}\n{kept}"):
        provider.service.journal().returned(engine.current_request().urn)
        error.add(kept)
    else:
        error.add("the next pulumi up on this machine looks for it; otherwise delete it: az acr task delete")


@contextlib.contextmanager
def _limits(provider: EngineProvider, verb: str) -> Iterator[None]:
    """Apply a verb's limits: the reads of a refresh fail together, a write has the resource's custom timeout."""
    if verb == "read":
        with provider.service.reading():
            yield
    elif verb in ("create", "update", "delete"):
        with custom_timeout(engine.current_request().timeout, verb):
            yield
    else:
        yield


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
