"""States of an earlier release, with their tasks and runs.

`states/RELEASE` holds a program, the state that its `up` left (secrets in clear: all are canaries), and the emulator's
database of that moment. A placeholder stands for the endpoint.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ..emulator import Emulator
from ..stack import Stack

STATES = Path(__file__).parent / "states"

pytestmark = pytest.mark.one_host(reason="the states of earlier releases hold dynamic resources")


def at_port(file: Path, port: int) -> str:
    """Return a file's text with the emulator's address in place."""
    host = f"127.0.0.1:{port}"
    return file.read_text().replace("{{endpoint}}", f"http://{host}").replace("{{host}}", host)


@pytest.fixture(params=sorted(folder.name for folder in STATES.iterdir()))
def released(
    request: pytest.FixtureRequest, tmp_path: Path, new_stack: Callable[..., Stack]
) -> Iterator[tuple[Stack, Emulator]]:
    """Return the stack of a release, and the emulator that has its tasks and runs."""
    folder = STATES / str(request.param)
    port = 10_000 + os.getpid() % 9_000  # below the ports that Linux and emulators choose, which others could get
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "emulator.sqlite")) as database:
        database.executescript(at_port(folder / "emulator.sql", port))
    with Emulator.started(data, "--port", str(port), "--executor", "simulated") as emulator:
        stack = new_stack("states", example=folder, **emulator.config)
        stack.write("state.json", at_port(folder / "state.json", port))
        stack.pulumi("stack", "import", "--file", "state.json", "--stack", "dev").succeeded()
        emulator.forget_requests()
        yield stack, emulator
        stack.destroy().succeeded()
        assert emulator.ask("GET", "/tasks").json()["value"] == []


def test_a_state_of_an_earlier_release_comes_up_unchanged(released: tuple[Stack, Emulator]) -> None:
    """Neither up nor refresh changes anything; destroy leaves nothing."""
    stack, emulator = released
    stack.up().changed_nothing()
    stack.refresh().changed_nothing()
    assert emulator.writes() == []
    assert len(stack.resources()) == 7


def test_a_state_of_an_earlier_release_moves_to_the_plugin_and_back(released: tuple[Stack, Emulator]) -> None:
    """A changed import moves tasks and runs to the other host, without a request that writes and without a new run."""
    stack, emulator = released
    ids = {name: each["id"] for name, each in stack.resources().items()}
    dynamic, plugin = "from pulumi_acr_tasks import (", "from pulumi_acr_tasks.plugin import ("
    for old, new, prefix in ((dynamic, plugin, "acr-tasks:index:"), (plugin, dynamic, "pulumi-python:dynamic/")):
        stack.edit("__main__.py", old, new)
        stack.up().succeeded()
        assert all(each["type"].startswith(prefix) for each in stack.resources().values())
        stack.refresh().changed_nothing()
        stack.up().changed_nothing()
        assert {name: each["id"] for name, each in stack.resources().items()} == ids
    assert emulator.writes() == []
