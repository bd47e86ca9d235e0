from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from acr_tasks_emulator.address import Address
from acr_tasks_emulator.https import authority
from acr_tasks_emulator.https.authority import AUTHORITY, BLOB_HOST, CA, SERVER, make
from acr_tasks_emulator.https.certificates import FOLDER, Certificate, own
from acr_tasks_emulator.settings import SettingsError

LOCAL = {"localhost", "127.0.0.1", "::1", BLOB_HOST}


def texts(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (data / FOLDER).iterdir()}


# The CA of a data folder, and what it gives this machine


def test_the_second_start_uses_the_certificates_of_the_first(tmp_path: Path) -> None:
    """No file changes, and only the owner can read a key."""
    first = make(tmp_path, "127.0.0.1")
    kept = texts(tmp_path)
    assert make(tmp_path, "127.0.0.1") == first
    assert texts(tmp_path) == kept
    assert set(first.hosts) == LOCAL
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / FOLDER).iterdir()}
    assert set(modes) == {AUTHORITY, CA, SERVER}
    assert modes[AUTHORITY] == modes[SERVER] == 0o600
    assert (tmp_path / FOLDER).stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE KEY" not in kept[CA]


def test_the_server_certificate_is_renewed_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same CA signs the new one, so clients still trust it."""
    for lasts in (timedelta(days=29), timedelta(minutes=-1)):
        monkeypatch.setattr(authority, "_LASTS", lasts)
        (tmp_path / FOLDER / SERVER).unlink(missing_ok=True)
        make(tmp_path, "127.0.0.1")
        monkeypatch.undo()
        short = texts(tmp_path)
        make(tmp_path, "127.0.0.1")
        renewed = texts(tmp_path)
        assert renewed[SERVER] != short[SERVER]
        assert (renewed[CA], renewed[AUTHORITY]) == (short[CA], short[AUTHORITY])
        certificate = x509.load_pem_x509_certificate(renewed[SERVER])
        assert timedelta(days=390) < certificate.not_valid_after_utc - datetime.now(timezone.utc) < timedelta(days=398)


def test_a_missing_host_is_added(tmp_path: Path) -> None:
    """The same CA signs a new certificate with the host."""
    make(tmp_path, "127.0.0.1")
    ca = texts(tmp_path)[CA]
    named = make(tmp_path, "Build.example")
    assert set(named.hosts) == {*LOCAL, "build.example"}
    assert texts(tmp_path)[CA] == ca
    assert set(make(tmp_path, "fd00::0:1").hosts) == {*LOCAL, "fd00::1"}


def test_every_address_means_every_name_of_the_machine(tmp_path: Path) -> None:
    """The certificate has all names and addresses that the machine knows of itself."""
    hosts = make(tmp_path, "0.0.0.0").hosts
    assert set(hosts) > LOCAL
    assert socket.gethostname().lower() in hosts
    assert "0.0.0.0" not in hosts


@pytest.mark.parametrize("text", [b"", b"nonsense", b"OTHER"])
def test_a_damaged_server_certificate_is_replaced(tmp_path: Path, text: bytes) -> None:
    """A certificate of another CA is replaced too."""
    made = make(tmp_path, "127.0.0.1")
    if text == b"OTHER":
        text = trustme.CA().issue_cert(*made.hosts).private_key_and_cert_chain_pem.bytes()
    ca = texts(tmp_path)[CA]
    made.chain.write_bytes(text)
    assert make(tmp_path, "127.0.0.1") == made
    assert texts(tmp_path)[CA] == ca
    assert texts(tmp_path)[SERVER] != text


def test_a_moved_data_folder_keeps_its_ca(tmp_path: Path) -> None:
    """The path is the only difference; a lost copy of the CA's certificate is written again."""
    (tmp_path / "a").mkdir()
    first = make(tmp_path / "a", "127.0.0.1")
    kept = texts(tmp_path / "a")
    first.trust.unlink()
    (tmp_path / "a").rename(tmp_path / "b")
    assert make(tmp_path / "b", "127.0.0.1").ca == tmp_path / "b" / FOLDER / CA
    assert texts(tmp_path / "b") == kept


@pytest.mark.parametrize("text", [b"", b"nonsense", b"CERTIFICATE ALONE"])
def test_a_damaged_ca_is_an_error(tmp_path: Path, text: bytes) -> None:
    """No client would trust a new CA, so it is not replaced silently."""
    made = make(tmp_path, "127.0.0.1")
    (tmp_path / FOLDER / AUTHORITY).write_bytes(made.trust.read_bytes() if b"ALONE" in text else text)
    with pytest.raises(SettingsError, match=r"authority\.pem is no certificate authority: remove it"):
        make(tmp_path, "127.0.0.1")


@pytest.mark.parametrize("host", ["my_host", "bücher.example", "-a", "a..b"])
def test_a_host_that_no_certificate_can_have_is_an_error(tmp_path: Path, host: str) -> None:
    """The sentence says which hosts are possible."""
    with pytest.raises(SettingsError, match="cannot stand in a certificate"):
        make(tmp_path, host)


