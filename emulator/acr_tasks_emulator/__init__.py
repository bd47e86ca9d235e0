"""An emulator of Azure Container Registry Tasks that really runs what it is asked to run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acr_tasks_emulator.server import Emulator
    from acr_tasks_emulator.settings import SettingsError

__all__ = ["Emulator", "SettingsError", "serve"]

_MODULES = {"Emulator": "server", "SettingsError": "settings"}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: whoever imports the package alone, as a test plugin does, pays nothing.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def serve(
    data: str | Path | None = None,
    executor: str = "simulated",
    agents: int = 2,
    registries: Sequence[str] = ("emulator",),
    port: int = 0,
    token: str | None = None,
    *,
    mode: str = "sync",
    throttle: str = "off",
    latency: float = 0,
    switches: Mapping[str, Any] | None = None,
    tls: bool = False,
    webhook_secret: str | None = None,
) -> AbstractContextManager[Emulator]:
    """Serve an emulator on 127.0.0.1 from a thread of this process until the block ends.

        with acr_tasks_emulator.serve(tls=True) as emulator:
            client = ContainerRegistryManagementClient(
                credential, emulator.subscription_id, base_url=emulator.endpoint, connection_verify=emulator.ca_cert
            )

    data: folder to keep, or None for one that is gone afterwards. executor: `auto`, `buildah`, `docker` or `simulated`.
    agents: how many runs at once, 1 to 64. registries: `NAME` or `NAME:LOCATION` each. port: 0 for any free one.
    token: the bearer token that callers must show, None for any. mode: `sync` as observed, or `lro`: long-running
    operations as the specification reads. throttle: `off`, or `arm` to answer 429 as Resource Manager does to who asks
    too often. latency: milliseconds that each of its answers takes longer. switches: answers to the open questions
    about the service, by name, such as `{"create-status": "201"}` (README, "Switches"). tls: https, by a certificate of
    a CA that the data folder keeps; the official clients send tokens over nothing else. webhook_secret: what GitHub
    signs its webhooks with, None to take them from anybody.

    Gives an Emulator: `endpoint`, `dashboard` (URLs), `login_server` (host:port), `ca_cert` (path of the CA's
    certificate or None), `registries` (ARM ids; `subscription_id`, `resource_group_name` and `registry_name` are parts
    of the first), `reset()`. Raises SettingsError, which is a sentence.
    """
    from acr_tasks_emulator.server import serving
    from acr_tasks_emulator.settings import read_switches

    return serving(
        data,
        executor,
        agents,
        registries,
        port,
        token,
        mode=mode,
        throttle=throttle,
        latency=latency,
        switches=read_switches(switches or {}),
        tls=tls,
        webhook_secret=webhook_secret,
    )
