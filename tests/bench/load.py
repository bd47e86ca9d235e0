"""Asks one server for one thing as fast as it answers, with little work of its own."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Speed:
    """How fast a server was: requests a second, and the milliseconds of processor that each cost it."""

    requests: float
    processor: float


def speed(pid: int, port: int, request: Callable[[int], bytes], seconds: float) -> Speed:
    """Ask over eight connections, a request on each at any time. Raises AssertionError for an answer but 200.

    request: gives the whole text of the request of that number.
    """
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    try:
        count, spent, began = 0, processor(pid), time.monotonic()
        while time.monotonic() - began < seconds:
            for connection in connections:
                connection.sendall(request(count))
                count += 1
            for connection in connections:
                read_answer(connection)
        elapsed = time.monotonic() - began
        return Speed(count / elapsed, (processor(pid) - spent) / count * 1000)
    finally:
        for connection in connections:
            connection.close()


def read_answer(connection: socket.socket) -> bytes:
    """Read one whole answer and return its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert head.startswith(b"HTTP/1.1 200 "), head
    assert length
    parts, missing = [body], int(length[1]) - len(body)
    while missing > 0:
        parts.append(connection.recv(1 << 16))
        missing -= len(parts[-1])
    return b"".join(parts)


def processor(pid: int) -> float:
    """Seconds of processor that a process has had so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
