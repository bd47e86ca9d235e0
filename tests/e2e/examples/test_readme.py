"""The README's first program, as a reader pastes it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from ..stack import Stack

README = Path(__file__).parents[3] / "README.md"


def test_the_first_program_works_on_the_embedded_emulator(tmp_path: Path, new_stack: Callable[..., Stack]) -> None:
    """The endpoint is the only configuration; the registry and the group that the program names are made."""
    program = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert program is not None
    data = tmp_path / "data"
    stack = new_stack("readme", program=program[1], endpoint="embedded", embeddedData=str(data))
    stack.write("app/Dockerfile", "FROM busybox\nRUN true\n")
    try:
        assert "the embedded emulator now has the registry contoso" in stack.up().succeeded().screen
        assert re.fullmatch(r"[^/]+/web@sha256:[0-9a-f]{64}", stack.outputs()["image"])
        stack.up().changed_nothing()
    finally:
        subprocess.run(["acr-tasks-emulator", "stop", "--data", str(data)], check=True)
