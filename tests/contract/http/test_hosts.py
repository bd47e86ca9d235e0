"""Pages of other sites, and names of other hosts: requests of a browser on this machine are refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

VERSION = {"api-version": "2019-04-01"}
# One of each kind of address: Resource Manager, the emulator's own, the page, a blob, the login server.
PLACES = [
    ("POST", "{registry}/listBuildSourceUploadUrl", "Resource Manager"),
    ("POST", "/_emulator/reset", "admin"),
    ("POST", "/_emulator/webhooks/github", "webhooks"),
    ("POST", "/runs/emulator/cf1/cancel", "page"),
    ("PUT", "/blobs/box/a", "blobs"),
    ("POST", "/v2/app/blobs/uploads/", "login server"),
]


def ask(arm: Any, method: str, path: str, **headers: str) -> Any:
    path = path.format(registry=arm.registry)
    return arm.http.request(
        method, path, params=VERSION, headers={name.replace("_", "-"): headers[name] for name in headers}
    )


@pytest.mark.parametrize(("method", "path", "where"), PLACES)
@pytest.mark.parametrize(
    "host", ["evil.example", "169.254.169.254", "127.0.0.1.evil.example", "localhost.evil.example"]
)
@pytest.mark.emulator_choice("the emulator's own protection against DNS rebinding")
def test_foreign_host_names_are_refused(arm: Any, method: str, path: str, where: str, host: str) -> None:
    """A foreign name that resolves to this machine is refused, for reading too."""
    for each in (method, "GET"):
        answer = ask(arm, each, path, host=host)
        assert answer.status_code == 403, where
        assert answer.json()["error"]["code"] == "ForeignHost"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1/evil", "127.0.0.1?x", "evil@127.0.0.1", "127.0.0.1#", "127.0.0.1:1234567", "127.0.0.1:a", "[::1"],
)
@pytest.mark.emulator_choice("the emulator's own protection against DNS rebinding")
def test_a_host_is_a_name_and_a_port(arm: Any, host: str) -> None:
    """Any other text in the header is refused, because links are made of it."""
    answer = ask(arm, "POST", "{registry}/listBuildSourceUploadUrl", host=host)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "ForeignHost"


@pytest.mark.emulator_choice("names that mean this machine and nothing else")
def test_the_emulator_s_own_names_are_accepted(arm: Any) -> None:
    """Links have the name that the caller used."""
    port = urlsplit(arm.coordinates.endpoint).port
    for host in (f"127.0.0.1:{port}", f"LOCALHOST:{port}", f"[::1]:{port}", f"emulator.localhost:{port}", "127.0.0.1"):
        answer = ask(arm, "POST", "{registry}/listBuildSourceUploadUrl", host=host)
        assert answer.status_code == 200, host
        assert urlsplit(answer.json()["uploadUrl"]).netloc == host


@pytest.mark.parametrize(("method", "path", "where"), PLACES)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "null", "content_type": "application/x-www-form-urlencoded"},
    ],
)
@pytest.mark.emulator_choice("the emulator's own protection against cross-site requests")
def test_cross_site_requests_are_refused(arm: Any, method: str, path: str, where: str, headers: dict[str, str]) -> None:
    """A form of another site, a frame without an origin, and a page of another port are refused first of all."""
    answer = ask(arm, method, path, **headers)
    assert answer.status_code == 403, where
    assert answer.json()["error"]["code"] == "ForeignOrigin"


@pytest.mark.emulator_choice("what browsers send from the emulator's own page")
def test_the_emulator_s_own_page_is_accepted(arm: Any) -> None:
    """The same requests of the emulator's page, or of a program other than a browser, are accepted."""
    own = {"origin": arm.coordinates.endpoint, "sec_fetch_site": "same-origin"}
    for headers in (own, {"sec_fetch_site": "none"}, {}):
        assert ask(arm, "POST", "{registry}/listBuildSourceUploadUrl", **headers).status_code == 200


@pytest.mark.emulator_choice("no answer allows pages of other sites to read it")
def test_no_answer_allows_other_origins(arm: Any) -> None:
    """A browser hides the answers from pages of other sites, because no answer allows them."""
    for path in (f"{arm.registry}/tasks", "/_emulator/requests", "/", "/v2/", "/blobs/a/b"):
        answer = ask(arm, "GET", path, origin="https://evil.example")
        assert "access-control-allow-origin" not in answer.headers, path
        answer = ask(arm, "OPTIONS", path, origin="https://evil.example", access_control_request_method="PUT")
        assert "access-control-allow-origin" not in answer.headers, path


@pytest.mark.emulator_choice("the emulator's own page")
def test_answers_have_security_headers(arm: Any) -> None:
    """No content type is guessed; the page cannot be framed, and loads nothing from other hosts."""
    for path in (f"{arm.registry}/tasks", "/_emulator/health", "/", "/v2/", "/blobs/a/b", "/nowhere"):
        assert ask(arm, "GET", path).headers["x-content-type-options"] == "nosniff", path
    policy = ask(arm, "GET", "/").headers["content-security-policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
