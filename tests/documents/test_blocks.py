"""Every code block and command line of the documents works as it stands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from tests.documents.blocks import EXAMPLES, LANGUAGES, ROOT, Block, blocks, command_lines, is_included, programs

COMMANDS = sorted(set(command_lines()))
# Programs of others: their words are theirs.
FOREIGN = {"az", "cd", "curl", "export", "gh"}


def test_every_block_says_its_language() -> None:
    """A block without a language, or in one that no test reads, would be tried by nobody."""
    assert [str(block) for block in blocks() if block.language not in LANGUAGES] == []


def test_the_programs_type_check(tmp_path: Path) -> None:
    """mypy, strict, finds nothing in the Python of any document."""
    pages = programs()
    for name, text in pages.items():
        (tmp_path / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(pages) >= 8


def test_the_programs_preview(tmp_path: Path) -> None:
    """The engine previews all Pulumi programs of the documents, without a request to any service."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text("FROM busybox\n")
    task_file = "version: v1.1.0\nsteps:\n  - cmd: busybox echo {{.Values.greeting}}\n"
    for folder in (tmp_path, tmp_path / "app"):
        (folder / "acb.yaml").write_text(task_file)
        (folder / "values.yaml").write_text("greeting: Hello\n")
    (tmp_path / "state").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: documents\nruntime: {name: python, options: {toolchain: pip}}\n")
    nobody = {"endpoint": "http://127.0.0.1:1", "registryName": "contoso", "resourceGroupName": "builds"}
    config = {f"acr-tasks:{key}": value for key, value in nobody.items()}
    config |= {"acr-tasks:subscriptionId": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "documents:npmToken": "c4nary"}
    (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
    pages = {name: text for name, text in programs().items() if "import pulumi" in text or "from pulumi_acr" in text}
    for name, text in pages.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "__main__.py").write_text(f"PAGES = {list(pages)}\n{ALL_PAGES}")

    environment = {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "NO_COLOR": "1",
    }
    for command in (["stack", "init", "dev"], ["preview", "--stack", "dev"]):
        done = run("pulumi", *command, "--non-interactive", cwd=tmp_path, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "c4nary" not in done.stdout
    assert len(pages) >= 6


# Pages use the same names for their resources: each gets its page's name in front.
ALL_PAGES = """
import runpy

import pulumi

made = pulumi.Resource.__init__


def named(self, t, name, *rest, **options):
    made(self, t, f"{page}-{name}", *rest, **options)


pulumi.Resource.__init__ = named
for page in PAGES:
    runpy.run_path(f"{page}.py")
"""


def test_the_tests_of_the_emulators_page_pass(tmp_path: Path) -> None:
    """What the page shows of the library and of the pytest plugin runs."""
    (tmp_path / "test_page.py").write_text(programs()["docs_emulator_index"])
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("block", list(blocks("json")), ids=str)
def test_json_is_json(block: Block) -> None:
    """It can be read."""
    json.loads(block.text)


@pytest.mark.parametrize("block", [block for block in blocks() if is_included(block)], ids=str)
def test_an_included_program_is_an_example(block: Block) -> None:
    """The file is there, and the examples' own tests deploy it."""
    name = block.text.split('"')[1]
    assert name.startswith("examples/")
    assert (ROOT / name).is_file()


@pytest.mark.parametrize(
    "block", [each for name in EXAMPLES for each in blocks(name) if not is_included(each)], ids=str
)
def test_a_block_in_another_language_is_a_part_of_its_example(block: Block) -> None:
    """The example of that language has these lines, and a scenario deploys it."""
    files = (ROOT / "examples" / block.language).glob("*.*")
    words = " ".join(block.text.split())
    assert any(words in " ".join(file.read_text().split()) for file in files)


@pytest.mark.parametrize(("place", "command"), COMMANDS, ids=[f"{place} {command[:40]}" for place, command in COMMANDS])
def test_a_command_line_exists(place: str, command: str) -> None:
    """The command, its subcommand and each of its options are known to the program itself."""
    words = [word for word in shlex.split(command.split(" > ")[0].split("  #")[0]) if word != "…"]
    match words[0]:
        case "pulumi" | "acr-tasks" | "acr-tasks-emulator":
            known = help_of(*words[: 1 + subcommands(words)])
            for option in filter(lambda word: word.startswith("-"), words):
                assert re.search(rf"(^|[\s,]){re.escape(option.partition('=')[0])}\b", known), (option, known)
        case "make":
            targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            assert set(words[1:]) <= {*targets, "lint", "types", "unit"}
        case "pip":
            assert words[1] == "install"
            wheels = {"pulumi-acr-tasks", "pulumi-acr-tasks[emulator]", "acr-tasks-emulator"}
            assert {*words[2:]} <= {"-r", "requirements.txt", *wheels}
        case "python" | ".venv/bin/python":
            assert words[1] == "-m" or (ROOT / place.partition(":")[0]).with_name(words[1]).is_file()
        case other:
            assert other in FOREIGN


def test_the_map_of_the_house_is_right() -> None:
    """Each file and folder that the page for contributors names is there."""
    page = (ROOT / "docs/working-here.md").read_text()
    roots = (ROOT, ROOT / "provider/pulumi_acr_tasks", ROOT / "emulator/acr_tasks_emulator")
    named = re.findall(r"`([\w./]+(?:\.py|\.md|\.toml|/))`", page)
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []
    assert len(named) >= 20


def subcommands(words: list[str]) -> int:
    """Return how many words name the subcommand: those before the first option or value."""
    count = 0
    for word in words[1:]:
        if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            break
        if not is_subcommand(tuple(words[: 1 + count]), word):
            break
        count += 1
    return count


def is_subcommand(command: tuple[str, ...], word: str) -> bool:
    """Return whether the help of a command lists a subcommand of that name."""
    return re.search(rf"^[\s│]*{re.escape(word)}\s", help_of(*command), re.MULTILINE) is not None


@cache
def help_of(*command: str) -> str:
    """Return what a command says of itself."""
    done = run(*command, "--help", cwd=ROOT, COLUMNS="200", NO_COLOR="1")
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
