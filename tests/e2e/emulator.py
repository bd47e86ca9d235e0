"""A running emulator, whose answers a scenario compares with the screen and the state."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

API_VERSION = {"api-version": "2019-04-01"}
SECONDS = 120  # for an answer, or the end of the process; a slow machine does not reach it


@dataclass
class Emulator:
    """An emulator: its address, and requests to it."""

    endpoint: str
    login_server: str
    registry_id: str
    executor: str
    ca_cert: str | None = None
    token: str = "any"
    pid: int = 0

    @classmethod
    def from_ready_line(cls, line: str, token: str = "any") -> Emulator:
        ready = json.loads(line)
        return cls(
            ready["endpoint"],
            ready["loginServer"],
            ready["registries"][0],
            ready["executor"],
            ready["caCert"],
            token,
            ready["pid"],
        )

    @classmethod
    @contextlib.contextmanager
    def started(cls, data: Path, *options: str, token: str = "any") -> Iterator[Emulator]:
        """Start a server on a free port, and end that very process afterwards. With a `token` it demands that one."""
        command = ["acr-tasks-emulator", "serve", "--port", "0", "--data", str(data), *options]
        environment = os.environ if token == "any" else {**os.environ, "ACR_TASKS_EMULATOR_TOKEN": token}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout
        try:
            yield cls.from_ready_line(process.stdout.readline(), token)
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)
            process.stdout.close()

    @property
    def config(self) -> dict[str, str]:
        """Return the configuration of stacks whose resources live in this emulator's registry."""
        part = self.registry_id.split("/")
        return {
            "endpoint": self.endpoint,
            "subscriptionId": part[2],
            "resourceGroupName": part[4],
            "registryName": part[8],
        }

    @functools.cached_property
    def client(self) -> httpx.Client:
        """A client whose connections end with their requests: the emulator may be killed in between.

        Plain http loads no certificates, which takes longer than a request.
        """
        trust = ssl.create_default_context(cafile=self.ca_cert) if self.ca_cert else False
        headers = {"Authorization": f"Bearer {self.token}"}
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(base_url=self.endpoint, timeout=SECONDS, headers=headers, verify=trust, limits=limits)

    def ask(self, method: str, suffix: str, **options: Any) -> httpx.Response:
        """Send one request below the registry, as any client of the service would."""
        return self.client.request(method, f"{self.registry_id}{suffix}", params=API_VERSION, **options)

    def task(self, name: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/tasks/{name}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def runs(self) -> list[dict[str, Any]]:
        """Return the `properties` of all runs, newest first."""
        return [run["properties"] for run in self.ask("GET", "/runs").json()["value"]]

    def ends(self) -> list[str]:
        """Wait until all runs have ended, and return their statuses, newest first."""
        until = time.monotonic() + SECONDS
        while under_way := [run for run in self.runs() if "finishTime" not in run]:
            assert time.monotonic() < until, under_way
            time.sleep(0.1)  # between two looks
        return [run["status"] for run in self.runs()]

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests since the last `forget_requests`."""
        told = self.client.get("/_emulator/requests").json()
        return list(told["value"] if isinstance(told, dict) else told)

    def methods(self) -> list[str]:
        """Return the verbs of these requests, in their order."""
        return [request["method"] for request in self.requests()]

    def writes(self) -> list[str]:
        """Return `METHOD last-path-segment` of each of these requests that writes."""
        return [
            f"{request['method']} {request['path'].rsplit('/', 1)[-1]}"
            for request in self.requests()
            if request["method"] not in ("GET", "HEAD")
        ]

    def forget_requests(self) -> None:
        self.client.delete("/_emulator/requests").raise_for_status()

    def reset(self) -> None:
        """Remove registries, tasks, runs, faults and the log of requests; the first registry is empty again."""
        self.client.post("/_emulator/reset").raise_for_status()

    def meets(self, *faults: dict[str, Any]) -> None:
        """Let requests meet these faults from now on, in place of those before."""
        self.client.put("/_emulator/faults", json=list(faults)).raise_for_status()
