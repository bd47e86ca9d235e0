from __future__ import annotations

import gc
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

import acr_tasks_emulator
from acr_tasks_emulator.execution.registry.oci_registry import PROGRAM
from acr_tasks_emulator.process.background import is_well
from acr_tasks_emulator.server import running
from acr_tasks_emulator.settings import Settings

if TYPE_CHECKING:
    from acr_tasks_emulator.server import Emulator

VERSION = {"api-version": "2019-04-01"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with acr_tasks_emulator.serve(tls=True) as emulator:
        yield emulator


def trust(emulator: Emulator) -> ssl.SSLContext:
    """Return a context that trusts the emulator's CA alone, by OpenSSL's strict rules, the default of later Pythons."""
    context = ssl.create_default_context(cafile=emulator.ca_cert)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.fixture(scope="module")
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=emulator.endpoint, verify=trust(emulator)) as client:
        yield client


def port(emulator: Emulator) -> int:
    return int(emulator.login_server.rpartition(":")[2])


def test_the_ready_line_has_the_ca(http: httpx.Client, emulator: Emulator) -> None:
    """The ready line and the library have the path of the CA's certificate; the login server stays host:port."""
    health = http.get("/_emulator/health").json()
    assert health["endpoint"] == emulator.endpoint == f"https://{emulator.login_server}"
    assert health["dashboard"] == emulator.dashboard == f"{emulator.endpoint}/"
    assert health["caCert"] == emulator.ca_cert
    assert b"PRIVATE" not in Path(emulator.ca_cert or "").read_bytes()
    assert "PRIVATE" not in repr(emulator)


def test_a_client_without_the_ca_refuses_the_certificate(emulator: Emulator) -> None:
    """No authority of the machine has signed the certificate."""
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(emulator.dashboard, trust_env=False)


@pytest.mark.parametrize("host", ["localhost", "acrstore.blob.localhost"])
def test_the_certificate_has_other_names_too(emulator: Emulator, host: str) -> None:
    """Each name is verified."""
    with httpx.Client(base_url=emulator.endpoint, verify=trust(emulator)) as other:
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            other.get("/_emulator/health", extensions={"sni_hostname": "evil.example"})
        headers = {"Host": f"{host}:{port(emulator)}"}
        assert other.get("/_emulator/health", headers=headers, extensions={"sni_hostname": host}).status_code == 200


