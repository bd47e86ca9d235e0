"""A provider whose engine is gone ends."""

from __future__ import annotations

import socket
import threading

from pulumi_acr_tasks.host.engine import watch


def test_an_engine_that_lives_is_watched_and_one_that_is_gone_is_noticed() -> None:
    """By nobody listening at its address any more."""
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
