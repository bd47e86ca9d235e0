"""The service as no HTTP client would speak to it: targets and headers are sent as they are spelled."""

from __future__ import annotations

import http.client
import json
import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..arm import Coordinates
from ..specification.specification import error_problems


@dataclass(frozen=True)
class Answer:
    """The answer to a request; header names are in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    def error(self) -> dict[str, str]:
        error: dict[str, str] = json.loads(self.content)["error"]
        return error


class Wire:
    """A client that sends targets as they are spelled; an HTTP library would normalize them."""

    def __init__(self, coordinates: Coordinates) -> None:
        self.registry = coordinates.registry
        self._token = coordinates.token
        address = urlsplit(coordinates.endpoint)
        self._kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._address = (address.hostname or "", address.port)

    def __call__(self, method: str, target: str, content: bytes = b"", **headers: str) -> Answer:
        """Send a request and check what all answers have in common; `_` in names of headers is a hyphen."""
        correlation_id = str(uuid.uuid4())
        every = {"Authorization": f"Bearer {self._token}", "x-ms-correlation-request-id": correlation_id, **headers}
        if content or method in ("PUT", "PATCH", "POST"):
            every["Content-Length"] = str(len(content))
        with closing(self._kind(*self._address, timeout=60)) as connection:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in every.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(content or None)
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        self.check(method, answer, correlation_id)
        return answer

    def json(self, method: str, target: str, body: Any) -> Answer:
        """Send a body that is written as JSON."""
        return self(method, target, json.dumps(body).encode(), Content_Type="application/json")

    @staticmethod
    def check(method: str, answer: Answer, correlation_id: str) -> None:
        assert answer.status < 500, answer
        assert answer.headers["x-ms-correlation-request-id"] == correlation_id
        assert answer.headers["x-ms-request-id"]
        if method == "HEAD":
            assert answer.content == b""
            return
        if answer.status >= 400:
            assert error_problems(answer.content) == []
        if answer.content:
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
