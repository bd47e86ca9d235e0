"""Fixes of Pulumi's dynamic server, the process that hosts the provider.

The only package that touches the SDK's private parts. Every touch is guarded: where the SDK is not as expected, its
stock behaviour stays, and one warning says what is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pulumi_acr_tasks.engine import log, stack_console, watch
from pulumi_acr_tasks.host import request, server
from pulumi_acr_tasks.host.request import configuration, find_request, keep_partly_made

__all__ = ["attach", "configuration", "find_request", "keep_partly_made"]

# Each fix, and what is lost without it.
_FIXES: tuple[tuple[Callable[[], None], str], ...] = (
    (server.widen_pool, "more than four resources at a time"),
    (request.attach, "resource names in messages, and custom timeouts"),
    (server.listen_to_cancel, "^C: a run in flight goes on until it ends, and pulumi waits for it"),
    (watch.attach, "a watch on the engine: when it is killed, this process ends only with its runs"),
    (server.shorten_tracebacks, "short error messages: they are buried in a traceback"),
    (server.name_differences, "short differences: preview shows internal inputs too"),
    (log.attach, "live progress: messages go to the diagnostics of the stack"),
    (request.attach_configuration, "misspelt keys of the configuration: they are ignored"),
)

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
        lost = [what for install, what in _FIXES if not _installed(install)]
    if lost:
        stack_console().warning(
            f"pulumi-acr-tasks does not know this Pulumi SDK ({_sdk_version()}) and goes on without: {'; '.join(lost)}."
        )


def _installed(install: Callable[[], None]) -> bool:
    try:
        install()
    except Exception:
        # Deliberately any: a private part that moved may fail in any way, and stock behaviour is still right, only
        # slower and with longer messages.
        return False
    return True


def _sdk_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pulumi")
    except PackageNotFoundError:
        return "of unknown version"
