"""Builds of the Pulumi CLI and of the language hosts, as Go tool dependencies outside of the checkout."""

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
from collections.abc import Callable, Iterator
from pathlib import Path

COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
STAND_INS = (
    "pulumi-language-python",
    "pulumi-language-python.py",
    "language_host.py",
    "pulumi-resource-pulumi-python",
)
HOSTS = {  # the folder of a go.mod: the package that is built there, and the names of the host
    "yaml": ("github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml", ("pulumi-language-yaml",)),
    "languages": (".", ("pulumi-language-go", "pulumi-language-nodejs", "pulumi-generate-python")),
}
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
            unreached = [found[1] for line in last if (found := re.search(r"(dial tcp.*)", line))]
            if unreached:
                raise BuildError(
                    f"the Go module registry does not answer, and this machine lacks modules ({unreached[-1]}). "
                    "One build with a network is enough: its programs are kept."
                )
            raise BuildError(f"`{' '.join(command[:2])}` failed:\n      " + "\n      ".join(last))
        out.seek(0)
        return out.read().splitlines()


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Let one process build at a time: of two verbs that need an engine at once, one builds it."""
    with (cache() / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(source: Path, say: Callable[[str], None]) -> Path:
    """Build the CLI (minutes on two cores, once) and return the engine's folder; raise BuildError when it cannot."""
    go = check_go()
    wanted = version(source)
    with locked():
        if not binary(source).exists():
            say(f"building the Pulumi CLI {wanted} from the Go module registry: some 4 minutes on two cores, once")
            binary(source).parent.mkdir(exist_ok=True)
            compile_package(go, source, COMMAND, binary(source), say, f"-X {STAMP}={wanted}")
    folder = finished(source)
    assert folder
    return folder


def compile_package(
    go: str, source: Path, package: str, target: Path, say: Callable[[str], None], flags: str = ""
) -> None:
    """Compile a Go package, and put the program at its place when it is whole."""
    packages = go_lines([go, "list", "-deps", package], source, Progress("modules fetched", None, say))
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        built = Path(work, "program")
        command = [go, "build", "-v", "-ldflags", f"-s -w {flags}", "-o", str(built), package]
        go_lines(command, source, Progress("packages compiled", len(packages), say))
        built.replace(target)


def hosts(source: Path, say: Callable[[str], None]) -> Path:
    """Build the language hosts (a minute, once) and return their folder; raise BuildError when it cannot."""
    files = sorted(str(file.relative_to(source)) for part in HOSTS for file in (source / part).iterdir())
    folder = cache() / f"languages-{digest(source, *files)}"
    if folder.exists():
        return folder
    go = check_go()
    with locked(), tempfile.TemporaryDirectory(dir=cache()) as work:
        if not folder.exists():
            say("building the language hosts of YAML, Go and Node.js: about a minute on two cores, once")
            whole = Path(work, "whole")
            whole.mkdir()
            for part, (package, names) in HOSTS.items():
                compile_package(go, source / part, package, whole / names[0], say)
                for name in names[1:]:
                    (whole / name).symlink_to(names[0])
            whole.replace(folder)
    return folder
