"""What all our connections share: whose certificates they trust, and that none to this very machine takes a proxy.

It imports no HTTP library before a connection is opened.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_acr_tasks.errors import SettingsError

if TYPE_CHECKING:
    import httpx

# The first two are OpenSSL's, which the engine and its other providers obey; the others are what az obeys.
_NAMED_BY = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# OpenSSL's words: all that every library keeps of such an error.
_DISTRUST = re.compile(r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: (?P<reason>.+?)(?: \(_ssl|$)")
# httpx's patterns of what is asked directly, whatever proxy the environment names.
_DIRECT: dict[str, httpx.BaseTransport | None] = {f"all://{host}": None for host in ("127.0.0.1", "[::1]", "localhost")}


def is_loopback(url: str) -> bool:
    """Says whether an URL's host is this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"  # what ends with .localhost may be looked up elsewhere


def authorities() -> str | None:
    """Gives the file or folder of CA certificates that the environment names; None: those that the libraries bring.

    Raises SettingsError when nothing is there.
    """
    name = next((name for name in _NAMED_BY if os.environ.get(name)), None)
    if name is None:
        return None
    # Several folders may be named, as OpenSSL and Go have it; our libraries take one.
    named = os.environ[name].split(os.pathsep) if name == "SSL_CERT_DIR" else [os.environ[name]]
    found = next((path for path in named if Path(path).exists()), None)
    if found is None:
        raise SettingsError(f"{name} is {os.environ[name]!r}, and there is no such file or folder of CA certificates")
    return found


@functools.lru_cache(maxsize=1)
def trust() -> ssl.SSLContext:
    """Gives the one TLS context of this process: loading certificates takes longer than many a request.

    Raises SettingsError when the environment names certificates that cannot be read.
    """
    import httpx

    named = authorities()
    if named is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        folder = Path(named).is_dir()
        return ssl.create_default_context(cafile=None if folder else named, capath=named if folder else None)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"the CA certificates in {named} cannot be read: {error.strerror or error}") from error


def distrust(error: BaseException) -> str:
    """Says why a server's certificate was not believed, and the cure; empty when an error has another cause."""
    match = _DISTRUST.search(str(error))
    if match is None:
        return ""
    cure = "SSL_CERT_FILE or REQUESTS_CA_BUNDLE names the file of a CA of your own"
    return f"the server's certificate is not trusted: {match['reason']}; {cure}"


def open_http(**options: Any) -> httpx.Client:
    """Opens a client that follows no redirect; `options` are httpx.Client's. Raises SettingsError as `trust` does."""
    import httpx

    return httpx.Client(verify=trust(), mounts=_DIRECT, follow_redirects=False, **options)
