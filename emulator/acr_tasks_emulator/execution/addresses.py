"""Which addresses a run's source may come from: never a machine's metadata service or its direct neighbours."""

from __future__ import annotations

import ipaddress
import re
import socket
import urllib.request
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from acr_tasks_emulator.execution.source import SourceError

SCHEMES = ("https", "http", "git")
_PORTS = {"https": 443, "http": 80, "git": 9418}
_METADATA = {ipaddress.ip_address(text) for text in ("168.63.129.16", "100.100.100.200", "fd00:ec2::254")}
"""Those of clouds that are not link-local: Azure's, Alibaba's, Amazon's over IPv6."""
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")


@dataclass(frozen=True)
class Address:
    """An address that may be asked. ip: the one to connect to, so that a name cannot change its mind; None where a
    proxy looks names up.

    url: without user and password, which stand apart.
    """

    url: str
    scheme: str
    host: str
    port: int
    ip: str | None
    user: str = ""
    password: str = ""


def checked(url: str) -> Address:
    """Return the address when it may be asked. Raises SourceError: for other schemes, for what is no address, and for
    link-local and metadata addresses.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError("the source's address cannot be read") from error
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    if scheme not in SCHEMES:
        raise SourceError(f"sources are fetched by https, http and git, not by {scheme or 'such an address'}")
    if not _HOST.fullmatch(host) or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise SourceError("the source's address cannot be read")
    port = port or _PORTS[scheme]
    ip = _resolved(scheme, host, port)
    place = f"[{host}]" if ":" in host else host
    bare = urlunsplit((scheme, place if port == _PORTS[scheme] else f"{place}:{port}", parts.path, parts.query, ""))
    return Address(bare, scheme, host, port, ip, unquote(parts.username or ""), unquote(parts.password or ""))


def _resolved(scheme: str, host: str, port: int) -> str | None:
    if scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host) and not _is_number(host):
        return None
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise SourceError(f"the source's host {host} was not found") from error
    for text in found:
        if _is_refused(text):
            raise SourceError(f"the source's host {host} is {text}: link-local and metadata addresses are not asked")
    return found[0]


def _is_number(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True


def _is_refused(text: str) -> bool:
    ip = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA
