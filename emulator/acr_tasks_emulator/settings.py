"""The options of `serve`: their names, defaults, help, and what each may be."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.switches import Switches

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

REGISTRY_NAME_FORM = re.compile(r"[a-zA-Z0-9]{5,50}")
_LOCATION = re.compile(r"[a-zA-Z0-9 ]{1,64}")


@dataclass(frozen=True)
class RegistrySetting:
    """One registry to serve: its name (5 to 50 letters and digits) and Azure location, such as `westeurope`."""

    name: str
    location: str = LOCATION

    @classmethod
    def parse(cls, text: str) -> RegistrySetting:
        """Read `NAME` or `NAME:LOCATION`. Raises SettingsError."""
        name, _, location = text.partition(":")
        if not REGISTRY_NAME_FORM.fullmatch(name):
            raise SettingsError(f"Registry name {name!r} is not allowed: 5 to 50 letters and digits are.")
        location = normal_location(location or LOCATION)
        if not _LOCATION.fullmatch(location):
            raise SettingsError(f"Location {location!r} of registry {name} is not allowed: write it like westeurope.")
        return cls(name, location)


def _option(default: Any, text: str, *, metavar: str | None = None, variable: str | None = None) -> Any:
    """Declare an option of `serve`. text: its help. variable: an environment variable that can set it too."""
    return Field(default, description=text, json_schema_extra={"metavar": metavar, "variable": variable})


class Settings(BaseModel):
    """The options of `serve`, each declared here only: the command line and the library are made from these fields.

    `data` is an existing folder. Without `registries` the emulator serves those of the
    folder, or else the default one. `host` is
    an IPv6 address without brackets. Raises SettingsError when it is made of values that are not allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data: Path
    host: str = _option("127.0.0.1", "Address to listen on; another than loopback demands --token.")
    port: int = _option(0, "Port; 0 takes the folder's former one, or any that is free.")
    registries: tuple[RegistrySetting, ...] = _option(
        (), f"Registry to serve (default {REGISTRY_NAME}:{LOCATION}).", metavar="NAME[:LOCATION]"
    )
    executor: str = _option("auto", "auto, buildah, docker or simulated.")
    agents: int = _option(2, "Number of runs at once.")
    token: str | None = _option(None, "Bearer token that callers must show.", variable="ACR_TASKS_EMULATOR_TOKEN")
    idle_exit: float | None = _option(None, "End after this time without a request or a run.", metavar="SECONDS")
    mode: str = _option("sync", "sync as observed, or lro as the specification reads.")
    throttle: str = _option("off", "off, or arm: 429 as Resource Manager answers.")
    latency: float = _option(0, "Milliseconds that each answer of Resource Manager takes longer.", metavar="MS")
    switches: Switches = _option(Switches(), "Answer to an open question about the service.", metavar="SWITCH=VALUE")
    tls: bool = _option(False, "Serve https with a certificate that the emulator makes.")
    cert: Path | None = _option(None, "Serve https with this certificate (PEM, with its chain).", metavar="FILE")
    key: Path | None = _option(None, "Key of --cert (PEM, no password).", metavar="FILE")
    webhook_secret: str | None = _option(
        None, "Secret that git hosts sign with.", variable="ACR_TASKS_EMULATOR_WEBHOOK_SECRET"
    )

    def __init__(self, **members: Any) -> None:
        try:
            super().__init__(**members)
        except ValidationError as error:
            found = error.errors()[0]
            raise SettingsError(f"Option {found['loc'][0]} is not possible: {found['msg']}.") from None

    @field_validator("host")
    @classmethod
    def _without_brackets(cls, host: str) -> str:
        return host.removeprefix("[").removesuffix("]")

    @field_validator("registries", mode="before")
    @classmethod
    def _parsed_registries(cls, given: Iterable[str | RegistrySetting] | None) -> tuple[RegistrySetting, ...]:
        return tuple(RegistrySetting.parse(each) if isinstance(each, str) else each for each in given or ())

    @field_validator("switches", mode="before")
    @classmethod
    def _parsed_switches(cls, given: Switches | Mapping[str, Any] | Iterable[str] | None) -> Switches:
        if isinstance(given, Switches):
            return given
        return Switches.read(given) if isinstance(given, Mapping) else Switches.parse(given or ())

    @model_validator(mode="after")
    def _checked(self) -> Settings:
        for is_wrong, sentence in _problems(self):
            if is_wrong:
                raise SettingsError(sentence)
        return self

    def arguments(self) -> list[str]:
        """Return the options as arguments of `serve`, without those that come from environment variables."""
        found: list[str] = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.default or variable_of(name):
                continue
            if name == "registries":
                found += [f"--registry={each.name}:{each.location}" for each in value]
            elif name == "switches":
                answers = value.model_dump(by_alias=True, exclude_defaults=True)
                found += [f"--set={switch}={answer}" for switch, answer in answers.items()]
            else:
                found.append(option_of(name) if value is True else f"{option_of(name)}={value}")
        return found

    def __repr__(self) -> str:
        shown = "None" if self.token is None else "***"
        return f"Settings(data={str(self.data)!r}, host={self.host!r}, port={self.port}, token={shown})"

    __str__ = __repr__


