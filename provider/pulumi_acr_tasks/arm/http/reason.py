"""Why there was no answer, as far as the operating system and OpenSSL tell, and what helps."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pulumi_acr_tasks.arm.http.connection import distrust, is_loopback

if TYPE_CHECKING:
    import httpx

# OpenSSL's names for an answer that is not TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_ENDPOINT = "check acr-tasks:endpoint"


class Reason(NamedTuple):
    """Why a request had no answer. `lasting`: asking again cannot help. All are empty where nothing is known."""

    words: str = ""
    cure: str = ""
    lasting: bool = False


def reason_of(error: BaseException, url: httpx.URL) -> Reason:
    """Return why a request to `url` had no answer."""
    untrusted = distrust(error)
    if untrusted:
        return Reason("cannot connect", untrusted, lasting=True)
    causes = list(_causes(error))
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in causes):
        return Reason(
            f"the name {url.host} cannot be resolved", f"{_ENDPOINT}, the network, and HTTPS_PROXY if there is a proxy"
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        here = "start the server" if is_loopback(str(url)) else "check firewalls and HTTPS_PROXY"
        return Reason("the connection was refused: nothing listens there", f"{_ENDPOINT}, or {here}")
    if any(isinstance(cause, ssl.SSLError) and any(name in str(cause) for name in _NO_TLS) for cause in causes):
        return Reason(
            "the server does not speak TLS",
            f"{_ENDPOINT}: it says https, and the server may be a http one",
            lasting=True,
        )
    disconnected = any(isinstance(cause, ConnectionError) or "disconnected" in str(cause) for cause in causes)
    if url.scheme == "http" and disconnected:
        return Reason(cure=f"{_ENDPOINT} when this goes on: it says http, and the server may be a https one")
    return Reason(cure=f"check the network and {_ENDPOINT.removeprefix('check ')}, and run pulumi up again")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        # azure-core keeps the cause of its errors in a member of its own.
        seen = getattr(seen, "inner_exception", None) or seen.__cause__ or seen.__context__
