"""Makes the development environment `.venv`: what requirements.lock names, and the wheels of both distributions.

Standard library only: it runs before anything is installed. Safe to repeat: what has not changed is not done again.
Wheels, never an editable install, so that tests see what users get.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
UV_VARIABLES = {
    "cert": "SSL_CERT_FILE",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "no-index": "UV_NO_INDEX",
    "timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
}
DISTRIBUTIONS = {"pulumi-acr-tasks": (ROOT, "provider"), "acr-tasks-emulator": (ROOT / "emulator", ".")}


class EnvironmentFailedError(Exception):
    """The environment cannot be made; the text says what would help."""


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def digest(files: Iterable[Path]) -> str:
    """One hash over names and contents."""
    found = hashlib.sha256()
    for file in sorted(files):
        found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def sources(folder: Path, package: str) -> list[Path]:
    """The files that a wheel is made of."""
    files = [file for file in (folder / package).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    return [*files, folder / "pyproject.toml"]


def run(*command: str | Path, settings: Mapping[str, str] | None = None) -> None:
    """Run a command quietly; raise EnvironmentFailedError with its last lines when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(settings or {})},
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()[-8:]
        raise EnvironmentFailedError(
            f"`{Path(command[0]).name} {command[1]} …` failed:\n      " + "\n      ".join(lines)
        )


def create(environment: Path) -> None:
    """Creates the virtual environment where it is missing or its Python is gone."""
    if sys.version_info < (3, 10):  # noqa: UP036 - this file runs with whatever `python3` is
        told = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise EnvironmentFailedError(f"Python 3.10 or newer is needed, and `python3` is {told}.")
    if (environment / "bin" / "pip").exists() and os.access(environment / "bin" / "python", os.X_OK):
        return
    say(f"making the virtual environment {environment.name}")
    shutil.rmtree(environment, ignore_errors=True)
    try:
        run(sys.executable, "-m", "venv", environment)
    except EnvironmentFailedError as failed:
        shutil.rmtree(environment, ignore_errors=True)
        raise EnvironmentFailedError(
            f"Python's venv module does not work here; Debian has it in a package: "
            f"apt-get install python3-venv\n      {failed}"
        ) from failed


def once(stamp: Path, value: str) -> bool:
    """Whether what a stamp stands for still has to be done for this value."""
    return not stamp.exists() or stamp.read_text() != value


def install_requirements(environment: Path, lock: Path) -> None:
    """Install the packages that the lock names, each file checked against its hash: by uv, which takes seconds.

    pip does it where there is no wheel of uv.
    """
    stamp, value = environment / ".requirements", digest([lock])
    if not once(stamp, value):
        return
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    say(f"installing the packages that {lock.name} names (up to {count})")
    python, hashed = environment / "bin/python", ["--quiet", "--require-hashes", "--requirement"]
    try:
        run(uv(), "pip", "install", "--python", python, *hashed, lock, settings=settings_of_pip())
    except EnvironmentFailedError:
        run(python, "-m", "pip", "install", *hashed, lock)
    stamp.write_text(value)


def settings_of_pip() -> dict[str, str]:
    """Return pip's settings as uv's variables: uv reads none of pip's, and some machines configure pip alone."""
    command = [str(ENVIRONMENT / "bin/python"), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    settings: dict[str, str] = {}
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):  # the environment overrides files
        name, _, value = line.partition("=")
        variable = UV_VARIABLES.get(name.rpartition(".")[2])
        if variable and variable not in os.environ:
            separator = "," if variable == "UV_FIND_LINKS" else " "
            settings[variable] = separator.join(ast.literal_eval(value).split())
    return settings


def uv() -> Path:
    """Return uv of the development environment, installed there at the version and hash that the lock names."""
    program = ENVIRONMENT / "bin" / "uv"
    if not program.exists():
        pinned = re.search(r"^uv==(?:.*\\\n)*.*\n", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "uv.lock"
            file.write_text(pinned[0] if pinned else "uv\n")
            run(
                ENVIRONMENT / "bin/python", "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", file
            )
    return program


def install_wheel(environment: Path, name: str, folder: Path, package: str) -> None:
    """Build the wheel of one distribution with the development environment's tools and install it, if it changed.

    uv takes a fifth of pip's time; pip does it where there is no wheel of uv.
    """
    stamp, value = environment / f".{name}", digest(sources(folder, package))
    if not once(stamp, value):
        return
    say(f"building and installing {name}")
    builder, python, quiet = ENVIRONMENT / "bin/python", environment / "bin/python", ["--quiet", "--no-deps"]
    with tempfile.TemporaryDirectory() as wheels:
        try:
            build = ["build", "--quiet", "--no-cache", "--wheel", "--no-build-isolation"]
            run(uv(), *build, "--python", builder, "--out-dir", wheels, folder)
            install = ["pip", "install", *quiet, "--no-cache", "--reinstall"]
            run(uv(), *install, "--python", python, *Path(wheels).glob("*.whl"))
        except EnvironmentFailedError:
            run(builder, "-m", "pip", "wheel", *quiet, "--no-build-isolation", "--wheel-dir", wheels, folder)
            run(python, "-m", "pip", "install", *quiet, "--force-reinstall", *Path(wheels).glob("*.whl"))
    stamp.write_text(value)


def ensure() -> Path:
    """Makes the environment whole and returns its folder."""
    create(ENVIRONMENT)
    install_requirements(ENVIRONMENT, ROOT / "requirements.lock")
    for name, (folder, package) in DISTRIBUTIONS.items():
        install_wheel(ENVIRONMENT, name, folder, package)
    return ENVIRONMENT


if __name__ == "__main__":
    try:
        ensure()
    except EnvironmentFailedError as error:
        sys.exit(f"    {error}")
