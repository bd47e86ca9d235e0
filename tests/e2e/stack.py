"""A stack of the real engine in a folder of its own, with its state, Pulumi's home and its program."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .host import DYNAMIC, Host

NEW_INTERPRETERS = {"PATH": os.environ["PATH"], "PULUMI_PYTHON_CMD": ""}
SECONDS = 600  # the end of a command that hangs; a slow machine does not reach it


@dataclass
class Outcome:
    """The outcome of a pulumi command: its exit status and its whole output."""

    status: int
    screen: str

    def __post_init__(self) -> None:
        print(self.screen)

    def succeeded(self) -> Outcome:
        assert self.status == 0, self.screen
        return self

    def failed(self) -> Outcome:
        """Check that the exit status is not zero, and that the screen has no traceback."""
        assert self.status != 0, self.screen
        assert "Traceback" not in self.screen, self.screen
        return self

    def changed_nothing(self) -> Outcome:
        self.succeeded()
        assert "unchanged" in self.screen, self.screen
        for word in (" created", " updated", " replaced", " deleted"):
            assert word not in self.screen.partition("Resources:")[2], self.screen
        return self


def _skip(preview: bool) -> tuple[str, ...]:
    return () if preview else ("--skip-preview",)


def _environment() -> dict[str, str]:
    """Return this process's environment without the settings of somebody who works with Azure and Pulumi."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ARM_", "AZURE_", "PULUMI_"))}


def _with_namespace(config: dict[str, str]) -> dict[str, str]:
    return {key if ":" in key else f"acr-tasks:{key}": value for key, value in config.items()}


class Stack:
    """A project with the one stack `dev`."""

    def __init__(
        self,
        folder: Path,
        project: str,
        *,
        program: str = "",
        example: Path | None = None,
        host: Host = DYNAMIC,
        like: Stack | None = None,
        forked: bool = True,
        environment: Mapping[str, str] | None = None,
        secrets_provider: str = "default",
        **config: str,
    ) -> None:
        """Make the stack in a new folder: as a copy of a stack that is `like` it, else by `pulumi stack init`.

        Its Python processes are forks, or while it is not `forked` new interpreters, as users have them.
        """
        self.folder, self.project, self.host, self.forked = folder, project, host, forked
        if example:
            shutil.copytree(example, folder)
            for file in folder.rglob("*.py"):
                file.write_text(host.program(file.read_text()))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".state").mkdir()
        self.environment = {
            **(like.environment if like else _environment()),
            **(environment or {}),
            "PULUMI_HOME": str(folder / ".home"),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_COLOR": "1",
            "PWD": str(folder),
        }
        settings: dict[str, Any] = dict(like._settings()) if like else {}
        if (folder / "Pulumi.yaml").exists():
            self.project = YAML().load(folder / "Pulumi.yaml")["name"]
            self.environment["PULUMI_BACKEND_URL"] = f"file://{folder}/.state"
            settings["config"] = _with_namespace(config)
        else:
            self.configure(**config)
        self.write("Pulumi.dev.yaml", json.dumps(settings))
        if program:
            self.write("__main__.py", program)
        if like:
            self._copy_state(like)
        else:
            self.pulumi("stack", "init", "dev", "--secrets-provider", secrets_provider).succeeded()

    def _settings(self) -> dict[str, str]:
        """Return the stack's encryption settings, as `stack init` wrote them."""
        written = YAML().load(self.folder / "Pulumi.dev.yaml")
        return {name: str(value) for name, value in written.items() if name != "config"}

    def _copy_state(self, like: Stack) -> None:
        """Copy the state of a new stack; the project's name is all that differs."""
        for pattern in ("meta.yaml", "dev.json"):
            [file] = (like.folder / ".state").rglob(pattern)
            name, text = str(file.relative_to(like.folder)), file.read_text()
            self.write(*(part.replace(f"/{like.project}/", f"/{self.project}/") for part in (name, text)))

    def configure(self, **config: str) -> None:
        """Write Pulumi.yaml with these values of the namespace acr-tasks."""
        values = "".join(f"  acr-tasks:{key}: {{value: {json.dumps(value)}}}\n" for key, value in config.items())
        runtime = "runtime:\n  name: python\n  options: {toolchain: pip}\n"
        backend = "backend:\n  url: file://./.state\n"
        self.write(
            "Pulumi.yaml", f"name: {self.project}\n{runtime}{backend}" + (f"config:\n{values}" if values else "")
        )

    def write(self, name: str, text: str) -> None:
        """Write a file of the project; a program imports the stack's host."""
        if name.endswith(".py"):
            text = self.host.program(text)
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a pulumi command in a process group of its own, as a terminal does."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment if self.forked else {**self.environment, **NEW_INTERPRETERS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def ended(process: subprocess.Popen[str]) -> Outcome:
        """Wait for a started command, and return what is left of its screen."""
        assert process.stdout is not None
        # Not `communicate` with a timeout: it drops the lines that this stream holds already after a line was read.
        limit = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        limit.start()
        try:
            screen = process.stdout.read()
            return Outcome(process.wait(), screen)
        finally:
            limit.cancel()
            process.stdout.close()

    def pulumi(self, *arguments: str) -> Outcome:
        return self.ended(self.start(*arguments))

    def up(self, *options: str, preview: bool = False) -> Outcome:
        return self.pulumi("up", "--yes", "--stack", "dev", *_skip(preview), *options)

    def preview(self, *options: str) -> Outcome:
        return self.pulumi("preview", "--stack", "dev", *options)

    def refresh(self, *options: str, preview: bool = False) -> Outcome:
        return self.pulumi("refresh", "--yes", "--stack", "dev", *_skip(preview), *options)

    def destroy(self, *options: str, preview: bool = False) -> Outcome:
        return self.pulumi("destroy", "--yes", "--stack", "dev", *_skip(preview), *options)

    def _state(self) -> list[dict[str, Any]]:
        """Return the resources as the backend keeps them."""
        [file] = (self.folder / ".state/.pulumi/stacks").rglob("dev.json")
        latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
        return list(latest.get("resources") or [])

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs; the engine is asked where one of them is secret."""
        [stack] = [each for each in self._state() if each["type"] == "pulumi:pulumi:Stack"]
        outputs = dict(stack.get("outputs", {}))
        if "ciphertext" not in json.dumps(outputs):
            return outputs
        told = self.pulumi("stack", "output", "--json", "--stack", "dev", "--show-secrets").succeeded()
        return dict(json.loads(told.screen))

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the state's resources of ours, by name."""
        found = self._state()
        return {
            each["urn"].rpartition("::")[2]: each
            for each in found
            if "acr-tasks:" in each["type"] and "providers" not in each["type"]
        }

    def settles(self) -> None:
        """Check the end of a scenario: a second up and a refresh change nothing, and destroy leaves nothing."""
        self.up().changed_nothing()
        self.refresh().changed_nothing()
        self.destroy().succeeded()
        assert self.resources() == {}

    def remove(self) -> None:
        """Destroy everything and remove the stack: the engine refuses where a resource is left."""
        self.destroy("--remove").succeeded()
