"""An emulator of Azure Container Registry Tasks that really runs what it is asked to run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acr_tasks_emulator.errors import SettingsError

if TYPE_CHECKING:
    from acr_tasks_emulator.server import Emulator

__all__ = ["Emulator", "SettingsError", "serve"]


def __getattr__(name: str) -> Any:
    # Imported on demand: the pytest plugin imports the package in every environment that has it.
    if name != "Emulator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.server").Emulator


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

    data: the folder that keeps everything; None for one that is removed afterwards. The other options are those of the
    command line (`settings.py`). registries: `NAME` or `NAME:LOCATION` each. token: None for any caller. switches: by
    name, such as `{"create-status": "201"}`. tls: the official clients send tokens over https only. webhook_secret:
    None to take webhooks from any sender.

    Gives an Emulator: `endpoint`, `dashboard` (URLs), `login_server` (host:port), `ca_cert` (path of the CA's
    certificate or None), `registries` (ARM ids; `subscription_id`, `resource_group_name` and `registry_name` are parts
    of the first), `reset()`. Raises SettingsError, which is a sentence.
    """
    options = {name: value for name, value in locals().items() if name != "data"}
    from acr_tasks_emulator.server import serving

    return serving(data, **options)
