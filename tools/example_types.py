"""Type-check the examples, and what editors know of our arguments and outputs, as strictly as mypy and pyright can."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    programs = [*sorted((ROOT / "examples").rglob("*.py")), ROOT / "tests/types/surface.py"]
    with tempfile.TemporaryDirectory() as folder:
        # Most programs are called __main__.py, and mypy reads no two modules of one name: it gets them by other names.
        links = {Path(folder, "_".join(each.relative_to(ROOT).parts).replace("-", "_")): each for each in programs}
        for link, program in links.items():
            link.symlink_to(program)
        done = subprocess.run([sys.executable, "-m", "mypy", *links], cwd=ROOT, capture_output=True, text=True)
        told = done.stdout + done.stderr
        for link, program in links.items():
            told = told.replace(os.path.relpath(link, ROOT), str(program.relative_to(ROOT))).replace(
                str(link), str(program)
            )
        sys.stdout.write(told)
    quiet = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    checked = subprocess.run([sys.executable, "-m", "pyright"], cwd=ROOT, env=quiet)
    return done.returncode or checked.returncode


if __name__ == "__main__":
    sys.exit(main())
