"""The provider that the dynamic server calls: the SDK's values and results around the engine's calls."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
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
from pulumi_acr_tasks.schema.definitions import Kind, writable
from pulumi_acr_tasks.schema.secrets import map_secrets
from pulumi_acr_tasks.schema.values import UNKNOWN, Unknown, from_engine
from pulumi_acr_tasks.settings.keys import NAMESPACE, check_configuration

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service


class DynamicProvider(ResourceProvider):
    """The base class of TaskProvider and RunProvider. The arguments of its methods are the SDK's."""

    # The pickled provider is a reference to its class, and holds no secret.
    serialize_as_secret_always = False

    @functools.cached_property
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
        inputs, failures = self._calls.check(self.verbs, request, from_sdk(_olds), from_sdk(news))
        return CheckResult(to_sdk(inputs), [CheckFailure("", reason) for reason in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        olds, news = from_sdk(_olds), from_sdk(_news)
        found = self._calls.diff(self.verbs, host.find_request(), _id, olds, news)
        changes = found.changes
        if changes is False and _may_be_secret_since(_olds, _news, self.verbs.kinds):
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

        return CreateResult(*self._calls.create(self.verbs, host.find_request(), from_sdk(props), keep))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(*self._calls.read(self.verbs, host.find_request(), id_, from_sdk(props)))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        request = host.find_request()
        return UpdateResult(self._calls.update(self.verbs, request, _id, from_sdk(_olds), from_sdk(_news)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._calls.delete(self.verbs, host.find_request(), _id, from_sdk(_props))


def from_sdk(props: dict[str, Any]) -> dict[str, Any]:
    """Return the SDK's properties for modules without Pulumi: whole numbers, UNKNOWN for Pulumi's Unknown.

    Properties that begin with `__` are the SDK's own and ours; within one, such a key is the user's (a tag `__owner`).
    """
    known = {key: value for key, value in props.items() if not key.startswith("__")}
    plain: dict[str, Any] = _exchange(from_engine(known), pulumi.output.Unknown, UNKNOWN)
    return plain


def to_sdk(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs as the SDK takes them; the inverse of `from_sdk`."""
    plain: dict[str, Any] = _exchange(inputs, Unknown, pulumi.UNKNOWN)
    return plain


def _may_be_secret_since(olds: dict[str, Any], news: dict[str, Any], inputs: Mapping[str, Kind]) -> bool:
    """Return whether the engine should compare the inputs itself, for values that the program has made secret since.

    The engine tells no provider which values are secret. It may compare only when nothing else differs. A list with a
    value that is secret by its nature is marked as a whole after a refresh, and item by item after an update: the
    engine would call that a change. States of earlier releases show the secrets of addresses.
    """
    names = {*inputs, "endpoint", "contextHash", "contextContents", "__provider"}
    old, new = (
        {name: writable(props[name], inputs.get(name, Kind("any"))) for name in names if name in props}
        for props in (olds, news)
    )
    hidden, addresses = list[Any](), list[str]()
    for name, of in inputs.items():
        map_secrets(new.get(name), of, hidden.append, addresses.append, whole_lists=True)
    return old == new and (bool(addresses) or not any(isinstance(each, list) for each in hidden))


def _exchange(value: Any, kind: type, stand_in: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exchange(item, kind, stand_in) for key, item in value.items()}
    if isinstance(value, list):
        return [_exchange(item, kind, stand_in) for item in value]
    return stand_in if isinstance(value, kind) else value
