"""A stack with one resource, and the engine's part of each command: which calls, in which order, and the state."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from tests.real.twins.provider import TIMEOUT, Diff, Host, Messages, Provider, Resource, process
from tests.real.twins.service import Service
from tests.real.twins.values import Values, plain, reset


@dataclass(frozen=True)
class Goal:
    """A resource as a program declares it: its inputs, the paths of `ignoreChanges`, and its custom timeout."""

    inputs: Values
    ignored: tuple[tuple[str | int, ...], ...] = ()
    timeout: float = 0.0


@dataclass
class World:
    """The parts that all lives share: service, the engine's address and messages, the forking process, a folder."""

    service: Service
    address: str
    messages: Messages
    forks: Path
    folder: Path


@dataclass
class Stack:
    """A stack with one resource on a host. `commands` has a record of each command, to compare with the other host."""

    world: World
    host: Host
    home: Path
    kind: str
    name: str
    resource: Resource | None = None
    commands: list[Any] = field(default_factory=list)

    def preview(self, goal: Goal) -> Any:
        """Preview an update; return the diff, None where there is none."""
        with self.command("preview") as provider:
            return _Update(self, provider, goal, preview=True).run()

    def up(self, goal: Goal) -> Any:
        """Update the stack; return the diff, None where there is none."""
        with self.command("up") as provider:
            return _Update(self, provider, goal, preview=False).run()

    def refresh(self) -> None:
        with self.command("refresh") as provider:
            if self.resource is not None:
                self.resource = provider.read(self.resource)

    def destroy(self) -> None:
        with self.command("destroy") as provider:
            if self.resource is not None and provider.delete(self.resource):
                self.resource = None

    @property
    def urn(self) -> str:
        return f"urn:pulumi:dev::shop::{self.host.type.format(self.kind)}::{self.name}"

    @contextlib.contextmanager
    def command(self, name: str) -> Iterator[Provider]:
        """Serve one command by a provider process of its own, and record it."""
        service, messages = self.world.service, self.world.messages
        service.requests.clear()
        messages.lines.clear()
        with process(self.host, self.home, self.world.address, self.world.forks) as stub:
            provider = Provider(stub, self.host, self.urn, _configuration(service))
            yield provider
            stub.Cancel(empty_pb2.Empty(), timeout=TIMEOUT)  # as at the end of each command
        self.commands.append(
            {
                "command": name,
                "calls": provider.calls,
                "requests": list(service.requests),
                "messages": list(messages.lines),
                "state": self.resource,
                "previewed": provider.previewed,
            }
        )


@dataclass
class _Update:
    """A preview or an update of a stack: the check, the diff, and the calls that follow."""

    stack: Stack
    provider: Provider
    goal: Goal
    preview: bool

    def run(self) -> Diff | None:
        """Return the diff, None without one."""
        old = self.stack.resource
        news = {**self.goal.inputs, **self.stack.host.internal[self.stack.kind]}
        for path in self.goal.ignored if old is not None else ():
            assert old is not None
            news = reset(news, old.inputs, list(path))
        inputs = self.provider.check(old.inputs if old else {}, news)
        if inputs is None:
            return None
        if old is None:
            self._keep(self._create(inputs))
            return None
        ignored = [".".join(str(part) for part in path) for path in self.goal.ignored]
        found = self.provider.diff(old, inputs, ignored)
        if found is None:
            return None
        both = {**old.outputs, **inputs}
        differing = {name for name in both if plain(old.outputs.get(name)) != plain(inputs.get(name))}
        assert {re.split(r"[.\[]", path)[0] for path in found.paths} <= differing, (found, differing)
        if found.replaces:
            self._replace(old, news, found)
        elif found.some or old.unsettled:
            self._keep(self._updated(old, inputs, ignored))
        elif not self.preview:
            self._keep(replace(old, inputs=inputs))
        return found

    def _replace(self, old: Resource, news: Values, found: Diff) -> None:
        inputs = self.provider.check({}, news)
        if inputs is None:
            return
        if self.preview:
            self._keep(self._create(inputs))
        elif not found.delete_first:
            made = self._create(inputs)
            self._keep(made or old)
            if made is not None:
                self.provider.delete(old, self.goal.timeout)
        elif self.provider.delete(old, self.goal.timeout):
            self._keep(self._create(inputs))

    def _create(self, inputs: Values) -> Resource | None:
        if self.preview and not self.stack.host.secrets:
            return None  # the engine does not call this host
        return self.provider.create(inputs, self.goal.timeout, preview=self.preview)

    def _updated(self, old: Resource, inputs: Values, ignored: Sequence[str]) -> Any:
        if self.preview and not self.stack.host.secrets:
            return None
        return self.provider.update(old, inputs, ignored, self.goal.timeout, preview=self.preview)

    def _keep(self, resource: Resource | None) -> None:
        if not self.preview:
            self.stack.resource = resource
        elif resource is not None:
            self.provider.previewed = resource.outputs


def _configuration(service: Service) -> Values:
    """Return the provider's configuration for the service's registry."""
    part = service.registry_id.split("/")
    return {
        "endpoint": service.endpoint,
        "subscriptionId": part[2],
        "resourceGroupName": part[4],
        "registryName": part[8],
    }
