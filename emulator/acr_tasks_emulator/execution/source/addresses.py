"""Which addresses a run's source may come from: never a machine's metadata service or its direct neighbours."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import urllib.request
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from acr_tasks_emulator.execution.source.unpack import SourceError

SCHEMES = ("https", "http", "git")
_PORTS = {"https": 443, "http": 80, "git": 9418}
_METADATA = {
    ipaddress.ip_address(text)
    for text in ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
}
"""Those of clouds that are not link-local: Azure's, Alibaba's, Oracle's, and over IPv6 Amazon's and Google's."""
_METADATA_NAMES = {"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"}
_IPV4_LAST = [ipaddress.IPv6Network(text) for text in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")]
"""Where the last 32 bits of an IPv6 address are an IPv4 address: compatible, mapped, translated, NAT64."""
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

    @property
    def place(self) -> str:
        """Host and port, as they stand in a URL: without the port when it is the scheme's."""
        return _place(self.scheme, self.host, self.port)

    @property
    def pinned(self) -> str:
        """The URL with the address that was checked in place of the name; as it is where a proxy looks names up."""
        if self.ip is None:
            return self.url
        return urlunsplit(urlsplit(self.url)._replace(netloc=_place(self.scheme, self.ip, self.port)))


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
    bare = urlunsplit((scheme, _place(scheme, host, port), parts.path, parts.query, ""))
    return Address(bare, scheme, host, port, ip, unquote(parts.username or ""), unquote(parts.password or ""))


def check_registry(host: str) -> None:
    """Refuse a registry at a link-local or metadata address; one that is not known here is another's problem.

    host: name or address, with a port or without. Raises SourceError.
    """
    parts = urlsplit(f"//{host}")
    with contextlib.suppress(OSError, UnicodeError, ValueError):
        _look_up(parts.hostname or "", parts.port or _PORTS["https"])


def _place(scheme: str, host: str, port: int) -> str:
    place = f"[{host}]" if ":" in host else host
    return place if port == _PORTS[scheme] else f"{place}:{port}"


def _resolved(scheme: str, host: str, port: int) -> str | None:
    if scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host) and not _is_number(host):
        _check_name(host)
        return None
    try:
        return _look_up(host, port)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"the source's host {host} was not found") from error


def _look_up(host: str, port: int) -> str:
    """The first of a host's addresses. Raises SourceError when any of them is refused, OSError when there is none."""
    _check_name(host)
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for text in found:
        if _is_refused(text):
            raise SourceError(f"the source's host {host} is {text}: link-local and metadata addresses are not asked")
    return found[0]


def _check_name(host: str) -> None:
    if host.lower().rstrip(".") in _METADATA_NAMES:
        raise SourceError(f"the source's host is {host}: link-local and metadata addresses are not asked")


def _is_number(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True


def _is_refused(text: str) -> bool:
    ip = ipaddress.ip_address(text.partition("%")[0])
    return any(
        each.is_link_local or each.is_multicast or each.is_unspecified or each in _METADATA
        for each in (ip, *_behind(ip))
    )


def _behind(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    last = [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)] if any(ip in network for network in _IPV4_LAST) else []
    return [*last, *(each for each in (ip.sixtofour, *(ip.teredo or ())) if each is not None)]
