"""Runs the provider's tests on each Python from 3.10 that this machine has, with the newest packages and the oldest.

`.venv` (its Python, the newest packages) runs tests/compat alone: `make unit` has run the rest there. The lowest Python
has the oldest of everything that pyproject.toml allows and runs all tests of the provider. The others have the newest,
and run those that meet the interpreter: the host's fixes, archives, imports, the resources. With `--quick` the lowest
Python runs these too, and no other is tried.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import environment

ROOT = environment.ROOT
TESTS = ROOT / "tests"
PYTHONS = tuple((3, minor) for minor in range(10, 14))
INTERPRETER = (
    "host/test_*.py",
    "test_inputs.py",
    "test_root.py",
    "run/test_resource.py",
    "source/test_*.py",
    "task/test_resource.py",
    "../../real/provider/test_fresh_process.py",
    "../../real/provider/plugin/test_*.py",
)

Version = tuple[int, int]


@dataclass(frozen=True)
class Combination:
    """An environment to test in: `lock` is the file of its packages, None for `.venv` as it is."""

    version: Version
    python: Path
    lock: Path | None
    tests: list[Path] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        name = ".venv" if self.lock is None else f".venv-{self.lock.stem}-{dotted(self.version)}"
        return ROOT / name


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def version_of(python: Path) -> Version | None:
    """The version of an interpreter that runs and can make virtual environments, else None."""
    code = "import ensurepip, venv, sys; print(*sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor = map(int, told.split())
    return major, minor


def candidates() -> Iterator[Path]:
    """Interpreters by their name on PATH, and those that pyenv keeps."""
    for version in PYTHONS:
        if found := shutil.which(f"python{dotted(version)}"):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(python for python in pyenv.glob("versions/3.*/bin/python") if re.search(r"/3\.1\d", str(python)))


def pythons() -> dict[Version, Path]:
    """The machine's interpreters, one of each version."""
    found: dict[Version, Path] = {}
    for python in candidates():
        version = version_of(python)
        if version in PYTHONS and version is not None:
            found.setdefault(version, python)
    return found


def combinations(*, quick: bool) -> Iterator[Combination]:
    """Yield what is tried; `quick`: the ends alone, without the tests that meet neither interpreter nor packages."""
    own = (sys.version_info.major, sys.version_info.minor)
    yield Combination(own, Path(sys.executable), None, [TESTS / "compat"])
    found = {own: Path(sys.executable), **pythons()}
    lowest = min(found)
    few = [path for pattern in INTERPRETER for path in sorted((TESTS / "unit/provider").glob(pattern))]
    most = few if quick else [TESTS / "unit/provider"]
    yield Combination(lowest, found[lowest], TESTS / "compat/oldest.lock", [TESTS / "compat", *most])
    if quick:
        return
    for version in sorted(set(found) - {own, lowest}):
        yield Combination(version, found[version], TESTS / "compat/newest.lock", [TESTS / "compat", *few])
    missing = [dotted(version) for version in PYTHONS if version not in found]
    if missing:
        print(f"--- this machine has no Python {', '.join(missing)}: not tried", flush=True)


def make(combination: Combination) -> Path:
    """Make the environment of a combination whole, and return its interpreter."""
    folder, lock = combination.folder, combination.lock
    python = folder / "bin/python"
    if lock is None:
        return python
    if version_of(python) != combination.version:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            environment.run(environment.uv(), "venv", "--quiet", "--python", combination.python, folder)
        except environment.EnvironmentFailedError:
            environment.run(combination.python, "-m", "venv", folder)
    environment.install_requirements(folder, lock)
    # The emulator too, without its dependencies: the provider looks whether it is there.
    for name, (source, package) in environment.DISTRIBUTIONS.items():
        environment.install_wheel(folder, name, source, package)
    return python


def main() -> int:
    status = 0
    for combination in combinations(quick="--quick" in sys.argv):
        python = make(combination)
        code = "import importlib.metadata as m, sys; print(*(f'{name} {m.version(name)}' for name in sys.argv[1:]))"
        asked = [str(python), "-c", code, "pulumi", "httpx", "azure-identity", "croniter"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        print(f"--- Python {dotted(combination.version)}, {told}", flush=True)
        command = [str(python), "-m", "pytest", "-q", *map(str, combination.tests)]
        status |= subprocess.run(command, cwd=ROOT, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