def test_plain_http_is_answered_with_a_hint(http: httpx.Client, emulator: Emulator) -> None:
    """The answer is plain http, and the connection is closed; other connections go on."""
    for method in ("GET", "POST", "HEAD"):
        request = f"{method} / HTTP/1.1\r\nHost: {emulator.login_server}\r\n\r\n".encode()
        with closing(socket.create_connection(("127.0.0.1", port(emulator)), timeout=30)) as plain:
            plain.sendall(request)
            answer = b"".join(iter(lambda: plain.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"https://" in answer
    answer = httpx.get(f"http://{emulator.login_server}/", trust_env=False)
    assert (answer.status_code, "TLS" in answer.text) == (400, True)
    assert http.get("/_emulator/health").status_code == 200


@pytest.mark.parametrize("sent", [b"", b"\x00" * 100, b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\x00"])
def test_a_connection_without_tls_delays_no_other(http: httpx.Client, emulator: Emulator, sent: bytes) -> None:
    """Others are served while such a connection is open."""
    with closing(socket.create_connection(("127.0.0.1", port(emulator)), timeout=30)) as strange:
        strange.sendall(sent)
        assert http.get("/_emulator/health").status_code == 200
    assert http.get("/_emulator/health").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "OWN"}, 204),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, 204),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(
    http: httpx.Client, emulator: Emulator, headers: dict[str, str], status: int
) -> None:
    """Cross-site requests are refused as without https."""
    headers = {name: emulator.endpoint if value == "OWN" else value for name, value in headers.items()}
    assert http.request("DELETE", "/_emulator/requests", headers=headers).status_code == status


def test_browsers_get_no_strict_transport_security(http: httpx.Client, emulator: Emulator) -> None:
    """Strict-Transport-Security counts for every port of a host, so only clients get it."""
    path = f"{emulator.registries[0]}/tasks"
    assert "strict-transport-security" in http.get(path, params=VERSION).headers
    browser = http.get(path, params=VERSION, headers={"Sec-Fetch-Site": "none"})
    assert (browser.status_code, "strict-transport-security" in browser.headers) == (200, False)


def test_a_fault_breaks_the_connection(http: httpx.Client, emulator: Emulator) -> None:
    """A request in progress loses its connection."""
    http.put("/_emulator/faults", json=[{"match": {"path": "/tasks$"}, "times": 1, "drop": "before"}])
    with pytest.raises(httpx.TransportError):
        http.get(f"{emulator.registries[0]}/tasks", params=VERSION)
    assert http.get(f"{emulator.registries[0]}/tasks", params=VERSION).status_code == 200


def test_images_are_pushed_and_pulled(http: httpx.Client, emulator: Emulator) -> None:
    """The registry's Location leads to the emulator."""
    if shutil.which(PROGRAM) is None:
        pytest.skip("docker-registry is not installed")
    assert http.get("/v2/").status_code == 200
    begun = http.post("/v2/app/blobs/uploads/")
    assert begun.status_code == 202
    place = httpx.URL(emulator.endpoint).join(begun.headers["location"])
    assert (place.scheme, f"{place.host}:{place.port}") == ("https", emulator.login_server)
    digest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    put = http.put(place.copy_add_param("digest", digest), content=b"foo")
    assert put.status_code == 201
    assert http.get(httpx.URL(emulator.endpoint).join(put.headers["location"])).content == b"foo"


def test_an_open_connection_does_not_delay_the_end() -> None:
    """The emulator ends without waiting for a closing alert. An open socket would be a warning here."""
    with acr_tasks_emulator.serve(tls=True) as emulator:
        client = httpx.Client(base_url=emulator.endpoint, verify=trust(emulator))
        assert client.get("/_emulator/health").status_code == 200
    gc.collect()
    client.close()


# Elsewhere than on 127.0.0.1, and with a certificate of one's own


def test_an_ipv6_address_is_one_of_its_names(tmp_path: Path) -> None:
    """It is accepted with and without brackets."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    for host in ("::1", "[::1]"):
        with running(Settings(data=tmp_path, host=host, executor="simulated", tls=True)) as emulator:
            assert emulator.endpoint == f"https://[::1]:{port(emulator)}"
            answer = httpx.get(f"{emulator.endpoint}/_emulator/health", verify=trust(emulator), trust_env=False)
            assert answer.json()["loginServer"] == f"localhost:{port(emulator)}"  # image names take no brackets
            assert is_well(**emulator.address.check)


def test_every_address_needs_a_token_and_has_the_machines_names(tmp_path: Path) -> None:
    """Other machines use the machine's name, which the certificate has."""
    settings = Settings(data=tmp_path, host="0.0.0.0", token="s3cret", executor="simulated", tls=True)
    name = socket.gethostname()
    with running(settings) as emulator, httpx.Client(verify=trust(emulator), trust_env=False) as client:
        assert emulator.endpoint == f"https://127.0.0.1:{port(emulator)}"
        headers = {"Authorization": "Bearer s3cret", "Host": f"{name}:{port(emulator)}"}
        asked = {"url": f"{emulator.endpoint}/_emulator/health", "extensions": {"sni_hostname": name}}
        assert client.get(**asked, headers=headers).status_code == 200
        assert client.get(**asked, headers={"Host": headers["Host"]}).status_code == 401


def test_the_user_s_own_certificate_is_shown(tmp_path: Path) -> None:
    """The endpoint has its name; the health check accepts it although the machine does not trust it."""
    ca = trustme.CA()
    leaf = ca.issue_cert("build.example")
    chain, key = tmp_path / "server.crt", tmp_path / "server.key"
    chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(key)
    context = ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())
    settings = Settings(data=tmp_path, executor="simulated", cert=chain, key=key)
    with running(settings) as emulator, httpx.Client(verify=context, trust_env=False) as client:
        assert (emulator.endpoint, emulator.ca_cert) == (f"https://build.example:{port(emulator)}", None)
        url = f"https://127.0.0.1:{port(emulator)}/_emulator/health"
        headers = {"Host": emulator.login_server}
        answer = client.get(url, headers=headers, extensions={"sni_hostname": "build.example"})
        assert answer.json()["endpoint"] == emulator.endpoint
        check = emulator.address.check
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(other)
        assert is_well(**check)
        chain.write_text("renewed meanwhile")
        assert is_well(**check)
        assert not is_well(**{**check, "trust": str(other)})
        assert not is_well(**{**check, "host": "localhost"})
