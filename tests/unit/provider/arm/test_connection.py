"""The certificates that our connections trust, and the connections without a proxy."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from pulumi_acr_tasks.arm.http.connection import ca_certificates, is_loopback, open_http, tls_context
from pulumi_acr_tasks.errors import SettingsError

CA = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set an environment without certificates."""
    for name in CA:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return the file of a CA of one's own."""
    path = tmp_path / "ca.pem"
    trustme.CA(organization_name="Ours").cert_pem.write_to_path(str(path))
    return path


def names(context: ssl.SSLContext) -> list[str]:
    """Return the organizations of a context's authorities."""
    return [str(dict(pair[0] for pair in item["subject"]).get("organizationName")) for item in context.get_ca_certs()]


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_names_the_trusted_ca(environment: pytest.MonkeyPatch, bundle: Path, name: str) -> None:
    """The engine's variable and az's hold for both HTTP libraries, and no other CA is trusted."""
    environment.setenv(name, str(bundle))
    assert ca_certificates() == str(bundle)
    assert names(tls_context()) == ["Ours"]


def test_the_engines_variable_comes_first(environment: pytest.MonkeyPatch, bundle: Path) -> None:
    """SSL_CERT_FILE counts even where REQUESTS_CA_BUNDLE is set."""
    environment.setenv("SSL_CERT_FILE", str(bundle))
    environment.setenv("REQUESTS_CA_BUNDLE", "elsewhere")
    assert ca_certificates() == str(bundle)


def test_the_first_existing_folder_counts(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SSL_CERT_DIR may be a list."""
    environment.setenv("SSL_CERT_DIR", f"{tmp_path / 'nowhere'}:{tmp_path}")
    assert ca_certificates() == str(tmp_path)
    assert names(tls_context()) == []


def test_by_default_the_usual_authorities_are_trusted() -> None:
    """They are those that the libraries bring."""
    assert ca_certificates() is None
    assert len(names(tls_context())) > 50


def test_a_missing_file_is_an_error(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error has the variable and the path."""
    environment.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    with pytest.raises(SettingsError, match=r"REQUESTS_CA_BUNDLE is '.*nowhere.pem', and there is no such file"):
        open_http()


def test_a_file_without_certificates_is_an_error(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error has the path."""
    (tmp_path / "ca.pem").write_text("not a certificate\n")
    environment.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(SettingsError, match=r"the CA certificates in .*ca.pem cannot be read: "):
        tls_context()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_needs_no_proxy(environment: pytest.MonkeyPatch, scheme: str, host: str) -> None:
    """A proxy's loopback address is the proxy itself."""
    environment.setenv("HTTP_PROXY", "http://proxy.example:3128")
    environment.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with open_http() as http:
        choose = http._transport_for_url  # the only place where httpx tells which way a request takes
        direct = choose(url_of(f"{scheme}://{host}:1/"))
        assert direct is http._transport
        assert choose(url_of(f"{scheme}://management.azure.com/")) is not direct


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("HTTPS_PROXY", "socks5://u:c4nary@proxy.example", "HTTPS_PROXY cannot be used: a SOCKS proxy needs pip"),
        ("HTTPS_PROXY", "http://u:c4nary#@proxy.example", "HTTPS_PROXY cannot be used: a proxy is http://HOST:PORT"),
        ("ALL_PROXY", "ftp://u:c4nary@proxy.example", "ALL_PROXY cannot be used"),
        ("NO_PROXY", "localhost,[::1]", "NO_PROXY cannot be used"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_a_sentence(
    environment: pytest.MonkeyPatch, name: str, value: str, cure: str
) -> None:
    """The sentence names the variable, and not its value, which may hold a password."""
    for other in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        environment.delenv(other, raising=False)
        environment.delenv(other.lower(), raising=False)
    environment.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        open_http()
    assert cure in str(caught.value)
    assert "c4nary" not in str(caught.value)


def url_of(text: str) -> object:
    """Return a URL as httpx holds it."""
    import httpx

    return httpx.URL(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("https://[::1]:443", True),
        ("http://localhost:80", True),
        ("http://localhost.example.org", False),
        ("http://example.localhost", False),
        ("http://10.0.0.1", False),
        ("embedded", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, expected: bool) -> None:
    """Loopback is an address of it, or the name localhost."""
    assert is_loopback(url) is expected
