"""What every unit test keeps to: it starts no process and no server. Tests that do live in tests/real."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import NoReturn

import azure.identity  # noqa: F401 - its import asks a process for the machine's architecture, before any test runs
import croniter  # noqa: F401 - so does this one
import pytest


@pytest.fixture(autouse=True)
def no_process_and_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a test starts a process or listens on a port."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("a unit test starts no process and no server: move it to tests/real")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(socket.socket, "listen", refuse)


@pytest.fixture(autouse=True)
def no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables with which somebody has set up Azure, Pulumi, and a terminal without colors."""
    for name in [name for name in os.environ if name.startswith(("ARM_", "AZURE_", "NO_COLOR", "PULUMI_"))]:
        monkeypatch.delenv(name)
