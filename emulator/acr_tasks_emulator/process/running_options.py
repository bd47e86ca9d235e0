"""What a running emulator was asked to be, kept beside its ready line: `serve --detach` may ask for something else."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from acr_tasks_emulator.settings import Settings

Options = dict[str, Any]

_PROTECTION = ("--token", "--tls", "--cert", "--key")
"""These have to agree also where the command leaves them out: who does not give a token cannot use what wants one."""

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

    stated: the options that the command gives, as `--mode`; the others are taken as the emulator has them. How long it
    stays without work (`--idle-exit`) is its own affair.
    """
    wanted = _by_option(settings, str(running.get("salt")))
    different = [
        _told(name, running[name])
        for name, value in wanted.items()
        if name in running and (name in stated or name in _PROTECTION) and running[name] != value
    ]
    return [*different, *_places(settings, stated, running)]


def _places(settings: Settings, stated: frozenset[str], running: Options) -> Iterator[str]:
    """The options that are wishes: a port of 0, an executor of auto and fewer registries are met by any."""
    if "--port" in stated and settings.port not in (0, running.get("--port")):
        yield _told("--port", running.get("--port"))
    if "--executor" in stated and settings.executor not in ("auto", running.get("--executor")):
        yield _told("--executor", running.get("--executor"))
    served: Mapping[str, str | None] = running.get("--registry") or {}
    by_name = {name.lower(): location for name, location in served.items()}
    for registry in settings.registries if "--registry" in stated else ():
        if registry.name.lower() not in by_name or by_name[registry.name.lower()] not in (None, registry.location):
            yield _told(
                f"--registry {registry.name}:{registry.location}",
                ", ".join(f"{name}:{location}" if location else name for name, location in served.items()),
            )


def _by_option(settings: Settings, salt: str) -> Options:
    return {
        "--host": settings.host,
        "--agents": settings.agents,
        "--token": _digest(settings.token, salt),
        "--mode": settings.mode,
        "--throttle": settings.throttle,
        "--latency": f"{settings.latency:g}",
        "--set": repr(settings.switches),
        "--tls": settings.tls,
        "--cert": settings.cert and str(settings.cert),
        "--key": settings.key and str(settings.key),
        "--webhook-secret": _digest(settings.webhook_secret, salt),
    }


def _digest(secret: str | None, salt: str) -> str | None:
    return None if secret is None else hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


def _told(name: str, value: object) -> str:
    if name in _SECRET:
        return f"{name} (it has {'none' if value is None else 'another'})"
    if name == "--set":
        return f"{name} (it has other switches)"
    return f"{name} (it has {'none' if value is None or value is False else 'it' if value is True else value})"
