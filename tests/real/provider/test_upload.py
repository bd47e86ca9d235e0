"""Upload of an archive over a socket, with the real library."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pulumi_acr_tasks.arm.clock import deadline
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, SourceError
from pulumi_acr_tasks.source import upload as uploading
from pulumi_acr_tasks.source.upload import upload


@dataclass
class Link:
    upload_url: str | None
    relative_path: str | None = "source/context.tar.gz"


class Storage(ThreadingHTTPServer):
    """A storage that accepts blobs, whole or in blocks; `refusals` are answered first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.refusals: list[int] = []
        self.redirect = ""
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []
        self.blocks: dict[str, bytes] = {}
        self.blob = b""
        self.pause = threading.Event()
        self.pause.set()

    def link(self) -> Link:
        return Link(f"http://127.0.0.1:{self.server_address[1]}/account/source/context.tar.gz?sv=1&sig=hush")


class Handler(BaseHTTPRequestHandler):
    server: Storage

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        query = parse_qs(urlsplit(self.path).query)
        kind = query.get("comp", ["blob"])[0]
        self.server.requests.append(kind)
        self.server.authorizations.append(self.headers.get("authorization"))
        self.server.pause.wait(20)
        if self.server.refusals:
            return self._answer(self.server.refusals.pop(0))
        if kind == "block":
            self.server.blocks[query["blockid"][0]] = body
        elif kind == "blocklist":
            order = [part.split("<")[0] for part in body.decode().split("<Latest>")[1:]]
            self.server.blob = b"".join(self.server.blocks[block] for block in order)
        else:
            self.server.blob = body
        return self._answer(201)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        if status in (302, 307, 308):
            self.send_header("location", self.server.redirect)
        if status == 403:
            self.send_header("x-ms-error-code", "AuthenticationFailed")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence: requests are asserted, not read."""


@pytest.fixture
def storage() -> Iterator[Storage]:
    yield from _served()


@pytest.fixture
def other() -> Iterator[Storage]:
    yield from _served()


def _served() -> Iterator[Storage]:
    with Storage() as storage:
        thread = threading.Thread(target=storage.serve_forever, args=[0.01])
        thread.start()
        yield storage
        storage.shutdown()
        thread.join(10)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "context.tar.gz"
    path.write_bytes(b"archive")
    return path


def test_a_small_archive_is_one_request(storage: Storage, archive: Path) -> None:
    """It has no token; the answer is the name under which the service knows the archive."""
    assert upload(archive, storage.link, print) == "source/context.tar.gz"
    assert storage.blob == b"archive"
    assert storage.requests == ["blob"]
    assert storage.authorizations == [None]


def test_a_large_archive_is_sent_in_blocks_with_progress(
    storage: Storage, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of the blocks comes last."""
    monkeypatch.setattr(uploading, "_BLOCK", 1 << 20)
    archive.write_bytes(bytes(range(256)) * (5 << 11))  # 2.5 MiB
    shown: list[str] = []
    upload(archive, storage.link, shown.append)
    assert storage.blob == archive.read_bytes()
    assert storage.requests == ["block", "block", "block", "blocklist"]
    assert shown == ["uploading 1 of 2 MiB", "uploading 2 of 2 MiB", "uploading 2 of 2 MiB"]


def test_an_expired_link_is_requested_again(storage: Storage, archive: Path) -> None:
    """It is requested once."""
    storage.refusals = [403]
    upload(archive, storage.link, print)
    assert storage.requests == ["blob", "blob"]


def test_a_refusal_is_a_sentence_without_the_link(storage: Storage, archive: Path) -> None:
    """The link's signature is a secret."""
    storage.refusals = [403, 403, 403]
    with pytest.raises(SourceError) as failed:
        upload(archive, storage.link, print)
    said, cure, request_id = str(failed.value).splitlines()
    assert said == "upload the context: the storage 127.0.0.1 refused it: AuthenticationFailed (HTTP 403)"
    assert "check this machine's clock" in cure
    assert request_id.startswith("request id ")
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_is_not_followed(storage: Storage, other: Storage, archive: Path, status: int) -> None:
    """The context is not sent to the other host; the error names that host, without the query."""
    storage.refusals = [status] * 9
    storage.redirect = str(other.link().upload_url).replace("127.0.0.1", "localhost")
    with pytest.raises(SourceError, match="it redirects to localhost, and a context is not sent there") as failed:
        upload(archive, storage.link, print)
    assert "hush" not in str(failed.value)
    assert (other.requests, storage.requests) == ([], ["blob"])


