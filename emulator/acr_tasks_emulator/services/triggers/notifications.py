"""Notifications of the registry about pushes.

They arrive at a separate port on loopback, so that TLS and tokens of the emulator's own port do not matter.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from acr_tasks_emulator.services.triggers.base_images import ImagePush, pushes

LIMIT_BYTES = 4 * 1024 * 1024
_logger = logging.getLogger(__name__)


class Notifications:
    """A server that calls `on_push` for every pushed tag, one at a time, until it is closed.

    The registry sends `secret` as a bearer token; requests without it are refused.
    """

    def __init__(self, on_push: Callable[[ImagePush], object]) -> None:
        self.secret = secrets.token_urlsafe(32)
        self._server = _Server(on_push, self.secret)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/events"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="notifications", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening, after all received notifications have been handled."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # a received push is handled before `close` returns

    def __init__(self, on_push: Callable[[ImagePush], object], secret: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._on_push = on_push
        self._secret = secret
        self._one_at_a_time = threading.Lock()

    def is_known(self, authorization: str) -> bool:
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._secret}".encode())

    def handle_content(self, content: Any) -> None:
        with self._one_at_a_time:
            for push in pushes(content):
                try:
                    self._on_push(push)
                except Exception:  # or the registry would repeat the notification
                    _logger.exception("the push of %s:%s started nothing", push.repository, push.tag)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not self.server.is_known(self.headers.get("Authorization", "")):
            self.send_error(401)
        elif not (length.isascii() and length.isdigit()) or int(length[:10]) > LIMIT_BYTES:
            self.send_error(413)
        else:
            try:
                content = json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.wfile.flush()  # the registry need not wait for runs to be scheduled
            self.server.handle_content(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        """Log nothing: the registry has its own log of pushes."""
