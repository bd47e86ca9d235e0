"""Clients that are slow, many, or silent."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from acr_tasks_emulator import connection

BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}


@pytest.mark.emulator_choice("the emulator's own limits")
def test_a_silent_connection_is_closed(emulated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without a complete request is closed; a request in progress may take its time."""
    monkeypatch.setattr(connection, "FIRST_REQUEST_SECONDS", 1.0)  # our own requests below have it too
    arm = emulated()
    place = urlsplit(arm.coordinates.endpoint)
    for said in (b"", b"GET /_emulator/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "):
        with socket.create_connection((place.hostname, place.port), timeout=30) as silent:
            silent.sendall(said)
            assert silent.recv(1) == b""
    link = urlsplit(arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"])
    with socket.create_connection((place.hostname, place.port), timeout=30) as slow:
        head = f"PUT {link.path}?{link.query} HTTP/1.1\r\nHost: {link.netloc}\r\nContent-Length: 4\r\n"
        slow.sendall(f"{head}x-ms-blob-type: BlockBlob\r\nConnection: close\r\n\r\nab".encode())
        slow.settimeout(1.5)
        with pytest.raises(TimeoutError):
            slow.recv(1)
        slow.settimeout(30)
        slow.sendall(b"cd")
        assert slow.recv(12) == b"HTTP/1.1 201"


@pytest.mark.emulator_choice("the emulator's own limits")
def test_silent_connections_do_not_delay_others(arm: Any) -> None:
    """Other callers are answered beside a hundred silent connections."""
    place = urlsplit(arm.coordinates.endpoint)
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection((place.hostname, place.port), timeout=30))
        assert arm("GET", "tasks").status_code == 200


@pytest.mark.emulator_choice("uploads are streamed to disk")
def test_many_uploads_at_once(arm: Any, tmp_path: Any) -> None:
    """Twenty uploads of eight megabytes at once are all stored, and the service answers in between."""
    links = [arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"] for _ in range(20)]
    piece = b"x" * 1024**2

    def upload(link: str) -> int:
        return httpx.put(link, content=(piece for _ in range(8)), headers=BLOCK_BLOB, timeout=120).status_code

    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(upload, link) for link in links]
        assert arm("GET", "tasks").status_code == 200
        assert [each.result() for each in waiting] == [201] * 20
