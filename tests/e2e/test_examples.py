"""The examples: each is a complete project, and deploys as it stands."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .emulator import Emulator
from .stack import Stack

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for all examples."""
    with Emulator.started(tmp_path_factory.mktemp("examples") / "emulator") as emulator:
        yield emulator


def runs_the_image_that_was_tried(stack: Stack, emulator: Emulator) -> None:
    """The nightly task names the digest that the stack exports."""
    image = stack.outputs()["image"]
    assert "@sha256:" in image
    assert image in text_of(emulator.task("nightly-report"))


def purges_at_night(_: Stack, emulator: Emulator) -> None:
    """The task holds the command and its timer."""
    task = emulator.task("nightly-purge")
    assert "acr purge --filter" in text_of(task)
    assert task["properties"]["trigger"]["timerTriggers"][0]["schedule"] == "30 1 * * *"


def text_of(task: dict[str, Any]) -> str:
    """Return the task file of an encoded task."""
    return base64.b64decode(task["properties"]["step"]["encodedTaskContent"]).decode()


EXPECTED = {"build-and-deploy": runs_the_image_that_was_tried, "nightly-purge": purges_at_night}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_deploys_and_settles(name: str, emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The first up makes everything, a second one changes nothing, destroy leaves nothing."""
    stack = new_stack(name, example=EXAMPLES / name, **emulator.config)
    stack.up("--skip-preview").succeeded()
    EXPECTED[name](stack, emulator)
    stack.up("--skip-preview").changed_nothing()
    stack.remove()