# The user's own certificate

Own = Callable[..., tuple[Path, Path]]


@pytest.fixture
def files(tmp_path: Path) -> Own:
    """Write a certificate for hosts, and its key."""

    def write(*hosts: str, common_name: str | None = None, **times: datetime) -> tuple[Path, Path]:
        leaf = trustme.CA().issue_cert(*hosts, common_name=common_name, **times)
        chain, key = (
            tmp_path / f"{len(list(tmp_path.iterdir()))}.crt",
            tmp_path / f"{len(list(tmp_path.iterdir()))}.key",
        )
        chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(key)
        return chain, key

    return write


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_the_user_s_own_certificate_is_used(data: Path, files: Own) -> None:
    """The key stays in its place; the ready line has no CA."""
    chain, key = files("build.example", "*.apps.example", "127.0.0.1")
    given = own(data, chain, key)
    assert (given.chain, given.key, given.ca) == (chain, key, None)
    assert given.hosts == ("build.example", "*.apps.example", "127.0.0.1")
    assert all(b"PRIVATE" not in text for text in texts(data).values())
    both = data / "both.pem"
    both.write_bytes(key.read_bytes() + chain.read_bytes())
    assert own(data, both, both).hosts == given.hosts


def test_a_wrong_file_is_named(data: Path, files: Own) -> None:
    """Each mistake has a sentence of its own."""
    chain, key = files("localhost")
    _, other = files("localhost")
    nonsense = data / "nonsense"
    nonsense.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    now = datetime.now(timezone.utc)
    ended, ended_key = files("localhost", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1))
    later, later_key = files("localhost", not_before=now + timedelta(days=1), not_after=now + timedelta(days=9))
    nameless, nameless_key = files(common_name="localhost")
    locked = data / "locked.key"
    secret = ec.generate_private_key(ec.SECP256R1())
    locked.write_bytes(
        secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password-0123"))
    )
    for certificate, its_key, said in (
        (data / "none", key, "none cannot be read: No such file or directory"),
        (data, key, "cannot be read: Is a directory"),
        (chain, data / "none", "key .*none cannot be read: No such file or directory"),
        (nonsense, key, "nonsense holds no certificate in PEM form"),
        (key, key, "holds no certificate in PEM form"),
        (chain, nonsense, "nonsense holds no private key in PEM form"),
        (chain, chain, "holds no private key in PEM form"),
        (chain, other, "is not the one of the certificate"),
        (chain, locked, "is locked with a password"),
        (ended, ended_key, rf"is valid from .* to {now - timedelta(days=1):%Y-%m-%d} only"),
        (later, later_key, "is valid from"),
        (nameless, nameless_key, "names no host"),
    ):
        with pytest.raises(SettingsError, match=said):
            own(data, certificate, its_key)


# Where the server is then


def named(*hosts: str) -> Certificate:
    file = Path("/nowhere/server.crt")
    return Certificate(file, file, file, None, hosts)


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("build.example", True),
        ("BUILD.example", True),
        ("a.apps.example", True),
        ("apps.example", False),
        ("a.b.apps.example", False),
        ("127.0.0.1", True),
        ("0:0:0:0:0:0:0:1", True),
        ("127.0.0.2", False),
        ("", False),
    ],
)
def test_a_certificate_covers_hosts(host: str, asked: bool) -> None:
    """A star stands for one label; case and the spelling of an address do not matter."""
    assert named("build.example", "*.apps.example", "127.0.0.1", "::1").covers(host) is asked


@pytest.mark.parametrize(
    ("host", "certificate", "endpoint"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:80"),
        ("localhost", None, "http://127.0.0.1:80"),
        ("0.0.0.0", None, "http://127.0.0.1:80"),
        ("::", None, "http://127.0.0.1:80"),
        ("::1", None, "http://[::1]:80"),
        ("127.0.0.1", named("localhost", "127.0.0.1"), "https://127.0.0.1:80"),
        ("::1", named("localhost", "::1"), "https://[::1]:80"),
        ("127.0.0.1", named("*.example", "localhost"), "https://localhost:80"),
        ("0.0.0.0", named("build.example"), "https://build.example:80"),
        ("a.apps.example", named("*.apps.example"), "https://a.apps.example:80"),
    ],
)
def test_the_endpoint_has_a_name_of_the_certificate(host: str, certificate: Certificate | None, endpoint: str) -> None:
    """It is the listening address if the certificate has it. The login server has localhost in place of ::1."""
    place = Address.of(host, 80, certificate)
    assert place.endpoint == endpoint
    assert endpoint.endswith(f"//{place.login_server}") or place.login_server == "localhost:80"
    assert "[" not in place.login_server


def test_a_wildcard_certificate_needs_a_host() -> None:
    """The sentence names the option."""
    with pytest.raises(SettingsError, match=r"is good for \*\.example, not for 127\.0\.0\.1: say with --host"):
        Address.of("0.0.0.0", 80, named("*.example"))
