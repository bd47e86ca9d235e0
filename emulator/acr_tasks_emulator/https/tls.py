"""The server's end of https."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Any

from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.https.certificates import Certificate

_TEXT = b"This port speaks TLS, and the request came in plain HTTP: write https:// in its address.\n"
_ANSWER = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
_MOST_DRAINED = 64


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Return a context (TLS 1.2 or later) that shows the certificate. Raises SettingsError when OpenSSL refuses it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate.chain, certificate.key, password="")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it is refused"
        raise SettingsError(f"The certificate {certificate.chain} cannot be used: {reason}.") from None
    return context


class Listening(socket.socket):
    """A listening socket that answers plain HTTP with an error.

    asyncio would close such a connection without an answer, and has no hook before the handshake.
    """

    @classmethod
    def of(cls, listening: socket.socket) -> Listening:
        """Take over a socket that listens."""
        return cls(listening.family, listening.type, listening.proto, listening.detach())

    def accept(self) -> tuple[socket.socket, Any]:
        accepted, address = super().accept()
        return _Caller(accepted.family, accepted.type, accepted.proto, accepted.detach()), address


class _Caller(socket.socket):
    """A connection that looks at the first byte that comes."""

    _has_begun = False

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        return b"" if self._is_refused() else super().recv(bufsize, flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        return 0 if self._is_refused() else super().recv_into(buffer, nbytes, flags)

    def _is_refused(self) -> bool:
        """Tell whether the connection has ended, because it began with the method of a request and not with TLS."""
        if self._has_begun:
            return False
        first = super().recv(1, socket.MSG_PEEK)
        self._has_begun = True
        if not first.isalpha():
            return False
        with suppress(OSError):
            self.send(_ANSWER % (len(_TEXT), _TEXT))
            # What has come and was not read would break the connection, and with it the answer.
            for _ in range(_MOST_DRAINED):
                if not super().recv(65536):
                    break
        return True
