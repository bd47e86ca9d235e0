"""Deploys the quickstart with `pulumi up` on the embedded emulator, and tells where to look next.

Everything stays below the checkout: the state in `.pulumi-state`, Pulumi's home with the emulator's data in
`.pulumi-home`. Safe to repeat: the second time nothing changes.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import builder
import debian

ROOT = Path(__file__).resolve().parent.parent
STACK = "dev"
PROJECT = "acr-tasks-quickstart"
SIMULATED = f"""
The runs were simulated: nothing was built, so there is no image digest. To build for real, run
`{debian.advice(list(builder.PARTS.values()))}`,
then the stop command and `pulumi destroy` from above, and `make quickstart` again.
"""


def environment(engine: Path) -> dict[str, str]:
    """What plain `pulumi` commands need in this checkout, as environment variables."""
    return {
        "PATH": os.pathsep.join([str(engine), str(ROOT / ".venv/bin"), "$PATH"]),
        "PULUMI_HOME": str(ROOT / ".pulumi-home"),
        "PULUMI_CONFIG_PASSPHRASE": "",
    }


def line_to_paste(engine: Path) -> str:
    """One line for a POSIX shell after which plain `pulumi` commands work."""
    values = environment(engine)
    values["PATH"] = f'"{values["PATH"]}"'
    quoted = {name: value if name == "PATH" else shlex.quote(value) for name, value in values.items()}
    return f"cd {shlex.quote(str(ROOT))} && export " + " ".join(f"{name}={value}" for name, value in quoted.items())


class Deployment:
    """The stack `dev` of the checkout's project."""

    def __init__(self, engine: Path) -> None:
        values = environment(engine)
        values["PATH"] = values["PATH"].replace("$PATH", os.environ.get("PATH", os.defpath))
        foreign = ("PULUMI_BACKEND_URL", "PULUMI_STACK", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")
        inherited = {name: value for name, value in os.environ.items() if name not in foreign}
        self.environment = {**inherited, "PULUMI_SKIP_UPDATE_CHECK": "true", **values}
        self.data = ROOT / ".pulumi-home/acr-tasks-emulator" / PROJECT / STACK

    def run(self, *command: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, env=self.environment, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]  # the options decide the overload

    def up(self) -> int:
        """Deploys; returns pulumi's exit status."""
        for folder in (".pulumi-state", ".pulumi-home"):
            (ROOT / folder).mkdir(exist_ok=True)
        selected = self.run("pulumi", "stack", "select", "--create", STACK, "--non-interactive")
        return selected.returncode or self.run("pulumi", "up", "--yes", "--stack", STACK).returncode

    def emulator(self) -> dict[str, str]:
        """Where the embedded emulator is; empty when none runs."""
        told = self.run("acr-tasks-emulator", "status", "--data", str(self.data), "--json", capture_output=True)
        return dict(json.loads(told.stdout)) if told.returncode == 0 else {}


def what_next(engine: Path, deployment: Deployment) -> str:
    """What a newcomer may want to see and to try after the first deployment."""
    emulator = deployment.emulator()
    command, data = ".venv/bin/acr-tasks-emulator", f"--data {deployment.data.relative_to(ROOT)}"
    dashboard = emulator.get("dashboard", f"the emulator is not running; start it with {command} serve --detach {data}")
    return f"""
Dashboard      {dashboard}
Stop it        {command} stop {data}
               (it ends by itself after 15 idle minutes; the data stays)

Paste this line, and `pulumi` works in your shell:

{line_to_paste(engine)}

Then try:
  1. Change examples/quickstart/app/index.html. `pulumi preview` names it; `pulumi up` builds just the image.
  2. Add `timeout=600` to the task in examples/quickstart/__main__.py. `pulumi preview --diff` says `PATCH timeout`.
  3. Spell COPY wrong in examples/quickstart/app/Dockerfile and run `pulumi up`: read how a failed build looks.
Clean up with `pulumi destroy`.
{SIMULATED if emulator.get("executor") == "simulated" else ""}"""


def main(engine: str) -> int:
    deployment = Deployment(Path(engine))
    status = deployment.up()
    if status == 0:
        print(what_next(Path(engine), deployment))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
