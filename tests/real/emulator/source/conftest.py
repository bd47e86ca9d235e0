"""Fixtures of tests that fetch from git repositories."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.source.fetch import SourceFetcher
from acr_tasks_emulator.process.supervisor import Supervisor

from .repositories import Fetch, Quiet, served


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a folder of repositories and the address where it is served."""
    folder = tmp_path / "origin"
    folder.mkdir()
    with served(ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))) as port:
        yield folder, f"http://127.0.0.1:{port}"


@pytest.fixture
def fetch(tmp_path: Path) -> Iterator[Fetch]:
    """Return a function that fetches a source into a run's folder, as a run does."""
    supervisor = Supervisor()
    remotes = SourceFetcher(supervisor, OciRegistry(tmp_path, supervisor))

    class NullSink:
        def write(self, data: bytes) -> None: ...

        def complete(self, value: str) -> None: ...

    def fetched(location: str, stop: Cancellation | None = None, **step: Any) -> Path:
        run = tmp_path / f"run{len(list(tmp_path.glob('run*')))}"
        (run / "scratch").mkdir(parents=True)
        (run / "auth.json").write_text("a registry's password")
        job = Job("cf1", "emulator", "127.0.0.1:5555", {"type": "FileTask", **step})
        remotes.fetch(location, run / "source", RunContext(job, RunLog(NullSink()), stop or Cancellation(), run))
        return run / "source"

    yield fetched
    supervisor.close()
