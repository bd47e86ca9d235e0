"""A client that repeats one request as fast as the server answers, with little work of its own."""

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
    """The speed of a server: requests a second, and its milliseconds of CPU for each."""

    requests: float
    processor: float


def speed(pid: int, port: int, request: Callable[[int], bytes], seconds: float) -> Speed:
    """Send requests over eight connections, one on each at any time. Raise AssertionError for an answer but 200.

    request: returns the whole text of the request of that number.
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
        data += received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert head.startswith(b"HTTP/1.1 200 "), head
    assert length
    parts, missing = [body], int(length[1]) - len(body)
    while missing > 0:
        parts.append(received(connection))
        missing -= len(parts[-1])
    return b"".join(parts)


def received(connection: socket.socket) -> bytes:
    """Return the next bytes. Raise AssertionError when the server has closed the connection."""
    found = connection.recv(1 << 16)
    assert found, "the server has closed the connection"
    return found


def processor(pid: int) -> float:
    """Return the seconds of CPU of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
