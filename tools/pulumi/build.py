"""Builds the Pulumi CLI as a Go tool dependency, outside the checkout, and puts the stand-ins beside it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
STAND_INS = (
    "pulumi-language-python",
    "pulumi-language-python.py",
    "language_host.py",
    "pulumi-resource-pulumi-python",
)
OLDEST_GO = (1, 25)
SECONDS_BETWEEN_LINES = 10


class BuildError(Exception):
    """There is no engine and none can be built; the text says what would help."""


def cache() -> Path:
    """Our folder below the user's cache, made when missing."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "pulumi-acr-tasks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(source: Path, *names: str) -> str:
    """Return a short hash of these files."""
    found = hashlib.sha256()
    for name in names:
        found.update((source / name).read_bytes())
    return found.hexdigest()[:12]


def binary(source: Path) -> Path:
    """Return the path of the CLI that is built from these go.mod and go.sum, whether it is there or not."""
    return cache() / f"pulumi-{digest(source, 'go.mod', 'go.sum')}" / "pulumi"


def finished(source: Path) -> Path | None:
    """Return the engine's folder where the CLI has been built before, with today's stand-ins beside it; else None."""
    built = binary(source)
    folder = cache() / f"engine-{digest(source, 'go.mod', 'go.sum', *STAND_INS)}"
    if (folder / "pulumi").exists():
        return folder
    if not built.exists():
        return None
    work = Path(tempfile.mkdtemp(dir=cache()))
    try:
        for stand_in in STAND_INS:
            shutil.copy(source / stand_in, work)
        os.link(built, work / "pulumi")
        work.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was faster
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def check_go() -> str:
    """The `go` command; BuildError where it is missing or too old."""
    go = shutil.which("go")
    cure = "Install the Pulumi CLI, or Go 1.25 or newer (with which it is built here), and try again."
    if not go:
        raise BuildError(f"There is no Pulumi CLI on this machine, none can be fetched, and no Go to build it. {cure}")
    told = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"go(\d+)\.(\d+)", told)
    if found and (int(found[1]), int(found[2])) < OLDEST_GO:
        raise BuildError(f"There is no Pulumi CLI on this machine, and Go {found[1]}.{found[2]} is too old. {cure}")
    return go


def version(source: Path) -> str:
    """The version of the CLI that go.mod asks for."""
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v\S+)", (source / "go.mod").read_text())
    if not found:
        raise BuildError("go.mod names no version of the Pulumi CLI")
    return found[1]


class Progress:
    """Tells how far a build is: at most one line in ten seconds, and one at the end."""

    def __init__(self, what: str, total: int | None, say: Callable[[str], None]) -> None:
        self.what, self.total, self.say = what, total, say
        self.done, self.began, self.last = 0, time.monotonic(), time.monotonic()

    def step(self) -> None:
        self.done += 1
        if time.monotonic() - self.last >= SECONDS_BETWEEN_LINES:
            self.last = time.monotonic()
            of = f" of about {self.total}" if self.total else ""
            self.say(f"{self.what}: {self.done}{of}, {self.last - self.began:.0f} s")


def go_lines(command: list[str], source: Path, progress: Progress) -> list[str]:
    """Runs a go command, counting the lines of its standard error; returns those of its standard output."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, cwd=source, stdout=out, stderr=subprocess.PIPE, text=True)
        assert process.stderr
        last: list[str] = []
        for line in process.stderr:
            progress.step()
            last = [*last[-9:], line.rstrip()]
        if process.wait() != 0:
            raise BuildError("The Pulumi CLI could not be built:\n      " + "\n      ".join(last))
        out.seek(0)
        return out.read().splitlines()


def run(source: Path, say: Callable[[str], None]) -> Path:
    """Build the CLI (minutes on two cores, once) and return the engine's folder; raise BuildError when it cannot."""
    go = check_go()
    wanted = version(source)
    with (cache() / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two verbs that need an engine at once, one builds it
        _build(go, source, wanted, say)
    folder = finished(source)
    assert folder
    return folder


def _build(go: str, source: Path, wanted: str, say: Callable[[str], None]) -> None:
    if binary(source).exists():
        return
    say(f"building the Pulumi CLI {wanted} from the Go module registry: some 4 minutes on two cores, once")
    packages = go_lines([go, "list", "-deps", COMMAND], source, Progress("modules fetched", None, say))
    stamped = f"-s -w -X {STAMP}={wanted}"
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        command = [go, "build", "-v", "-ldflags", stamped, "-o", f"{work}/pulumi", COMMAND]
        go_lines(command, source, Progress("packages compiled", len(packages), say))
        binary(source).parent.mkdir(exist_ok=True)
        Path(work, "pulumi").replace(binary(source))
