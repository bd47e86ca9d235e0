"""States that an earlier release wrote, with the tasks and runs of which they speak.

`states/RELEASE` holds a program, the state that its `up` left (secrets in clear: all are canaries), and the emulator's
database of that moment. The endpoint stands in them as a placeholder.
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ..emulator import Emulator
from ..stack import Stack

STATES = Path(__file__).parent / "states"


def at_port(file: Path, port: int) -> str:
    """Return a file's text with the emulator's address in place."""
    host = f"127.0.0.1:{port}"
    return file.read_text().replace("{{endpoint}}", f"http://{host}").replace("{{host}}", host)


@pytest.mark.dynamic_only(reason="the states of earlier releases hold dynamic resources")
@pytest.mark.parametrize("release", sorted(folder.name for folder in STATES.iterdir()))
def test_a_state_of_an_earlier_release_comes_up_unchanged(
    release: str, tmp_path: Path, new_stack: Callable[..., Stack]
) -> None:
    """Neither up nor refresh changes anything; destroy leaves nothing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "emulator.sqlite")) as database:
        database.executescript(at_port(STATES / release / "emulator.sql", port))
    with Emulator.started(data, "--port", str(port), "--executor", "simulated") as emulator:
        stack = new_stack("states", example=STATES / release, **emulator.config)
        stack.write("state.json", at_port(STATES / release / "state.json", port))
        stack.pulumi("stack", "import", "--file", "state.json", "--stack", "dev").succeeded()
        emulator.forget_requests()
        stack.up().changed_nothing()
        stack.refresh().changed_nothing()
        assert emulator.writes() == []
        assert len(stack.resources()) == 7
        stack.destroy().succeeded()
        assert emulator.ask("GET", "/tasks").json()["value"] == []
