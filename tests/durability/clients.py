"""Clients that write at the same time, and remember what the emulator has acknowledged."""

from __future__ import annotations

import base64
import io
import random
import tarfile
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

TASKS_EACH = 50
RUNS_EACH = 5

COMMANDS = (
    "busybox echo hello",
    "busybox sh -c 'echo hello; sleep 0.3'",
    "busybox sh -c 'setsid sleep 600 & echo hello; sleep 0.3'",  # a daemon, which only the emulator ends
)


@dataclass
class Acknowledged:
    """The tasks, runs and sources that the emulator has acknowledged; a task that is None was deleted."""

    tasks: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    asked: dict[str, dict[str, Any] | None] = field(default_factory=dict)  # requests without an answer yet
    runs: set[str] = field(default_factory=set)
    sources: dict[str, bytes] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    answers: int = 0

    def one_more(self) -> None:
        """Count an answer."""
        with self.changed:
            self.answers += 1
            self.changed.notify_all()

    def wait_for(self, more: int) -> None:
        """Return when there are so many answers more than now."""
        with self.changed:
            wanted = self.answers + more
            assert self.changed.wait_for(lambda: self.answers >= wanted, 300), "the emulator does not answer"


class Arm:
    """A client of one registry, without any retry."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.registry = about["registries"][0]
        self.http = httpx.Client(base_url=about["endpoint"], timeout=60, trust_env=False)

    def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.http.request(method, f"{self.registry}/{path}", params={"api-version": "2019-04-01"}, json=body)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self(method, path, body)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.content else None


class Client(threading.Thread):
    """A thread that writes its own tasks, uploads sources and schedules runs, until the emulator does not answer.

    number: the client's, which is part of the names of its tasks.
    """

    def __init__(self, number: int, about: dict[str, Any], acknowledged: Acknowledged, choice: random.Random) -> None:
        super().__init__(name=f"client-{number}", daemon=True)
        self.failure: BaseException | None = None
        self._number = number
        self._arm = Arm(about)
        self._acknowledged = acknowledged
        self._choice = choice

    def run(self) -> None:
        try:
            with self._arm.http:
                self._write_on()
        except httpx.TransportError:
            return  # the emulator was killed
        except BaseException as error:
            self.failure = error

    def _write_on(self) -> None:
        runs = 0
        while True:
            for task in range(TASKS_EACH):
                self._write_task(f"task-{self._number}-{task}")
                if task % (TASKS_EACH // RUNS_EACH) == 0:
                    self._upload()
                    if runs < RUNS_EACH:
                        self._schedule(runs)
                        runs += 1

    def _write_task(self, name: str) -> None:
        tasks, asked = self._acknowledged.tasks, self._acknowledged.asked
        if tasks.get(name) and self._choice.random() < 0.1:
            asked[name] = None
            self._arm.ok("DELETE", f"tasks/{name}")
            tasks[name] = None
        else:
            properties = {"platform": {"os": "Linux"}, "timeout": self._choice.randrange(300, 28800)}
            properties["step"] = {"type": "EncodedTask", "encodedTaskContent": encoded("busybox true")}
            asked[name] = {"location": "westeurope", "properties": properties}
            tasks[name] = self._arm.ok("PUT", f"tasks/{name}", asked[name])
        del asked[name]
        self._acknowledged.one_more()

    def _upload(self) -> str:
        """Upload a context of any size, in one piece or in blocks; return its relative path."""
        content = context(self._choice.randbytes(self._choice.randrange(1, 300_000)))
        target = self._arm.ok("POST", "listBuildSourceUploadUrl")
        with httpx.Client(timeout=60, trust_env=False) as blobs:
            if self._choice.random() < 0.5:
                created(blobs.put(target["uploadUrl"], content=content, headers={"x-ms-blob-type": "BlockBlob"}))
            else:
                self._upload_blocks(blobs, target["uploadUrl"], content)
        self._acknowledged.sources[target["relativePath"]] = content
        self._acknowledged.one_more()
        return str(target["relativePath"])

    def _upload_blocks(self, blobs: httpx.Client, url: str, content: bytes) -> None:
        names = []
        for first in range(0, len(content), 50_000):
            names.append(base64.b64encode(uuid.uuid4().bytes).decode())
            part = content[first : first + 50_000]
            created(blobs.put(url, params={**query(url), "comp": "block", "blockid": names[-1]}, content=part))
        listed = "".join(f"<Latest>{name}</Latest>" for name in names)
        created(blobs.put(url, params={**query(url), "comp": "blocklist"}, content=f"<BlockList>{listed}</BlockList>"))

    def _schedule(self, number: int) -> None:
        platform = {"os": "linux"}
        request: dict[str, Any]
        if number < len(COMMANDS):
            content = encoded(COMMANDS[number])
            request = {"type": "EncodedTaskRunRequest", "platform": platform, "encodedTaskContent": content}
        else:
            request = {"type": "DockerBuildRequest", "platform": platform, "dockerFilePath": "Dockerfile"}
            request |= {"sourceLocation": self._upload(), "imageNames": [f"image-{self._number}-{number}:v1"]}
            request |= {"noCache": True}
        self._acknowledged.runs.add(self._arm.ok("POST", "scheduleRun", request)["name"])
        self._acknowledged.one_more()


def encoded(command: str) -> str:
    return base64.b64encode(f"version: v1.1.0\nsteps:\n  - cmd: {command}\n".encode()).decode()


def context(data: bytes) -> bytes:
    """Return a context whose Dockerfile starts a daemon."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        dockerfile = b"FROM busybox\nCOPY data /\nRUN setsid sleep 600 & sleep 0.3\n"
        for name, content in (("Dockerfile", dockerfile), ("data", data)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def query(url: str) -> dict[str, str]:
    return dict(httpx.URL(url).params)


def created(answer: httpx.Response) -> None:
    assert answer.status_code == 201, answer.text
