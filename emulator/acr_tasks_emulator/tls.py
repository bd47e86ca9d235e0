"""The server's end of https."""

from __future__ import annotations

import ssl
from typing import Any

from acr_tasks_emulator.certificates import Certificate
from acr_tasks_emulator.settings import SettingsError

_TEXT = b"This port speaks TLS, and the request came in plain HTTP: write https:// in its address.\n"
_PLAIN_HTTP = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Return a context (TLS 1.2 or later) that shows the certificate. Raises SettingsError when OpenSSL refuses it."""
    context = _Context(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate.chain, certificate.key, password="")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it is refused"
        raise SettingsError(f"The certificate {certificate.chain} cannot be used: {reason}.") from None
    return context


class _Handshake(ssl.SSLObject):
    """A handshake that tells plain HTTP what is wrong, instead of closing the connection without a word."""

    outgoing: ssl.MemoryBIO

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if error.reason != "HTTP_REQUEST" or self.outgoing.pending:
                raise
            self.outgoing.write(_PLAIN_HTTP % (len(_TEXT), _TEXT))
            # "Go on": what is written is sent, and the caller, who was told to, closes the connection.
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "plain HTTP") from None


class _Context(ssl.SSLContext):
    sslobject_class = _Handshake

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        wrapped = super().wrap_bio(incoming, outgoing, *args, **options)
        if isinstance(wrapped, _Handshake):
            wrapped.outgoing = outgoing
        return wrapped
