"""Connections: which certificates they trust, which addresses take no proxy, and why a connection failed.

This module imports no HTTP library before a connection is opened.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pulumi_acr_tasks.errors import SettingsError

if TYPE_CHECKING:
    import httpx

# OpenSSL and the engine read the first two, the Azure CLI reads the other two.
_NAMED_BY = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# OpenSSL's message, the only part of such an error that every library keeps.
_DISTRUST = re.compile(r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: (?P<reason>.+?)(?: \(_ssl|$)")
# httpx's patterns of the hosts that are reached without the environment's proxy.
_DIRECT: dict[str, httpx.BaseTransport | None] = {f"all://{host}": None for host in ("127.0.0.1", "[::1]", "localhost")}

# OpenSSL's names for an answer that is not TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_ENDPOINT = "check acr-tasks:endpoint"


def is_loopback(url: str) -> bool:
    """Return whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"  # another name that ends with .localhost may lead to another machine


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, in lower case, with the port spelled out."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def may_carry_token(url: str) -> bool:
    """Return whether a token is safe on the way to a URL: over https, or to this machine."""
    return urlsplit(url).scheme == "https" or is_loopback(url)


def ca_certificates() -> str | None:
    """Return the file or folder of CA certificates that the environment names; None for those of the libraries.

    Raise SettingsError when there is no such file or folder.
    """
    name = next((name for name in _NAMED_BY if os.environ.get(name)), None)
    if name is None:
        return None
    # OpenSSL and Go allow several folders; our libraries take one.
    named = os.environ[name].split(os.pathsep) if name == "SSL_CERT_DIR" else [os.environ[name]]
    found = next((path for path in named if Path(path).exists()), None)
    if found is None:
        raise SettingsError(f"{name} is {os.environ[name]!r}, and there is no such file or folder of CA certificates")
    return found


def tls_context() -> ssl.SSLContext:
    """Return the TLS context of this process, cached because certificates take longer to load than many requests.

    Raise SettingsError when the environment names certificates that cannot be read.
    """
    return _trusting(ca_certificates())


@functools.lru_cache(maxsize=1)
def _trusting(named: str | None) -> ssl.SSLContext:
    import httpx

    if named is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        folder = Path(named).is_dir()
        return ssl.create_default_context(cafile=None if folder else named, capath=named if folder else None)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"the CA certificates in {named} cannot be read: {error.strerror or error}") from error


def certificate_problem(error: BaseException) -> str:
    """Return why a server's certificate was not trusted, and the cure; empty when an error has another cause."""
    match = _DISTRUST.search(str(error))
    if match is None:
        return ""
    cure = "SSL_CERT_FILE or REQUESTS_CA_BUNDLE names the file of a CA of your own"
    return f"the server's certificate is not trusted: {match['reason']}; {cure}"


def open_http(**options: Any) -> httpx.Client:
    """Open a client that follows no redirect; `options` are httpx.Client's.

    Raise SettingsError as `tls_context` does, and when the environment names a proxy that cannot be used.
    """
    import httpx

    tls = tls_context()
    named = [name for name in os.environ if name.lower() in _PROXIES and os.environ[name]]
    try:
        return httpx.Client(verify=tls, mounts=_DIRECT, follow_redirects=False, **options)
    except (httpx.InvalidURL, ValueError, ImportError) as error:
        # The library's words may quote a password.
        cure = "a proxy is http://HOST:PORT, and NO_PROXY has names and addresses without ports and brackets"
        if isinstance(error, ImportError):
            cure = 'a SOCKS proxy needs pip install "httpx[socks]"'
        raise SettingsError(f"the proxy of {', '.join(sorted(named))} cannot be used: {cure}") from None


class Reason(NamedTuple):
    """The reason why a request had no answer, and the cure; empty if unknown.

    `lasting` is True when sending the request again cannot help.
    """

    words: str = ""
    cure: str = ""
    lasting: bool = False


def reason_of(error: BaseException, url: httpx.URL) -> Reason:
    """Return why a request to `url` had no answer."""
    untrusted = certificate_problem(error)
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
