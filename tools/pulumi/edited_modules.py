"""Edited copies of two modules for the build of the CLI, by `replace` lines of a go.mod of its own.

Both estimate how strong a password is, and unpack their lists of words whenever the CLI starts. That takes a third of
the CPU of a `pulumi up`, while only `pulumi config set` and `pulumi env set` ask them. Their own code can load the
lists on demand; the copies leave the load at the start out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

MODULES = ("github.com/ccojocar/zxcvbn-go", "github.com/nbutton23/zxcvbn-go")
EDITS = {
    "frequency/frequency.go": (("func init() {", "func Load() {"),),
    "matching/matching.go": (
        ("func init() {\n\tloadFrequencyList()\n}\n", ""),
        ("func loadFrequencyList() {\n", "func loadFrequencyList() {\n\tfrequency.Load()\n"),
    ),
}


def modfile(go: str, source: Path, folder: Path) -> Path:
    """Write the copies into a folder, and a go.mod that names them beside go.sum; return that go.mod."""
    lines = [(source / "go.mod").read_text()]
    for number, module in enumerate(MODULES):
        command = [go, "list", "-m", "-f", "{{.Dir}}", module]
        original = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True).stdout.strip()
        copy = folder / str(number)
        shutil.copytree(original, copy, copy_function=shutil.copyfile)
        for path in (copy, *copy.rglob("*/")):  # the module cache is read-only
            path.chmod(0o755)
        (copy / "go.mod").write_text(f"module {module}\n")
        for name, edits in EDITS.items():
            text = (copy / name).read_text()
            for old, new in edits:
                assert old in text, f"{name} of {module} has no {old!r}"
                text = text.replace(old, new)
            (copy / name).write_text(text)
        lines.append(f"replace {module} => {copy}\n")
    shutil.copy(source / "go.sum", folder)
    (folder / "go.mod").write_text("".join(lines))
    return folder / "go.mod"
