"""Each request of the provider, under each fault: any answer of a service, a gateway or a proxy becomes a sentence.

A real server answers every request with the one fault, so that a cut body is possible too. A clock that does not wait
stands in for the pauses between attempts.
"""

from __future__ import annotations

import contextlib
import gc
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client, with_middleware
from pulumi_acr_tasks.arm.http.connection import open_http
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.source import upload

# OpenSSL's socket to a server that does not speak TLS is closed by nobody.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

REGISTRY = RegistryId("S", "G", "contoso")
TASK, RUN = f"{REGISTRY}/tasks/build", f"{REGISTRY}/runs/cf1"

# Each request: what it does, to which resource, and how often it is sent while it gets no answer.
REQUESTS: dict[str, tuple[Callable[[Client], Any], str, bool]] = {
    "GET registry": (lambda c: c.registries.get(REGISTRY), f"read registry {REGISTRY}:", True),
    "list tasks": (lambda c: list(c.tasks.list(REGISTRY)), f"list tasks of {REGISTRY}:", True),
    "GET task": (lambda c: c.tasks.get(REGISTRY, "build"), f"read task {TASK}:", True),
    "PUT": (lambda c: c.tasks.create(REGISTRY, "build", {}), f"create or replace task {TASK}:", True),
    "PATCH": (lambda c: c.tasks.update(REGISTRY, "build", {}), f"update task {TASK}:", True),
    "DELETE": (lambda c: c.tasks.delete(REGISTRY, "build"), f"delete task {TASK}:", True),
    "listDetails": (lambda c: c.tasks.get_details(REGISTRY, "build"), f"read the secrets of task {TASK}:", True),
    "upload URL": (
        lambda c: c.registries.get_build_source_upload_url(REGISTRY),
        f"get an upload URL of {REGISTRY}:",
        True,
    ),
    "scheduleRun": (lambda c: c.registries.schedule_run(REGISTRY, {}), f"schedule run in {REGISTRY}:", False),
    "GET run": (lambda c: c.runs.get(REGISTRY, "cf1"), f"read run {RUN}:", True),
    "list runs": (lambda c: list(c.runs.list(REGISTRY)), f"list runs of {REGISTRY}:", True),
    "PATCH run": (lambda c: c.runs.update(REGISTRY, "cf1", {}), f"update run {RUN}:", True),
    "log URL": (lambda c: c.runs.get_log_sas_url(REGISTRY, "cf1"), f"get the log URL of run {RUN}:", True),
    "cancel": (lambda c: c.runs.cancel(REGISTRY, "cf1"), f"cancel run {RUN}:", True),
}


