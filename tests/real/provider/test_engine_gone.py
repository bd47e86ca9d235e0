"""A provider whose engine is gone ends."""

from __future__ import annotations

import socket
import threading

import pytest

from pulumi_acr_tasks.engine.watch import watch


def test_the_end_of_the_engine_is_noticed() -> None:
    """A refused connection to its address shows the end; a live engine is polled on."""
    listener = socket.create_server(("127.0.0.1", 0))
    gone = threading.Event()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    watcher = threading.Thread(target=watch, args=(address, gone.set, 0.01), daemon=True)
    watcher.start()
    for _ in range(3):
        listener.accept()[0].close()
    assert not gone.is_set()
    listener.close()
    assert gone.wait(20)
    watcher.join(20)
    assert not watcher.is_alive()


def windows(address: tuple[str, int], seconds: float) -> socket.socket:
    """Behave as Windows, which tries a refused connection three times, half a second apart."""
    if seconds < 2.1:
        raise TimeoutError("timed out")
    raise OSError(10061, "No connection could be made because the target machine actively refused it")


REFUSED = ConnectionRefusedError(111, "Connection refused")
SLOW, NO_DESCRIPTORS = TimeoutError("timed out"), OSError(24, "Too many open files")


@pytest.mark.parametrize(
    ("answers", "looks"),
    [
        ([REFUSED, REFUSED], 2),
        ([REFUSED, SLOW, REFUSED, NO_DESCRIPTORS, REFUSED, REFUSED], 6),
        ([OSError(10060, "timed out"), windows, windows], 3),
        ([windows, windows], 2),
    ],
)
def test_two_refusals_in_a_row_show_the_end_of_the_engine(answers: list[object], looks: int) -> None:
    """The same holds on Windows; a slow answer or a lack of descriptors shows nothing."""
    seen: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], seconds: float) -> socket.socket:
        seen.append(address)
        answer = answers[len(seen) - 1]
        if isinstance(answer, OSError):
            raise answer
        return windows(address, seconds)

    watch("127.0.0.1:4711", lambda: None, 0.0, connect)
    assert seen == [("127.0.0.1", 4711)] * looks
