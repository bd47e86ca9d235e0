"""What the emulator is asked to be: read once, never changed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acr_tasks_emulator.switches import SwitchError, Switches

SUBSCRIPTION_ID = "00000000-0000-0000-0000-000000000000"
RESOURCE_GROUP_NAME = "rg"
REGISTRY_NAME = "emulator"
LOCATION = "westeurope"
EXECUTORS = ("auto", "buildah", "docker", "simulated")
MODES = ("sync", "lro")
THROTTLES = ("off", "arm")
MAXIMUM_LATENCY = 60_000
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
"""The hosts that mean every address of this machine."""

_REGISTRY_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_LOCATION = re.compile(r"[a-zA-Z0-9 ]{1,64}")


class SettingsError(Exception):
    """Says in one sentence what is wrong with an option and what is allowed."""


@dataclass(frozen=True)
class RegistrySetting:
    """One registry to serve: its name (5 to 50 letters and digits) and Azure location, such as `westeurope`."""

    name: str
    location: str = LOCATION

    @classmethod
    def parse(cls, text: str) -> RegistrySetting:
        """Read `NAME` or `NAME:LOCATION`. Raises SettingsError."""
        name, _, location = text.partition(":")
        if not _REGISTRY_NAME.fullmatch(name):
            raise SettingsError(f"Registry name {name!r} is not allowed: 5 to 50 letters and digits are.")
        location = normal_location(location or LOCATION)
        if not _LOCATION.fullmatch(location):
            raise SettingsError(f"Location {location!r} of registry {name} is not allowed: write it like westeurope.")
        return cls(name, location)


@dataclass(frozen=True)
class Settings:
    """Everything `serve` was told.

    `data` is an existing folder; `registries` may be empty, which means those that the folder has, or else the one
    default registry. `token` is the bearer token that callers must show, None for any. `idle_exit` is in seconds, None
    for never. `mode` is `sync` or `lro`, `throttle` is `off` or `arm`, `latency` in milliseconds, `switches` answer the
    open questions. `host` (an IPv6 address without brackets) and `port` are where the server listens; port 0 means the
    folder's own, or any free one. `tls` asks for https with a certificate that is made; `cert` and `key` are PEM files
    of one that the user has. `webhook_secret` is what git hosts have to know, None for nothing.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    registries: tuple[RegistrySetting, ...] = ()
    executor: str = "auto"
    agents: int = 2
    token: str | None = None
    idle_exit: float | None = None
    mode: str = "sync"
    throttle: str = "off"
    latency: float = 0
    switches: Switches = field(default_factory=Switches)
    tls: bool = False
    cert: Path | None = None
    key: Path | None = None
    webhook_secret: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", self.host.removeprefix("[").removesuffix("]"))
        if self.executor not in EXECUTORS:
            raise SettingsError(f"Executor {self.executor!r} is not known: {', '.join(EXECUTORS)} are.")
        if not 1 <= self.agents <= 64:
            raise SettingsError(f"{self.agents} agents are not possible: 1 to 64 are.")
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"Port {self.port} does not exist: 0 to 65535 do, and 0 means any free one.")
        if self.token is None and not is_loopback(self.host):
            raise SettingsError(
                f"Host {self.host} can be reached from other machines: give --token as well, or use 127.0.0.1."
            )
        if self.token == "":
            raise SettingsError("An empty token protects nothing: give --token a value.")
        if self.webhook_secret == "":
            raise SettingsError("An empty webhook secret protects nothing: give --webhook-secret a value.")
        if (self.cert is None) != (self.key is None):
            raise SettingsError("--cert and --key belong together: give both, or neither.")
        if self.tls and self.cert is not None:
            raise SettingsError(
                "--tls makes a certificate: give either --tls, or --cert and --key for one that you have."
            )
        if self.idle_exit is not None and not self.idle_exit > 0:
            raise SettingsError("--idle-exit must be a number of seconds above 0.")
        if self.mode not in MODES:
            raise SettingsError(f"Mode {self.mode!r} is not known: {', '.join(MODES)} are.")
        if self.throttle not in THROTTLES:
            raise SettingsError(f"Throttle {self.throttle!r} is not known: {', '.join(THROTTLES)} are.")
        if not 0 <= self.latency <= MAXIMUM_LATENCY:
            raise SettingsError(
                f"A latency of {self.latency} is not possible: 0 to {MAXIMUM_LATENCY} milliseconds are."
            )
        names = [registry.name.lower() for registry in self.registries]
        for name in names:
            if names.count(name) > 1:
                raise SettingsError(f"Registry {name} is given twice.")

    def __repr__(self) -> str:
        shown = "None" if self.token is None else "***"
        return f"Settings(data={str(self.data)!r}, host={self.host!r}, port={self.port}, token={shown})"


def read_switches(given: Mapping[str, Any]) -> Switches:
    """Return the switches with the given values, by kebab-case name. Raises SettingsError."""
    try:
        return Switches.read(given)
    except SwitchError as error:
        raise SettingsError(str(error)) from None


def parse_switches(texts: Iterable[str]) -> Switches:
    """Read switches of the form `SWITCH=VALUE`. Raises SettingsError."""
    given: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"Switch {text!r} has no value: write it like create-status=201.")
        if name in given:
            raise SettingsError(f"Switch {name} is given twice.")
        given[name] = value
    return read_switches(given)


def normal_location(location: str) -> str:
    """Spell a location as Resource Manager returns it: lower case, without spaces."""
    return location.replace(" ", "").lower()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server bound to that host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
