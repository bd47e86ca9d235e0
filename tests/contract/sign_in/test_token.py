"""The emulator's token: required, whole, for everything but signed links, and never shown."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from acr_tasks_emulator import serve
from acr_tasks_emulator.settings import Settings, SettingsError

TOKEN = "t0ken-0123456789-äöü"
PATHS = [
    ("GET", "{registry}/tasks"),
    ("PUT", "{registry}/tasks/mytask"),
    ("POST", "{registry}/scheduleRun"),
    ("POST", "{registry}/listBuildSourceUploadUrl"),
    ("GET", "/"),
    ("GET", "/runs/emulator/cf1"),
    ("GET", "/runs/emulator/cf1/log"),
    ("POST", "/runs/emulator/cf1/cancel"),
    ("POST", "/tasks/emulator/mytask/run"),
    ("GET", "/_emulator/health"),
    ("GET", "/_emulator/requests"),
    ("POST", "/_emulator/reset"),
    ("PUT", "/_emulator/faults"),
    ("POST", "/_emulator/clock/advance"),
    ("GET", "/v2/"),
    ("GET", "/v2/_catalog"),
    ("POST", "/v2/app/blobs/uploads/"),
    ("GET", "/nowhere"),
    ("POST", "/blobs"),
    ("POST", "/Blobs/a/b"),
    ("POST", "//blobs/a/b"),
]


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.emulator_choice("the emulator's own token; 401 and a challenge as Resource Manager answers")
def test_every_request_needs_the_token(emulated: Any) -> None:
    """A request without the token, with a part of it, or with more than it, has no effect and no answer but 401."""
    arm = emulated(token=TOKEN)
    wrong = ["", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Bearer {TOKEN.upper()}", TOKEN]
    wrong += [basic("x", ""), basic(TOKEN, "x"), "Basic !!!", "Basic " + base64.b64encode(TOKEN.encode()).decode()]
    with httpx.Client(base_url=arm.coordinates.endpoint, params={"api-version": "2019-04-01"}) as client:
        for method, path in PATHS:
            for shown in wrong:
                headers = [(b"Authorization", shown.encode())] if shown else []
                answer = client.request(method, path.format(registry=arm.registry), headers=headers)
                assert answer.status_code == 401, (method, path, shown, answer.text)
                assert "www-authenticate" in answer.headers
                assert TOKEN not in answer.text


@pytest.mark.emulator_choice("the emulator's own list of requests")
def test_unauthorized_requests_are_logged(emulated: Any) -> None:
    """Refused requests to Resource Manager are in the list of requests like all others."""
    arm = emulated(token="t0ken-0123456789")
    path = f"{arm.registry}/tasks"
    for headers in ({}, {"Authorization": "Bearer x"}, {"Host": "evil.example", "Authorization": "Bearer x"}):
        httpx.get(arm.coordinates.endpoint + path, params={"api-version": "2019-04-01"}, headers=headers)
    arm.http.headers["Authorization"] = "Bearer t0ken-0123456789"
    noted = [(each["path"], each["status"]) for each in arm.http.get("/_emulator/requests").json()["value"]]
    assert [status for noted_path, status in noted if noted_path == path] == [401, 401, 403]


@pytest.mark.emulator_choice("the emulator's own token")
def test_the_token_is_accepted(emulated: Any) -> None:
    """It is accepted as a bearer token, and as a password from browsers and docker."""
    arm = emulated(token="t0ken-0123456789")
    for shown in ("Bearer t0ken-0123456789", "bearer t0ken-0123456789", basic("anybody", "t0ken-0123456789")):
        for path in (f"{arm.registry}/tasks?api-version=2019-04-01", "/", "/_emulator/health"):
            answer = httpx.get(arm.coordinates.endpoint + path, headers={"Authorization": shown})
            assert answer.status_code == 200, (shown, path)


@pytest.mark.emulator_choice("the emulator's own token")
def test_a_signed_link_needs_no_token(emulated: Any) -> None:
    """A link permits its one action; without a signature the blob is not accessible."""
    arm = emulated(token="t0ken-0123456789")
    arm.http.headers["Authorization"] = "Bearer t0ken-0123456789"
    upload = arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]
    assert httpx.put(upload, content=b"x", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201
    assert httpx.put(upload.partition("?")[0], content=b"x", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 403
    assert "t0ken-0123456789" not in arm.http.get("/_emulator/requests").text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
@pytest.mark.emulator_choice("the emulator's own token")
def test_other_hosts_than_loopback_need_a_token(host: str, tmp_path: Any) -> None:
    """Without a token the emulator does not start on another address than loopback."""
    with pytest.raises(SettingsError, match="--token"):
        Settings(data=tmp_path, host=host)
    assert Settings(data=tmp_path, host=host or "127.0.0.1", token="t").token == "t"


@pytest.mark.emulator_choice("the emulator's own token")
def test_an_empty_token_is_refused(tmp_path: Any) -> None:
    """An empty token would protect nothing."""
    with pytest.raises(SettingsError, match="empty token"), serve(token=""):
        pass
    assert "secret" not in repr(Settings(data=tmp_path, token="secret"))
