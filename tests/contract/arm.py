"""The service as tests speak to it, and where it is."""

from __future__ import annotations

import ssl
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

API_VERSION = "2019-04-01"
REGISTRY_API_VERSION = "2023-07-01"  # the registry itself is not served under 2019-04-01
ENDS = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")


@dataclass(frozen=True)
class Coordinates:
    """Where the service is. Each is an environment variable: ACR_TASKS_ENDPOINT, ACR_TASKS_REGISTRY and so on."""

    endpoint: str  # scheme, host and port
    registry: str  # the registry's resource id
    token: str  # a bearer token
    patience: float  # seconds that a run may take from being scheduled to its end
    settle: float  # seconds after which a run that has not started is waiting for an agent
    repository_url: str  # a repository in which `repository_token` may make webhooks
    repository_token: str
    ca: str | None = None  # path of the certificate of a CA to trust for https, beside none else


class Arm:
    """The service as a test speaks to it: plain httpx, paths relative to the registry, nothing retried or checked."""

    def __init__(self, coordinates: Coordinates) -> None:
        self.coordinates = coordinates
        self.registry = coordinates.registry
        self.patience = coordinates.patience
        self.settle = coordinates.settle
        headers = {"Authorization": f"Bearer {coordinates.token}"}
        verify = ssl.create_default_context(cafile=coordinates.ca)  # without one, those of the machine
        self.http = httpx.Client(base_url=coordinates.endpoint, headers=headers, timeout=60, verify=verify)

    def __call__(self, method: str, path: str, json: Any = None, **query: Any) -> httpx.Response:
        """Send one request under a fresh correlation id; a path that begins with a slash is that of the host."""
        api_version = query.pop("api_version", API_VERSION)
        return self.http.request(
            method,
            path if path.startswith("/") else f"{self.registry}/{path}",
            params={"api-version": api_version, **query},
            json=json,
            headers={"x-ms-correlation-request-id": str(uuid.uuid4())},
        )

    def ok(self, method: str, path: str, json: Any = None, **query: Any) -> Any:
        """Return the body of an answer that has to be 200."""
        answer = self(method, path, json, **query)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    def until(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """Poll a run until it has one of the statuses; by default one that ends it."""
        wanted = statuses or ENDS
        deadline = time.monotonic() + self.patience
        while True:
            run = self.ok("GET", f"runs/{run_id}")
            status = run["properties"]["status"]
            if status in wanted:
                return run
            assert status not in ENDS, f"{run_id} ended {status} before it was {wanted}"
            assert time.monotonic() < deadline, f"{run_id} is still {status}, not {wanted}"
            time.sleep(0.05)  # a question every 50 ms, not a guess at how long the run takes

    def schedule(self, request: dict[str, Any]) -> str:
        """Schedule a run and return its id."""
        return self.ok("POST", "scheduleRun", request)["properties"]["runId"]

    def log_link(self, run_id: str) -> str:
        return self.ok("POST", f"runs/{run_id}/listLogSasUrl")["logLink"]
