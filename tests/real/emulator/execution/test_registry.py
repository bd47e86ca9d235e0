"""The registry behind the login server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from acr_tasks_emulator.execution.registry.oci_registry import PROGRAM, OciRegistry, RegistryError
from acr_tasks_emulator.process.supervisor import Supervisor

needs_registry = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    found = Supervisor()
    yield found
    found.close()


@needs_registry
def test_the_registry_starts_on_first_use(tmp_path: Path, supervisor: Supervisor) -> None:
    """The registry runs from the first request on, and keeps one address."""
    registry = OciRegistry(tmp_path, supervisor)
    assert not (tmp_path / "registry").exists()
    address = registry.address()
    assert address is not None
    assert address.startswith("127.0.0.1:")
    assert registry.address() == address
    assert httpx.get(f"http://{address}/v2/", trust_env=False).status_code == 200
    registry.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{address}/v2/", trust_env=False)


@needs_registry
def test_an_ended_registry_is_restarted(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request restarts a registry that has ended."""
    started, start = [], supervisor.start
    monkeypatch.setattr(supervisor, "start", lambda *args, **more: started.append(start(*args, **more)) or started[-1])
    registry = OciRegistry(tmp_path, supervisor)
    registry.address()
    supervisor.end(started[0])
    assert httpx.get(f"http://{registry.address()}/v2/", trust_env=False).status_code == 200


def test_a_registry_that_does_not_start(tmp_path: Path, supervisor: Supervisor) -> None:
    """The error has the last lines of the program that ended."""
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho no disk\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(RegistryError, match="ended with status 3: no disk"):
        OciRegistry(tmp_path / "data", supervisor, str(program)).address()


def test_a_machine_without_the_program(tmp_path: Path, supervisor: Supervisor) -> None:
    """The address is None, and repositories are folders of the data folder."""
    registry = OciRegistry(tmp_path, supervisor, "no-such-registry")
    assert registry.address() is None
    assert registry.layout("team/app") == tmp_path / "oci" / "team" / "app"


@pytest.mark.parametrize("left", ["", '{"schemaVersion": 2, "mani', "[", '{"schemaVersion":2,"manifests":[]}'])
def test_a_layout_that_a_killed_push_left(tmp_path: Path, supervisor: Supervisor, left: str) -> None:
    """An incomplete index is removed, so that the next push writes it anew; a complete one stays."""
    registry = OciRegistry(tmp_path, supervisor, "no-such-registry")
    index = registry.layout("app") / "index.json"
    index.parent.mkdir(parents=True)
    index.write_text(left)
    registry.layout("app")
    assert index.exists() == left.endswith("}")
