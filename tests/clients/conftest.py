"""Microsoft's `az` on an emulator over TLS, with a configuration folder of its own. It reaches no other host."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120
NO_PROXY = "http://127.0.0.1:9"  # the port `discard`, where no proxy listens


@dataclass(frozen=True)
class Answer:
    """The exit status and the output of one command."""

    status: int
    output: str
    notices: str  # progress, warnings and errors

    @property
    def json(self) -> Any:
        assert self.status == 0, self.notices[-3000:]
        return json.loads(self.output) if self.output.strip() else None


class Az:
    """A caller of `az` that takes the command line as people type it, and reads JSON."""

    def __init__(self, program: str, folder: Path, endpoint: str, ca_cert: str) -> None:
        self.folder = folder
        self.endpoint = endpoint
        self._program = program
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PYTHON"))}
        self.environ = {
            **kept,
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",  # which asks login.microsoftonline.com
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_NO_COLOR": "true",
            "AZURE_CORE_OUTPUT": "json",
            "REQUESTS_CA_BUNDLE": ca_cert,
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), NO_PROXY),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"),
        }

    def __call__(self, command: str, **environ: str) -> Answer:
        done = subprocess.run(
            [self._program, *shlex.split(command)],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


def choose_cloud(az: Az) -> None:
    """Make the emulator the cloud of az."""
    az(f"cloud register -n emulator --endpoint-resource-manager {az.endpoint}")
    registered = az("cloud show -n emulator").json
    assert registered["endpoints"]["activeDirectory"] == az.endpoint
    assert registered["endpoints"]["resourceManager"] == az.endpoint
    assert az("cloud set -n emulator").status == 0


@pytest.fixture(scope="session")
def program() -> str:
    """Return the path of `az`."""
    given = os.environ.get("ACR_TASKS_AZ")
    if not given:
        pytest.skip("there is no az here: `make clients` brings one")
    return given


@pytest.fixture(scope="session")
def az(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """Yield an `az` that has signed in."""
    import acr_tasks_emulator

    with acr_tasks_emulator.serve(executor="auto", tls=True) as emulator:
        assert emulator.ca_cert is not None
        az = Az(program, tmp_path_factory.mktemp("az"), emulator.endpoint, emulator.ca_cert)
        choose_cloud(az)
        tenant, application = "00000000-0000-0000-0000-00000000aaaa", "11111111-1111-1111-1111-111111111111"
        (account,) = az(f"login --service-principal -u {application} -p anything --tenant {tenant}").json
        assert (account["id"], account["tenantId"]) == (emulator.subscription_id, tenant)
        yield az
