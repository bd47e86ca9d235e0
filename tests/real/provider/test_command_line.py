"""`acr-tasks check` checks task files as preview does, for CI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pulumi_acr_tasks.__main__ import commands

_GOOD = "version: v1.1.0\nsteps:\n  - cmd: busybox true\n"
_SURPRISING = "version: v1.1.0\nsteps:\n  - cmd: busybox echo a > b\n"
_WRONG = "version: v9\nsteps:\n  - cmd: busybox echo a > b\n    retries: -1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder has a task file of each kind."""
    for name, text in {"good": _GOOD, "surprising": _SURPRISING, "wrong": _WRONG}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    monkeypatch.chdir(tmp_path)


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["check", *arguments])


def test_findings_are_lines_as_compilers_write_them() -> None:
    """They are in the order of the files and of their lines; the count is on stderr."""
    done = _check("good.yaml", "wrong.yaml", "gone.yaml", "binary.yaml")
    lines = done.stdout.splitlines()
    assert [line.split(" ")[:2] for line in lines] == [
        ["wrong.yaml:1:1:", "error:"],
        ["wrong.yaml:3:5:", "warning:"],
        ["wrong.yaml:4:5:", "error:"],
        ["gone.yaml:", "error:"],
        ["binary.yaml:", "error:"],
    ]
    assert lines[0].endswith("version 'v9' is none of 1.0-preview-1, v1.0.0, v1.1.0")
    assert (done.stderr, done.exit_code) == ("4 files: 4 errors, 1 warning\n", 1)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["good.yaml"], 0),
        (["surprising.yaml"], 0),
        (["surprising.yaml", "--strict"], 1),
        (["good.yaml", "--strict"], 0),
        (["good.yaml", "wrong.yaml"], 1),
        ([], 2),
        (["good.yaml", "--nonsense"], 2),
    ],
)
def test_the_exit_status_says_whether_a_file_is_wrong(arguments: list[str], status: int) -> None:
    """Warnings count with the option for it."""
    assert _check(*arguments).exit_code == status


def test_checking_loads_nothing_of_pulumi() -> None:
    """The check starts fast in CI."""
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom pulumi_acr_tasks.__main__ import commands\n"
        "done = CliRunner().invoke(commands, ['check', 'good.yaml'])\n"
        "print(done.exit_code, [name for name in ('pulumi', 'httpx', 'azure') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "0 []\n"


@pytest.mark.parametrize("command", [[], ["check"], ["export"]])
def test_help_says_what_a_command_is_for_with_an_example(command: list[str]) -> None:
    """Each command has an example."""
    done = CliRunner().invoke(commands, [*command, "--help"], terminal_width=200)
    assert done.exit_code == 0
    assert f"acr-tasks {command[0] if command else 'check'} " in done.stdout