def _answer(status: int, body: str, kind: str = "application/json", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    length = headers.get("Content_Length") or str(len(body))
    more = more if "Content_Length" in headers else f"{more}Content-Length: {length}\r\n"
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n{body}".encode()


def _refusal(status: int, code: str, **headers: str) -> bytes:
    return _answer(status, f'{{"error": {{"code": "{code}", "message": "the words of {code}"}}}}', **headers)


PAGE = "<!DOCTYPE html><html><head><title>Company portal</title></head><body>Please log in</body></html>"
AGAIN, PROXY, CUT = ", 6 times", "HTTPS_PROXY and NO_PROXY", "it was cut on its way"

# Each fault: the answer (None: the connection is closed), and what the error says of it. `{again}` stands for the
# number of attempts, which is told of requests that may be repeated.
FAULTS: dict[str, tuple[bytes | None, list[str]]] = {
    "dropped": (None, ["RemoteProtocolError", "{tried 6 times within}", "check acr-tasks:endpoint when this goes on"]),
    "401": (_refusal(401, "ExpiredToken"), ["401 ExpiredToken", "the words of ExpiredToken", "sign in again"]),
    "403": (_refusal(403, "AuthorizationFailed"), ["403 AuthorizationFailed", "the words of", "Tasks Contributor"]),
    "404": (_refusal(404, "ResourceNotFound"), ["404 ResourceNotFound", "the words of", "pulumi refresh"]),
    "404 of the group": (_refusal(404, "ResourceGroupNotFound"), ["404 ResourceGroupNotFound", "check the names of"]),
    "409": (_refusal(409, "Conflict"), ["409 Conflict", "the words of Conflict", "run pulumi up again"]),
    "429": (
        _refusal(429, "TooManyRequests", Retry_After="0"),
        ["429 TooManyRequests, 6 times", "the words of TooManyRequests", "try again in a minute"],
    ),
    "500": (
        _refusal(500, "InternalError"),
        ["500 InternalError{, 6 times}", "the words of", "is unavailable: run pulumi up"],
    ),
    "503": (
        _refusal(503, "Unavailable"),
        ["503 Unavailable{, 6 times}", "the words of", "is unavailable: run pulumi up"],
    ),
    "503 of a gateway": (
        _answer(503, PAGE, "text/html"),
        ["503", "an HTML page, 'Company portal' (503 text/html"],
    ),
    "407": (_answer(407, "", "text/plain"), ["407", "the proxy of HTTPS_PROXY wants a user"]),
    "307": (
        _answer(307, "", Location="https://elsewhere.example.org/x?sig=c4nary"),
        ["it redirects to https://elsewhere.example.org:443", "set acr-tasks:endpoint to the Resource Manager's own"],
    ),
    "HTML": (_answer(200, PAGE, "text/html"), ["(200 text/html from 127.0.0.1", "'Company portal'", PROXY]),
    "cut body": (_answer(200, '{"na', Content_Length="400"), ["RemoteProtocolError", "{tried 6 times within}"]),
    "cut JSON": (
        _answer(200, '{"na'),
        ["(200 application/json from 127.0.0.1", "it is no JSON, or not", CUT],
    ),
    "empty": (_answer(200, ""), ["(200 application/json from 127.0.0.1", "it is empty", CUT]),
    "null": (_answer(200, "null"), ["it is null where an object is expected", "check acr-tasks:endpoint"]),
    "list": (_answer(200, "[]"), ["it is a list where an object is expected", "check acr-tasks:endpoint"]),
    "members of other types": (
        _answer(200, '{"name": 7, "value": 7, "location": 7, "uploadUrl": 7, "logLink": 7, "x": "c4nary"}'),
        ["the answer is not understood (200 application/json", "another service may be there"],
    ),
}
# An empty answer, or one of whatever members, says all that is to be said: the request was accepted.
ENOUGH = {("DELETE", "empty"), ("cancel", "empty")} | {
    (name, "members of other types") for name in ("DELETE", "cancel")
}


class _Instant:
    """A clock that does not wait."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        pass


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    answer: bytes | None = None
    asked = 0


class _Handler(socketserver.StreamRequestHandler):
    """A handler that reads one request, and answers as the server was set up."""

    server: _Server

    def handle(self) -> None:
        self.server.asked += 1
        length = 0
        with contextlib.suppress(ConnectionError):
            if self.rfile.peek(1)[:1] == b"\x16":  # TLS begins so: a http server answers in clear
                self.wfile.write(self.server.answer or b"")
                return
            while (line := self.rfile.readline().strip().lower()) != b"":
                length = int(line.partition(b":")[2]) if line.startswith(b"content-length:") else length
            self.rfile.read(length)
            if self.server.answer is not None:
                self.wfile.write(self.server.answer)


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with open_http(timeout=20) as http:
        yield http


def _client(endpoint: str, http: httpx.Client) -> Client:
    clock = _Instant()
    return Client(with_middleware(transport(http), endpoint, None, "", clock), endpoint, clock)


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_sentence(fault: str, request_name: str, server: _Server, http: httpx.Client) -> None:
    """It has the operation, the resource, the service's code and words, the cure, and the correlation id at the end."""
    call, doing, may_repeat = REQUESTS[request_name]
    server.answer, said = FAULTS[fault]
    client = _client(f"http://127.0.0.1:{server.server_address[1]}", http)
    if (request_name, fault) in ENOUGH:
        call(client)
        return
    with pytest.raises(errors.AcrTasksError) as caught:
        call(client)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(doing), lines
    assert len(lines) in (3, 4, 5), lines  # never without a cure
    assert re.fullmatch(r"correlation id [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lines[-1]), lines
    for sentence in said:
        expected = re.sub(r"{(.*)}", r"\1" if may_repeat else "", sentence)
        assert expected in str(caught.value)
    assert "c4nary" not in str(caught.value)
    if not may_repeat and fault != "429":
        assert "times" not in str(caught.value)


def _unknown(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.fixture
def refusing() -> Iterator[str]:
    """Yield an address that refuses connections: its port is bound, so no other program can listen there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize(
    ("kind", "words", "cure", "tried"),
    [
        ("refused", "the connection was refused: nothing listens there", "or start the server", "tried 4 times"),
        (
            "no such name",
            "the name registry.invalid cannot be resolved",
            "check acr-tasks:endpoint, the",
            "tried 4 times",
        ),
        ("a name that is none", "cannot be resolved", "check acr-tasks:endpoint", "tried 4 times"),
        ("https at a http port", "the server does not speak TLS", "it says https, and the server may be a http", ""),
    ],
)
def test_a_wrong_endpoint_is_a_sentence(
    kind: str,
    words: str,
    cure: str,
    tried: str,
    server: _Server,
    refusing: str,
    http: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each mistake has its sentence with the number of attempts, and is not retried for long."""
    if kind == "no such name":
        monkeypatch.setattr(socket, "getaddrinfo", _unknown)  # what the system says; asking it may need a network
    server.answer = _answer(400, "plain http")
    endpoint = {
        "refused": f"http://{refusing}",
        "no such name": "https://registry.invalid",
        "a name that is none": f"http://{'a' * 70}.example",
        "https at a http port": f"https://127.0.0.1:{server.server_address[1]}",
    }[kind]
    with pytest.raises(errors.TransportError) as caught:
        _client(endpoint, http).tasks.get(REGISTRY, "build")
    first, *rest = str(caught.value).splitlines()
    assert first.startswith(f"read task {TASK}: ")
    assert words in first
    assert f"({endpoint}: " in first
    assert cure in rest[0]
    assert (rest[1].startswith(tried) and len(rest) == 3) if tried else len(rest) == 2
    assert not caught.value.arrived
    del caught
    gc.collect()  # of what OpenSSL leaves open, here, where that is expected


UPLOADS: dict[str, tuple[bytes | None, list[str]]] = {
    "403": (
        _answer(403, "", x_ms_error_code="AuthenticationFailed", x_ms_request_id="r-1"),
        ["AuthenticationFailed (HTTP 403)", "check this machine's clock", "request id r-1"],
    ),
    "409": (
        _answer(409, "", x_ms_error_code="LeaseIdMissing", x_ms_request_id="r-2"),
        ["LeaseIdMissing (HTTP 409)", "run pulumi up again", "request id r-2"],
    ),
    "500": (
        _answer(500, "", x_ms_request_id="r-3"),
        ["(HTTP 500)", "the storage has failed", "request id r-3"],
    ),
    "HTML": (_answer(403, PAGE, "text/html"), ["(HTTP 403)", "request id "]),
    "dropped": (None, ["the storage 127.0.0.1 did not answer", "tried 6 times", "let this machine reach the storage"]),
}


@pytest.mark.parametrize("fault", UPLOADS)
def test_an_upload_that_fails_is_a_sentence(
    fault: str, server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the storage's code, host and request id, and a cure, without the link."""
    archive = tmp_path / "context.tar.gz"
    archive.write_bytes(b"archive")
    server.answer, said = UPLOADS[fault]
    monkeypatch.setattr(upload, "_BACKOFF", 0)
    monkeypatch.setattr("azure.storage.blob._shared.policies.StorageRetryPolicy.sleep", lambda *_: None)
    url = f"http://127.0.0.1:{server.server_address[1]}/container/blob?sig=c4nary"
    link = type("Link", (), {"upload_url": url, "relative_path": "x"})
    with pytest.raises(errors.SourceError) as caught:
        upload.upload(archive, lambda: link, lambda _: None)
    assert str(caught.value).startswith("upload the context: ")
    for sentence in said:
        assert sentence in str(caught.value)
    assert "c4nary" not in str(caught.value)
