"""A key service: the two requests of HashiCorp Vault's transit engine with which Pulumi guards a stack's data key."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "vault:v1:"


class Transit(BaseHTTPRequestHandler):
    """The handler that returns each key unchanged.

    The engine encrypts all secrets of a stack with the key, as with any other.
    """

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "/transit/encrypt/" in self.path:
            data = {"ciphertext": PREFIX + body["plaintext"]}
        else:
            data = {"plaintext": body["ciphertext"].removeprefix(PREFIX)}
        text = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments: object) -> None:
        """Write nothing: the screen belongs to the scenario."""


@contextlib.contextmanager
def key_service() -> Iterator[str]:
    """Yield the address of a key service that ends with the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Transit) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
