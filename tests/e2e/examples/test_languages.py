"""The examples in other languages: the SDK is generated from the plugin's schema, and the program deploys with it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_acr_tasks import plugin

from ..emulator import Emulator
from ..stack import Stack
from ..varied_tasks import changes_nothing, import_all, put

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PLUGIN = "pulumi-resource-acr-tasks"
BUILD_SECONDS = 600  # what npm fetches and Go compiles when its cache is empty
QUESTIONS = {
    "typescript": ("npm", "view", "typescript", "version", "--fetch-retries=0", "--cache=asked"),
    "go": ("go", "list", "-m", "-versions", "github.com/pulumi/pulumi/sdk/v3"),
}

pytestmark = pytest.mark.one_host(reason="these programs name the plugin's types themselves, and run once")


def new_project(
    name: str, emulator: Emulator, new_stack: Callable[..., Stack], *programs: str, folder: Path | None = None
) -> Stack:
    """Return the stack of an example, or skip the scenario where a program that it needs is missing."""
    missing = [program for program in (*programs, PLUGIN) if not shutil.which(program)]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    return new_stack(name, folder, example=EXAMPLES / name, **emulator.config)


def make_ready(stack: Stack, *command: str) -> None:
    """Run a command in the project's folder; skip the scenario where it fails for want of its language's registry."""
    done = subprocess.run(
        command, cwd=stack.folder, env=stack.environment, capture_output=True, text=True, timeout=BUILD_SECONDS
    )
    question = QUESTIONS[stack.project]
    if done.returncode != 0 and not answered(question, stack):
        pytest.skip(f"packages are missing here, and no registry answers `{' '.join(question)}`")
    assert done.returncode == 0, done.stdout + done.stderr


def answered(question: tuple[str, ...], stack: Stack) -> bool:
    """Return whether a registry answers a question that no cache can answer."""
    try:
        done = subprocess.run(question, cwd=stack.folder.parent, env=stack.environment, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def add_package(stack: Stack, path: str) -> None:
    """Let the engine generate the SDK of the installed plugin, and install the project's dependencies."""
    make_ready(stack, "pulumi", "package", "add", path, "--non-interactive")


def builds_and_tries(stack: Stack, emulator: Emulator) -> None:
    """Check that the second run tries the very image that the first run built, and that a second up changes nothing.

    The first up has checked the types of a TypeScript program, so the second does not.
    """
    assert "all shelves are full" in stack.up().succeeded().screen
    tried, built = emulator.runs()
    [image] = built["outputImages"]
    outputs = stack.outputs()
    assert outputs["status"] == "Succeeded"
    assert outputs["image"] == f"{image['registry']}/{image['repository']}@{image['digest']}"
    assert tried["status"] == "Succeeded"
    stack.environment["PULUMI_NODEJS_TRANSPILE_ONLY"] = "true"
    stack.up().changed_nothing()
    stack.remove()


def test_yaml(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """A YAML program needs no SDK."""
    builds_and_tries(new_project("yaml", emulator, new_stack, "pulumi-language-yaml"), emulator)


def imports(stack: Stack, emulator: Emulator, program: str) -> None:
    """The program that `pulumi import` writes of ten tasks changes nothing, in place of the example's."""
    put(emulator)
    example = (stack.folder / program).read_text()
    import_all(stack, emulator, program)
    changes_nothing(stack, emulator)
    stack.write(program, example)


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_typescript(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """A TypeScript program compiles against the generated SDK, and reads outputs that are not inputs."""
    stack = new_project("typescript", emulator, new_stack, "pulumi-language-nodejs", "node", "npm")
    add_package(stack, shutil.which(PLUGIN) or PLUGIN)
    imports(stack, emulator, "index.ts")
    builds_and_tries(stack, emulator)


@pytest.fixture
def go_folder() -> Iterator[Path]:
    """A folder that stays the same: Go caches a package by its folder, which saves the next run twenty seconds."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulumi-acr-tasks"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "go.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(cache / "go", ignore_errors=True)
        yield cache / "go"


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_go(emulator: Emulator, new_stack: Callable[..., Stack], go_folder: Path) -> None:
    """A Go program compiles against the generated SDK, and uses the plugin whose folder was added."""
    stack = new_project("go", emulator, new_stack, "pulumi-language-go", "go", folder=go_folder)
    add_package(stack, str(Path(plugin.__file__).parent))
    make_ready(stack, "go", "build", "example.com/pulumi-acr-tasks/sdk/go/acrtasks")
    imports(stack, emulator, "main.go")
    builds_and_tries(stack, emulator)
