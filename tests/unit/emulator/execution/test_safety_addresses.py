"""Addresses that must not be asked, however they are spelled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acr_tasks_emulator.execution.source import addresses
from acr_tasks_emulator.execution.source.addresses import check_registry, checked
from acr_tasks_emulator.execution.source.unpack import SourceError

Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Lets names stand for addresses; proxies are those that are told."""

    def known(proxies: dict[str, str] | None = None, **answers: list[str]) -> None:
        real = addresses.socket.getaddrinfo

        def look_up(host: str, *rest: object, **more: object) -> list[tuple[object, ...]]:
            if host in answers:
                return [(0, 0, 0, "", (ip, 0)) for ip in answers[host]]
            return real(host, *rest, **more)  # type: ignore[arg-type, call-overload, no-any-return]

        monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
        monkeypatch.setattr(addresses.urllib.request, "getproxies", lambda: proxies or {})

    known()
    return known


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.0.1", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
        *("2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.16689662", "169.254.43518"),
        *("0.0.0.0", "0", "224.0.0.1"),
        *("[fe80::1]", "[::]", "[ff02::1]", "[fd00:ec2::254]", "[fd20:ce::254]"),
        *("[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::169.254.169.254]", "[::ffff:0:169.254.169.254]"),
        *("[64:ff9b::169.254.169.254]", "[2002:a9fe:a9fe::1]", "[2001:0:a9fe:a9fe::1]"),
        *("metadata.google.internal", "METADATA.google.internal", "metadata", "instance-data"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https", "git"])
def test_no_metadata(names: Names, scheme: str, host: str) -> None:
    """Link-local, metadata, unspecified and multicast addresses are refused in each of their spellings."""
    with pytest.raises(SourceError, match="metadata addresses are not asked"):
        checked(f"{scheme}://{host}/a")
    with pytest.raises(SourceError, match="metadata addresses are not asked"):
        checked(f"{scheme}://user:pass@{host}:8080/a")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ext::sh",
            "fd::17",
            "ssh://host/x",
            "ftp://host/x",
            "gopher://host/x",
            "dict://host/x",
        ),
        *("https://", "https:///x", "https://-oProxyCommand=id/x", "https://ho st/x", "https://host\n.evil/x"),
        *("https://[::1/x", "https://[fe80::1%25eth0]/x", "https://host:99999/x", "https://host:-1/x", "//host/x", ""),
        *("https://h%6fst/x", "https://host\\@evil/x", "https://\u2460\u2461.example/x", "javascript:alert(1)"),
    ],
)
def test_no_other_schemes_and_spellings(names: Names, url: str) -> None:
    """What is not plainly https, http or git with a host is refused."""
    with pytest.raises(SourceError):
        checked(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "10.1.2.3", "192.168.1.1", "[fd12::1]", "8.8.8.8"])
def test_loopback_and_private_networks_are_asked(names: Names, host: str) -> None:
    """A desk's own servers are where tests have their sources."""
    names(localhost=["127.0.0.1"])
    assert checked(f"http://{host}:8080/a").port == 8080


def test_what_was_checked_is_asked(names: Names) -> None:
    """A name that changes its mind later changes nothing: the address stands in the request."""
    names(**{"host.example": ["10.1.2.3"], "six.example": ["fd12::1"]})
    assert checked("https://u:p@host.example/a?b=c").pinned == "https://10.1.2.3/a?b=c"
    assert checked("git://six.example:99/a").pinned == "git://[fd12::1]:99/a"
    assert checked("https://u:p@host.example/a").url == "https://host.example/a"


def test_one_bad_address_is_enough(names: Names) -> None:
    """Of the addresses of a name, none may be refused."""
    names(**{"host.example": ["10.1.2.3", "169.254.169.254"]})
    with pytest.raises(SourceError, match=r"169\.254\.169\.254"):
        checked("https://host.example/a")


def test_behind_a_proxy(names: Names) -> None:
    """Where a proxy looks names up, numbers and the known names are refused all the same."""
    names({"https": "http://proxy.example:3128"})
    assert checked("https://host.example/a").ip is None
    for host in ("169.254.169.254", "0xa9fea9fe", "[fe80::1]", "metadata.google.internal"):
        with pytest.raises(SourceError, match="metadata addresses are not asked"):
            checked(f"https://{host}/a")


def test_registries(names: Names) -> None:
    """A registry is judged in the same way, and one that nobody knows is left to who asks it."""
    names(**{"bad.example": ["169.254.169.254"], "good.example": ["10.1.2.3"]})
    for host in ("bad.example", "bad.example:5000", "169.254.169.254", "[fe80::1]:5000", "metadata.google.internal"):
        with pytest.raises(SourceError, match="metadata addresses are not asked"):
            check_registry(host)
    for host in ("good.example", "localhost:5000", "127.0.0.1:5000", "nobody.invalid", "a:b"):
        check_registry(host)
