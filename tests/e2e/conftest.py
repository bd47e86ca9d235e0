"""Fixtures of scenarios: one emulator a worker, reset for each scenario, and a stack of its own for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .cheap_commands import cheap_commands
from .emulator import Emulator
from .host import DYNAMIC, HOSTS, Host
from .stack import Stack


@pytest.fixture(scope="session")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The worker's emulator that builds, where a builder is installed."""
    with Emulator.started(tmp_path_factory.mktemp("building")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def simulating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The worker's emulator that simulates runs."""
    with Emulator.started(
        tmp_path_factory.mktemp("simulating"), "--executor", "simulated", "--agents", "64"
    ) as emulator:
        yield emulator


@pytest.fixture
def emulator(building: Emulator) -> Iterator[Emulator]:
    """An emulator that builds, without a task, run, fault or request of an earlier scenario."""
    yield building
    building.reset()


@pytest.fixture
def idle_emulator(simulating: Emulator) -> Iterator[Emulator]:
    """An emulator that simulates runs, reset like `emulator`, for scenarios without a build."""
    yield simulating
    simulating.reset()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A new stack whose commands are cheap; the worker's other stacks begin as its copies."""
    folder = tmp_path_factory.mktemp("prepared")
    with cheap_commands(folder) as environment:
        yield Stack(folder / "stack", "prepared", environment=environment, secrets_provider="hashivault://scenarios")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_hosts: the scenario of its kind that always runs on both hosts")
    config.addinivalue_line("markers", "one_host(reason): the scenario cannot be on the other host")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a scenario on both hosts where it is marked so, or where ACR_TASKS_HOSTS is `both`."""
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    both = "both_hosts" in marks or os.environ.get("ACR_TASKS_HOSTS") == "both"
    if "host" in metafunc.fixturenames and both and "one_host" not in marks:
        metafunc.parametrize("host", HOSTS, ids=lambda host: host.name)


@pytest.fixture
def host() -> Host:
    """The host of a scenario that runs on one: the dynamic resources."""
    return DYNAMIC


@pytest.fixture
def new_stack(tmp_path: Path, prepared: Stack, host: Host) -> Callable[..., Stack]:
    """Make stacks. What they leave ends with their emulator's reset, or with their emulator."""

    def make(project: str = "scenario", folder: Path | None = None, **options: object) -> Stack:
        return Stack(folder or tmp_path / project, project, **{"like": prepared, "host": host, **options})

    return make
