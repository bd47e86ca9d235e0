"""The process that hosts the provider: what Pulumi's dynamic server leaves out, filled in from inside.

The only package that touches the SDK's private parts. Every touch is guarded: where the SDK differs from what is
expected, its stock behaviour stays, and one warning says what is lost. `facts/pulumi.md` section 0 has what was seen
to work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pulumi_acr_tasks.host import cancel, config, engine, errors, log, pool, request
from pulumi_acr_tasks.host.cancel import canceled, on_cancel
from pulumi_acr_tasks.host.config import configuration, project
from pulumi_acr_tasks.host.log import Console, command, console
from pulumi_acr_tasks.host.partial import keep_partly_made
from pulumi_acr_tasks.host.request import Request, Urn, current_request

__all__ = [
    "Console",
    "Request",
    "Urn",
    "attach",
    "canceled",
    "command",
    "configuration",
    "console",
    "current_request",
    "keep_partly_made",
    "on_cancel",
    "project",
]

_lock = threading.Lock()
_attached = False


def attach() -> None:
    """Install every fix in this process, once; call it from the provider's `configure`.

    Never raises: a fix that does not fit the SDK is left out, and one warning names what is lost without it.
    """
    global _attached
    with _lock:
        if _attached:
            return
        _attached = True
        lost = [gap.LOST for gap in (pool, request, cancel, engine, errors, log, config) if not _installed(gap.attach)]
    if lost:
        console(None).warning(
            f"pulumi-acr-tasks does not know this Pulumi SDK ({_sdk_version()}) and goes on without: {'; '.join(lost)}."
        )


def _installed(install: Callable[[], None]) -> bool:
    try:
        install()
    except Exception:
        # Deliberately any: a private part that moved may fail in any way, and stock behaviour is still right, only
        # slower and ruder.
        return False
    return True


def _sdk_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pulumi")
    except PackageNotFoundError:
        return "of unknown version"
