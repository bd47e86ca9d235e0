"""The provider that the dynamic server calls: the SDK's values and results around the engine's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

from pulumi_acr_tasks import engine, host
from pulumi_acr_tasks.engine.shortened_errors import shortened
from pulumi_acr_tasks.engine_call import EngineCalls, Verbs
from pulumi_acr_tasks.errors import SettingsError
from pulumi_acr_tasks.host.server import Replaced
from pulumi_acr_tasks.program.declaration import with_program_values
from pulumi_acr_tasks.program.inputs import from_plan, may_be_secret_since, to_plan
from pulumi_acr_tasks.settings.keys import NAMESPACE, check_configuration

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service


class DynamicProvider(ResourceProvider):
    """The base class of TaskProvider and RunProvider. The arguments of its methods are the SDK's."""

    # The pickled provider is a reference to its class, and holds no secret.
    serialize_as_secret_always = False

    @property
    def verbs(self) -> Verbs:
        """The verbs of the resource, imported by the first call: a program that only declares resources needs none."""
        raise NotImplementedError

    def configure(self, req: ConfigureRequest) -> None:
        host.attach()
        configuration = host.configuration(req)
        problems = check_configuration(configuration, engine.project()) if configuration is not None else []
        try:
            self._calls = EngineCalls.configured(lambda key: req.config.get(f"{NAMESPACE}:{key}"), problems)
        except SettingsError as error:
            raise shortened(error, host.find_request().urn) from None

    @property
    def service(self) -> Service:
        """The service at the endpoint of the provider's settings."""
        return self._calls.service

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        request = with_program_values(host.find_request(), news)
        inputs, failures = self._calls.check(self.verbs, request, to_plan(_olds), to_plan(news))
        return CheckResult(from_plan(inputs), [CheckFailure("", reason) for reason in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        olds, news = to_plan(_olds), to_plan(_news)
        found = self._calls.diff(self.verbs, host.find_request(), _id, olds, news)
        changes = found.changes
        if changes is False and may_be_secret_since(_olds, _news, self.verbs.kinds):
            changes = None  # the engine then compares the inputs itself
        if changes is False and "__provider" not in _olds:
            changes = True  # the plugin made the state: an update adds the property that refresh and destroy need
        replaces = Replaced(found.replaces)
        # The hashes of a context's files, one by one, are for `check` alone.
        names = (*self.verbs.kinds, "endpoint", "contextHash")
        replaces.differing = tuple(name for name in names if olds.get(name) != news.get(name))
        return DiffResult(changes, replaces or None, delete_before_replace=found.delete_before_replace)

    def create(self, props: dict[str, Any]) -> CreateResult:
        def keep(id_: str, outs: dict[str, Any], reason: str) -> bool:
            # The engine's property that names the provider.
            return host.keep_partly_made(id_, {**outs, "__provider": props["__provider"]}, reason)

        return CreateResult(*self._calls.create(self.verbs, host.find_request(), to_plan(props), keep))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(*self._calls.read(self.verbs, host.find_request(), id_, to_plan(props)))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        request = host.find_request()
        return UpdateResult(self._calls.update(self.verbs, request, _id, to_plan(_olds), to_plan(_news)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._calls.delete(self.verbs, host.find_request(), _id, to_plan(_props))
