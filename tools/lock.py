"""Resolves requirements.lock anew, for every Python and platform at once, hashed, without the address of an index."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ["--python-version", "3.10", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "uv"], check=True)
        compiled = [f"{folder}/bin/uv", "pip", "compile", *OPTIONS]
        ours = ["--no-emit-package", "acr-tasks-emulator"]
        universal = [*compiled, "--universal"]
        both = ["pyproject.toml", "emulator/pyproject.toml", "--extra", "dev"]
        subprocess.run([*universal, *both, *ours, "--output-file", "requirements.lock"], cwd=ROOT, check=True)
        # Of Python 3.14 the SDK asks for a later grpcio than the oldest.
        oldest = ["tests/compat/oldest.in", "--output-file", "tests/compat/oldest.lock"]
        subprocess.run([*compiled, *oldest], cwd=ROOT, check=True)
        newest = ["pyproject.toml", "tests/compat/newest.in", "--constraint", "requirements.lock"]
        subprocess.run([*universal, *newest, "--output-file", "tests/compat/newest.lock"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
