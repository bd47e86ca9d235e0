"""The service behind both hosts: an emulator, and a relay in front of it that records each request with its body."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx

import acr_tasks_emulator

VERSION = {"api-version": "2019-04-01"}


class Service:
    """An emulator behind a relay. `requests` has the requests of the running command."""

    def __init__(self, endpoint: str, emulator: Any) -> None:
        self.endpoint = endpoint
        self.registry_id: str = emulator.registries[0]
        self.login_server: str = emulator.login_server
        self.emulator: str = emulator.endpoint
        self.requests: list[tuple[Any, ...]] = []
        self._direct = httpx.Client(base_url=emulator.endpoint, timeout=60)

    def reset(self) -> None:
        """Remove every task, run and fault."""
        self._direct.post("/_emulator/reset").raise_for_status()

    def faults(self, rules: list[dict[str, Any]]) -> None:
        """Make the service misbehave by these rules, and by no others."""
        self._direct.put("/_emulator/faults", json=rules).raise_for_status()

    def change(self, method: str, path: str, body: Any = None) -> None:
        """Send a request as somebody else; a refusal changes nothing."""
        self._direct.request(method, f"{self.registry_id}/{path}", params=VERSION, json=body)

    def close(self) -> None:
        self._direct.close()


@contextlib.contextmanager
def served() -> Iterator[Service]:
    """Serve until the block ends. Runs stay in the queue: when one would end must not decide what a refresh finds.

    The ids of runs begin with letters that follow from the registry's name. With this name no id is a word: in another
    registry the 22nd run is `com`, and a comparison that leaves out ids would change `github.com`.
    """
    options: dict[str, Any] = {"registries": ("twins",), "switches": {"agent-delay": 3600}}
    with acr_tasks_emulator.serve(executor="simulated", **options) as emulator:
        address = urlsplit(emulator.endpoint).netloc
        server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        service = Service(f"http://127.0.0.1:{server.server_port}", emulator)
        server.service, server.address = service, address  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            service.close()


class Relay(BaseHTTPRequestHandler):
    """The relay of one connection: it passes on what it gets, and closes where the emulator closes."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()
            return
        self.close_connection = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        service: Service = self.server.service  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        asked = (self.command, parts.path, _plain(body))
        behind = http.client.HTTPConnection(self.server.address)  # type: ignore[attr-defined]
        try:
            behind.request(self.command, self.path, body, dict(self.headers.items()))
            answer = behind.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            service.requests.append((*asked, "dropped"))
            self.close_connection = True
            return
        finally:
            behind.close()
        service.requests.append((*asked, answer.status))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_PUT = do_PATCH = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


def _plain(body: bytes) -> Any:
    """Return a body as a value; of a body that is not JSON, its length."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return len(body)