def option_of(name: str) -> str:
    """Return a field's name on the command line, such as `--idle-exit`."""
    return {"registries": "--registry", "switches": "--set"}.get(name) or f"--{name.replace('_', '-')}"


def variable_of(name: str) -> str | None:
    """Return the environment variable that can set a field; None for most fields."""
    return _declared(name, "variable")


def metavar_of(name: str) -> str | None:
    """Return the placeholder for the value of a field in the help."""
    return _declared(name, "metavar")


def _declared(name: str, part: str) -> str | None:
    extra = Settings.model_fields[name].json_schema_extra
    found = extra.get(part) if isinstance(extra, dict) else None
    return str(found) if found else None


def _problems(settings: Settings) -> Iterator[tuple[bool, str]]:
    """Yield each rule for settings: whether it is broken, and the error message."""
    host, latency = settings.host, settings.latency
    own = settings.cert is not None
    for what, given, allowed in (
        ("Executor", settings.executor, EXECUTORS),
        ("Mode", settings.mode, MODES),
        ("Throttle", settings.throttle, THROTTLES),
    ):
        yield given not in allowed, f"{what} {given!r} is not known: choose one of {', '.join(allowed)}."
    yield not 1 <= settings.agents <= 64, f"{settings.agents} agents are not possible: choose 1 to 64."
    yield (
        not 0 <= settings.port <= 65535,
        f"Port {settings.port} is not possible: choose 1 to 65535, or 0 for any.",
    )
    yield (
        settings.token is None and not is_loopback(host),
        f"Host {host} can be reached from other machines: give --token as well, or use 127.0.0.1.",
    )
    yield settings.token == "", "An empty token protects nothing: give --token a value."
    yield settings.webhook_secret == "", "An empty webhook secret protects nothing: give --webhook-secret a value."
    yield own != (settings.key is not None), "--cert and --key belong together: give both, or neither."
    yield (
        settings.tls and own,
        "--tls makes a certificate: give either --tls, or --cert and --key for one that you have.",
    )
    idle = settings.idle_exit
    yield idle is not None and not idle > 0, "--idle-exit must be a number of seconds above 0."
    yield (
        not 0 <= latency <= MAXIMUM_LATENCY,
        f"A latency of {latency} is not possible: choose 0 to {MAXIMUM_LATENCY} milliseconds.",
    )
    names = [registry.name.lower() for registry in settings.registries]
    for name in names:
        yield names.count(name) > 1, f"Registry {name} is given twice."


def normal_location(location: str) -> str:
    """Return a location as Resource Manager spells it: lower case, without spaces."""
    return location.replace(" ", "").lower()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server bound to that host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