def test_a_busy_storage_is_retried(storage: Storage, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library itself retries."""
    monkeypatch.setattr(uploading, "_BACKOFF", 0)
    storage.refusals = [503]
    upload(archive, storage.link, print)
    assert storage.blob == b"archive"


def test_a_storage_that_does_not_answer_is_a_sentence(
    storage: Storage, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not have the link."""
    monkeypatch.setattr(uploading, "_RETRIES", 0)
    link = Link("http://127.0.0.1:9/account/source/context.tar.gz?sig=hush")
    with pytest.raises(SourceError) as failed:
        upload(archive, lambda: link, print)
    assert "the storage 127.0.0.1 did not answer: the connection was refused" in str(failed.value)
    assert "hush" not in str(failed.value)


def test_no_proxy_is_used_for_this_machine(storage: Storage, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment does not matter."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    upload(archive, storage.link, print)
    assert storage.blob == b"archive"


def test_an_invalid_link_is_a_sentence_without_it(archive: Path) -> None:
    """The library's own message would quote it."""
    with pytest.raises(SourceError) as failed:
        upload(archive, lambda: Link("https://storage.example?sig=hush"), print)
    assert "not the address of a blob" in str(failed.value)
    assert "hush" not in str(failed.value)


def test_a_service_that_gives_no_link_is_a_sentence(archive: Path) -> None:
    """The archive is not sent."""
    with pytest.raises(SourceError, match="gave no link"):
        upload(archive, lambda: Link(None), print)


def test_an_upload_ends_when_the_update_is_canceled_or_its_deadline_passes(storage: Storage, archive: Path) -> None:
    """It ends also in the middle of a block that a slow line sends for minutes."""
    stop = threading.Event()
    stop.set()
    storage.pause.clear()
    with pytest.raises(CanceledError, match="upload the context"):
        upload(archive, storage.link, print, stop)
    with pytest.raises(DeadlineError), deadline(0.2):
        upload(archive, storage.link, print)
    storage.pause.set()


def test_a_slow_storage_is_awaited(storage: Storage, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to a block has as much time as the block; messages say meanwhile that the upload has stalled."""
    monkeypatch.setattr(uploading, "_RETRIES", 0)
    monkeypatch.setattr(uploading, "_STALLED", 0.3)
    shown: list[str] = []

    def show(line: str) -> None:
        shown.append(line)
        storage.pause.set()

    storage.pause.clear()
    upload(archive, storage.link, show, threading.Event())
    assert storage.blob == b"archive"
    assert re.fullmatch(r"uploading: the storage has taken nothing for \d+ s", shown[0])

    # The same silence with a shorter patience: it is this bound that counts, and it allows for 90 s of a slow line.
    assert uploading._BLOCK_TIMEOUT > 90
    monkeypatch.setattr(uploading, "_BLOCK_TIMEOUT", 0.3)
    monkeypatch.setattr(uploading, "_STALLED", 60.0)
    storage.pause.clear()
    with pytest.raises(SourceError, match="did not answer"):
        upload(archive, storage.link, print)
    storage.pause.set()


def test_after_the_death_of_a_local_storage_another_link_is_requested(
    storage: Storage, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request restarts an embedded emulator."""
    monkeypatch.setattr(uploading, "_RETRIES", 0)
    links = [Link("http://127.0.0.1:9/account/source/context.tar.gz?sig=hush"), storage.link()]
    assert upload(archive, lambda: links.pop(0), print) == "source/context.tar.gz"
    assert storage.blob == b"archive"
