"""What every scenario has: an emulator of its own, and a stack of its own that is destroyed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .emulator import Emulator
from .stack import Stack


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """A running emulator on a free port, with its data in the scenario's folder."""
    with Emulator.started(tmp_path / "emulator") as emulator:
        yield emulator


@pytest.fixture
def idle_emulator(tmp_path: Path) -> Iterator[Emulator]:
    """A running emulator for scenarios that never come to a build."""
    with Emulator.started(tmp_path / "emulator", "--executor", "simulated") as emulator:
        yield emulator


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes stacks; what they deployed is destroyed when the scenario ends, however it ends."""
    stacks: list[Stack] = []

    def make(project: str = "scenario", **options: object) -> Stack:
        stack = Stack(tmp_path / project, project, **options)
        stacks.append(stack)
        return stack

    yield make
    for stack in reversed(stacks):
        stack.destroy_if_left()
