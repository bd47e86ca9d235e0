"""Which resource has which task, in one process and between the processes of a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_acr_tasks.task import claims
from pulumi_acr_tasks.task.claims import Claims

_A, _B, _C = (f"urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::{name}" for name in "abc")
_KEY, _OTHER = "https://arm.example.org /registries/r/tasks/n", "https://arm.example.org /registries/r/tasks/m"


@pytest.fixture(params=["one process", "two processes", "no folder"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Claims, Claims]:
    """What the first writes, the second reads."""
    if request.param == "two processes":
        return Claims(tmp_path / "stack", "127.0.0.1:1"), Claims(tmp_path / "stack", "127.0.0.1:1")
    alone = Claims(tmp_path / "stack" if request.param == "one process" else None, "127.0.0.1:1")
    return alone, alone


def test_a_task_that_two_resources_declare_is_found(pair: tuple[Claims, Claims]) -> None:
    """Names are compared without case; earlier declarations of a resource do not count."""
    first, second = pair
    assert first.want(_A, _KEY, adopts=False) == []
    assert second.want(_B, _KEY.upper(), adopts=False) == [_A]
    assert first.want(_A, _OTHER, adopts=False) == []
    assert second.want(_B, _KEY, adopts=False) == []
    assert first.want("", _KEY, adopts=False) == [_B]


def test_an_heir_manages_reads_or_will_adopt(pair: tuple[Claims, Claims]) -> None:
    """A declaration without adopt does not make an heir, and a resource is never its own heir."""
    first, second = pair
    first.manage(_A, _KEY)
    second.want(_B, _KEY, adopts=False)
    assert first.heir(_A, _KEY) is None
    second.want(_B, _KEY, adopts=True)
    assert first.heir(_A, _KEY) == _B
    second.want(_B, _OTHER, adopts=True)
    assert first.heir(_A, _KEY) is None
    second.read(_C, _KEY)
    assert first.heir(_A, _KEY) == _C
    assert first.heir("", _KEY) is None


def test_of_two_that_have_one_task_the_last_inherits(pair: tuple[Claims, Claims]) -> None:
    """A refresh before a destroy has read it for both: one forgets it, the other deletes it."""
    first, second = pair
    first.read(_A, _KEY)
    second.read(_B, _KEY)
    first.release(_A)
    assert first.heir(_A, _KEY) == _B
    second.release(_B)
    assert second.heir(_B, _KEY) is None


def test_the_manager_of_a_task(pair: tuple[Claims, Claims]) -> None:
    """It is the resource that writes the task; a read does not make it so."""
    first, second = pair
    first.read(_A, _KEY)
    assert second.manager(_B, _KEY) is None
    first.manage(_A, _KEY)
    assert second.manager(_B, _KEY.upper()) == _A
    assert first.manager(_A, _KEY) is None


def test_claims_are_of_one_command(tmp_path: Path) -> None:
    """The file goes with the command, and another command has another."""
    kept = Claims(tmp_path, "127.0.0.1:1")
    kept.manage(_A, _KEY)
    assert Claims(tmp_path, "127.0.0.1:2").manager(_B, _KEY) is None
    assert len(list(tmp_path.iterdir())) == 1
    claims.withdraw()
    assert list(tmp_path.iterdir()) == []
    assert kept.manager(_B, _KEY) == _A


def test_claims_that_cannot_be_written_are_of_one_process(tmp_path: Path) -> None:
    """They raise nothing; a line that cannot be read hides no other."""
    (tmp_path / "file").write_text("")
    kept = Claims(tmp_path / "file", "127.0.0.1:1")
    kept.manage(_A, _KEY)
    assert kept.manager(_B, _KEY) == _A
    other = Claims(tmp_path, "127.0.0.1:1")
    other.manage(_A, _KEY)
    (file,) = tmp_path.glob("claims-*")
    file.write_bytes(b'{\n[]\n5\n{"later": 1}\n' + file.read_bytes())
    assert Claims(tmp_path, "127.0.0.1:1").manager(_B, _KEY) == _A
