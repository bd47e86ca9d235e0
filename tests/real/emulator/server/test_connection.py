"""Open connections when the emulator ends."""

from __future__ import annotations

import socket
import ssl

import acr_tasks_emulator


def test_a_half_closed_tls_connection_does_not_delay_the_end() -> None:
    """A TLS client that does not answer the closing alert is disconnected; the server ends as usual."""
    with acr_tasks_emulator.serve(tls=True) as emulator:
        host, _, port = emulator.login_server.rpartition(":")
        context = ssl.create_default_context(cafile=emulator.ca_cert)
        client = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
        request = f"GET /_emulator/health HTTP/1.1\r\nHost: {emulator.login_server}\r\nConnection: close\r\n\r\n"
        client.sendall(request.encode())
        assert client.recv(12) == b"HTTP/1.1 200"
    # A server whose thread fails is an error of this test, as every warning is.
    client.settimeout(10)
    try:
        while client.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass  # hung up on without a goodbye
    finally:
        client.close()
