"""A service with scripted answers, and a clock that a test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from pulumi_acr_tasks.arm.client import Client, with_middleware
from pulumi_acr_tasks.arm.http.transport import CORRELATION_ID, Operation, transport
from pulumi_acr_tasks.arm.ids import RegistryId

ENDPOINT = "https://arm.example.org"

REGISTRY = RegistryId("S", "G", "registry")


@dataclass
class FakeClock:
    """A clock that stands still until something sleeps."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Service:
    """A service that gives its answers one after the other, and records the requests."""

    answers: list[Any]
    requests: list[httpx.Request] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    correlation_ids: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.correlation_ids.append(request.headers.get(CORRELATION_ID, ""))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer)

    def client(self) -> Client:
        send = transport(httpx.Client(transport=httpx.MockTransport(self)))
        return Client(with_middleware(send, ENDPOINT, None, "", self.clock, jitter=False), ENDPOINT, self.clock)


def refusal(status: int, code: str, message: str = "no", target: str = "", **headers: str) -> httpx.Response:
    error = {"code": code, "message": message, "target": target, "details": [{"code": "Forbidden", "message": None}]}
    return httpx.Response(status, json={"error": error}, headers=headers)


def plain_request(method: str = "GET", url: str = f"{ENDPOINT}/x", **operation: Any) -> httpx.Request:
    return httpx.Request(method, url, extensions={"operation": Operation("try", "/x", **operation)})
