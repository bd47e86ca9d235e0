"""The login server forwards requests: only valid registry requests, each as exactly one request."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

pytestmark = [
    pytest.mark.emulator_choice("the OCI distribution specification has no such addresses"),
    pytest.mark.skipif(shutil.which("docker-registry") is None, reason="docker-registry is not installed"),
]


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "path",
    [
        "/v2/../debug/vars",
        "/v2/%2e%2e/",
        "/v2/%2e%2e/%2e%2e/",
        "/v2/a/..%2f..%2f..%2fdebug/vars",
        "/v2/./_catalog",
        "/v2//_catalog",
        "/v2/a%5c..%5cb/tags/list",
        "/v2/%00/tags/list",
        "/v2/a%20b/tags/list",
        "/v2/#/tags/list",
        "/v2/%252e%252e/tags/list",
        "/v2/%ff/tags/list",
    ],
)
def test_malformed_addresses_are_not_forwarded(raw: Any, path: str) -> None:
    """An address that leads elsewhere, or is not a name, is refused in the registry's own words."""
    answer = raw(f"GET {path} HTTP/1.1")
    assert status(answer) == 404
    assert b'"NAME_INVALID"' in answer


def test_valid_addresses_are_forwarded(arm: Any, raw: Any) -> None:
    """Names of several parts, tags, digests and encoded colons reach the registry."""
    assert arm.http.get("/v2/").status_code == 200
    assert arm.http.get("/v2/_catalog").status_code == 200
    assert b'"NAME_UNKNOWN"' in raw("GET /v2/team/my_app.x/tags/list HTTP/1.1")
    digest = "sha256%3a" + "0" * 64
    assert b'"BLOB_UNKNOWN"' in raw(f"GET /v2/team/app/blobs/{digest} HTTP/1.1")


def test_a_second_request_cannot_be_smuggled(raw: Any) -> None:
    """Two lengths, and a second request in the body of the first, do not reach the registry."""
    hidden = b"0\r\n\r\nDELETE /v2/app/manifests/latest HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = raw("POST /v2/app/blobs/uploads/ HTTP/1.1", "Content-Length: 4", "Transfer-Encoding: chunked", body=hidden)
    assert status(answer) in (202, 400)
    assert answer.count(b"HTTP/1.1 ") == 1
    answer = raw("POST /v2/app/blobs/uploads/ HTTP/1.1", "Content-Length: 5", "Content-Length: 4", body=hidden)
    assert status(answer) == 400


def test_headers_of_the_connection_are_not_forwarded(raw: Any) -> None:
    """Headers about the connection, the forwarding host and the sign-in are not forwarded."""
    told = (
        "Connection: close, X-Registry-State",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
        "Forwarded: host=evil.example;proto=https",
        "Upgrade: websocket",
        "TE: trailers",
    )
    answer = raw("POST /v2/app/blobs/uploads/ HTTP/1.1", *told, "Content-Length: 0")
    assert status(answer) == 202, answer
    assert b"evil.example" not in answer
    assert b"ocation: /v2/app/blobs/uploads/" in answer
