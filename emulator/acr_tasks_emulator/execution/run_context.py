"""The folder of a run, and the images that the run has built and pushed so far."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acr_tasks_emulator.execution.build.image_name import ImageName, parse
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.unpack import unpack
from acr_tasks_emulator.execution.task_file.graph import Step
from acr_tasks_emulator.execution.task_file.networks_and_volumes import NO_KEY_VAULT

if TYPE_CHECKING:
    from acr_tasks_emulator.execution.source.fetch import SourceFetcher


@dataclass
class RunContext:
    """A run in progress: its job, log and cancellation, its files, and the images that it built and pushed."""

    job: Job
    log: RunLog
    cancellation: Cancellation
    folder: Path
    built: dict[str, str] = field(default_factory=dict)  # full name -> image id
    pushed: list[dict[str, str]] = field(default_factory=list)
    base_images: list[dict[str, str]] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)  # steps that printed one of their `retryOnErrors`
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def source(self) -> Path:
        """Return the folder of the unpacked source, which steps see as /workspace."""
        return self.folder / "source"

    @property
    def scratch(self) -> Path:
        """Return the folder for files that the run's containers do not see."""
        return self.folder / "scratch"

    @property
    def home(self) -> Path:
        """Return the home folder that the run's containers share."""
        return self.folder / "home"

    @property
    def volumes(self) -> Path:
        """Return the folder with a folder for each volume of the task file."""
        return self.folder / "volumes"

    @property
    def authfile(self) -> Path | None:
        """Return the file with the sign-ins to the run's custom registries; None without any."""
        path = self.folder / "auth.json"
        return path if path.exists() else None

    def full_name(self, text: str) -> ImageName:
        """Return an image's full name; one without a host is Docker Hub's, as everywhere with docker.

        The name that Azure would give the registry means the same registry. Raises ImageNameError.
        """
        name = parse(text)
        if name.host in self.job.own_hosts:
            return ImageName(self.job.login_server, name.repository, name.tag, name.digest)
        return name

    def fill_volumes(self, volumes: Mapping[str, Mapping[str, bytes]]) -> None:
        """Write the files of the task's volumes; the log does not show what is in them."""
        for name, files in volumes.items():
            folder = self.volumes / name
            folder.mkdir(parents=True)
            for file, content in files.items():
                (folder / file).write_bytes(content)
                self.log.hide([content.decode(errors="replace")])

    def note_retry_error(self, step: Step, line: str) -> None:
        """Note that a step printed one of the errors after which it is retried."""
        if any(error in line for error in step.retry_on_errors):
            self.matched.add(step.id)

    def of_step(self, cancellation: Cancellation) -> RunContext:
        """Return this context with the cancellation of one step; the rest is shared."""
        return replace(self, cancellation=cancellation)

    def open(self, fetcher: SourceFetcher) -> None:
        """Make the folder, and unpack or fetch the source. Raises SourceError."""
        for host, member in self.job.vault_secrets():
            raise SourceError(f"{NO_KEY_VAULT}: give the {member} for {host} as Opaque")
        self.scratch.mkdir(parents=True, mode=0o700)
        auths = {
            host: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
            for host, user, password in self.job.sign_ins()
        }
        if auths:
            with os.fdopen(os.open(self.folder / "auth.json", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                json.dump({"auths": auths}, file)
        if self.job.fetched_from:
            git = fetcher.fetch(self.job.fetched_from, self.source, self)
            self.job = replace(self.job, git={**git, **{k: v for k, v in self.job.git.items() if v}})
        self.unpack()

    def unpack(self) -> None:
        """Unpack an uploaded source; the folder is there in any case. Raises SourceError."""
        if self.job.source is not None:
            unpack(self.job.source, self.source, self.cancellation)
        self.source.mkdir(parents=True, exist_ok=True)


def check_texts(job: Job) -> None:
    """Raise SourceError for a job with a text that no program can be given."""
    if _holds_nul([job.step, job.values, job.source_location]):
        raise SourceError("a text of this run holds the character NUL, with which no program can be started")


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_holds_nul, value))
