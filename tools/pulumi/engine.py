"""Makes sure that there is a Pulumi engine with a Python language host, and prints the one folder to put first on PATH.

Looked for in this order: the `pulumi` on PATH; what the SDK's own installer brings; a build from the Go module registry
together with the two stand-in programs of this folder. Progress goes to standard error, the folder alone to standard
output. `--which` prints in words which of the three it is. `--languages` adds, after a colon, the folder of the
language hosts of YAML, Go and Node.js, where the engine has none beside it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import build

OLDEST = (3, 259, 0)  # the oldest CLI that the end-to-end tests have run with
FOLDER = Path(__file__).resolve().parent
INSTALL_SECONDS = 240

INSTALLER = """
import socket
socket.setdefaulttimeout(5)  # where nothing answers, say so soon
from pulumi.automation import PulumiCommand
print(PulumiCommand.install(root={root!r}).command)
"""


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def version_of(pulumi: str | Path) -> tuple[int, ...] | None:
    """The version that a CLI calls itself, or None when it does not run."""
    try:
        told = subprocess.run([pulumi, "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", told)
    return tuple(int(part) for part in found.groups()) if found else None


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def on_path() -> Path | None:
    """The folder of an installed CLI that is new enough and has its Python language host beside it."""
    found = shutil.which("pulumi")
    if not found:
        return None
    pulumi = Path(found).resolve()
    version = version_of(pulumi)
    if version is None:
        say(f"{found} does not run: looking further")
    elif version < OLDEST:
        say(f"Pulumi {dotted(version)} on PATH is too old, {dotted(OLDEST)} or newer is needed: looking further")
    elif not (pulumi.parent / "pulumi-language-python").exists():
        say(f"{found} has no pulumi-language-python beside it: looking further")
    else:
        return Path(found).parent
    return None


def from_installer() -> Path | None:
    """The folder of the CLI that the SDK's installer fetched, now or earlier, where the network lets it."""
    root = build.cache() / "installed"
    if not (root / "bin" / "pulumi").exists():
        say("asking the SDK's installer for the Pulumi CLI")
    code = INSTALLER.format(root=str(root))
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode != 0:
        say("the installer cannot be reached from here: going on")
        return None
    return root / "bin"


def find() -> tuple[Path, str]:
    """The engine's folder, and in words which of the three ways led to it."""
    folder = on_path()
    if folder:
        return folder, "the Pulumi CLI on PATH"
    built = build.finished(FOLDER)
    if not built:  # a build of earlier is as good as an installer that may have to be waited for
        folder = from_installer()
        if folder:
            return folder, "the Pulumi CLI of the SDK's installer"
    folder = built or build.run(FOLDER, say)
    return folder, "a Pulumi CLI built here from its Go module, for this checkout"


def with_hosts(folder: Path) -> str:
    """Return what goes on PATH: the engine's folder, and that of the language hosts where they are not in the first."""
    if all((folder.resolve() / name).exists() for _, names in build.HOSTS.values() for name in names):
        return str(folder)
    try:
        return f"{folder}:{build.hosts(FOLDER, say)}"
    except build.BuildError as error:
        say(f"no language hosts of YAML, Go and Node.js: {error}")
        return str(folder)


def told(arguments: list[str]) -> Iterator[str]:
    folder, words = find()
    version = version_of(folder / "pulumi")
    if version is None:
        raise build.BuildError(f"the engine in {folder} does not run: delete that folder and try again")
    if "--which" in arguments:
        yield f"{words} ({dotted(version)})"
    else:
        say(f"engine: {words} ({dotted(version)})")
        yield with_hosts(folder) if "--languages" in arguments else str(folder)


if __name__ == "__main__":
    try:
        for line in told(sys.argv[1:]):
            print(line)
    except build.BuildError as error:
        sys.exit(f"    {error}")
