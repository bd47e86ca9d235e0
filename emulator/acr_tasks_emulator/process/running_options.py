"""The options of a running emulator, kept beside its ready line and compared with those of `serve --detach`."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from acr_tasks_emulator.settings import Settings, option_of

Options = dict[str, Any]

_PROTECTION = ("--token", "--tls", "--cert", "--key")
"""Options that must agree even when a command leaves them out: without the token, the emulator is of no use to it."""

_NOT_COMPARED = {"data", "port", "executor", "registries", "idle_exit"}
"""The first four are compared by what the emulator came to have; how long it stays idle is its own affair."""

_SECRET = ("--token", "--webhook-secret")


def recorded(settings: Settings, registries: list[str], port: int, executor: str) -> Options:
    """Return what an emulator is, by option; of secrets a digest with a salt.

    registries: the ARM ids of those that it serves; port and executor: those that it came to have.
    """
    salt = secrets.token_hex(16)
    wanted = {registry.name.lower(): registry.location for registry in settings.registries}
    served = [registry.rpartition("/")[2] for registry in registries]
    return {
        **_by_option(settings, salt),
        "salt": salt,
        "--port": port,
        "--executor": executor,
        "--registry": {name: wanted.get(name.lower()) for name in served},
    }


def differences(settings: Settings, stated: frozenset[str], running: Options) -> list[str]:
    """Return the options of a command that the running emulator does not have, each with what it has, unless secret.

    stated: the options that the command gives, as `--mode`; the others are taken as the emulator has them.
    """
    wanted = _by_option(settings, str(running.get("salt")))
    different = [
        _shown(name, running[name])
        for name, value in wanted.items()
        if name in running and (name in stated or name in _PROTECTION) and running[name] != value
    ]
    return [*different, *_wishes(settings, stated, running)]


def _wishes(settings: Settings, stated: frozenset[str], running: Options) -> Iterator[str]:
    """Compare what any emulator satisfies: a port of 0, the executor auto, and fewer registries."""
    if "--port" in stated and settings.port not in (0, running.get("--port")):
        yield _shown("--port", running.get("--port"))
    if "--executor" in stated and settings.executor not in ("auto", running.get("--executor")):
        yield _shown("--executor", running.get("--executor"))
    served: Mapping[str, str | None] = running.get("--registry") or {}
    by_name = {name.lower(): location for name, location in served.items()}
    for registry in settings.registries if "--registry" in stated else ():
        if registry.name.lower() not in by_name or by_name[registry.name.lower()] not in (None, registry.location):
            yield _shown(
                f"--registry {registry.name}:{registry.location}",
                ", ".join(f"{name}:{location}" if location else name for name, location in served.items()),
            )


def _by_option(settings: Settings, salt: str) -> Options:
    compared = (name for name in Settings.model_fields if name not in _NOT_COMPARED)
    return {option_of(name): _comparable(name, getattr(settings, name), salt) for name in compared}


def _comparable(name: str, value: Any, salt: str) -> Any:
    if option_of(name) in _SECRET:
        return _digest(value, salt)
    if isinstance(value, float):
        return f"{value:g}"
    return value if value is None or isinstance(value, str | int) else str(value)


def _digest(secret: str | None, salt: str) -> str | None:
    return None if secret is None else hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


def _shown(name: str, value: object) -> str:
    if name in _SECRET:
        return f"{name} (it has {'none' if value is None else 'another'})"
    if name == "--set":
        return f"{name} (it has other switches)"
    return f"{name} (it has {'none' if value is None or value is False else 'it' if value is True else value})"
