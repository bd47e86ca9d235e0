"""A server in a thread: its own interface, its port and its folder."""

from __future__ import annotations

import base64
import concurrent.futures
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import acr_tasks_emulator
from acr_tasks_emulator.settings import SettingsError

if TYPE_CHECKING:
    from acr_tasks_emulator.server import Emulator

VERSION = {"api-version": "2019-04-01"}
JSON = {"Content-Type": "application/json"}
YAML = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox true\n").decode()
REQUEST = {"type": "EncodedTaskRunRequest", "encodedTaskContent": YAML, "platform": {"os": "Linux"}}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with acr_tasks_emulator.serve(registries=("emulator", "second:westus")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=emulator.endpoint) as client:
        yield client


@pytest.fixture
def registry(emulator: Emulator) -> str:
    return emulator.registries[0]


@pytest.fixture
def upload_url(http: httpx.Client, registry: str) -> str:
    url: str = http.post(f"{registry}/listBuildSourceUploadUrl", params=VERSION).json()["uploadUrl"]
    return url


def ended(http: httpx.Client, registry: str) -> dict[str, Any]:
    """Schedule a run and return it when it has ended."""
    run = http.post(f"{registry}/scheduleRun", params=VERSION, json=REQUEST).json()
    deadline = time.monotonic() + 120
    while run["properties"]["status"] in {"Queued", "Running"}:
        assert time.monotonic() < deadline
        run = http.get(f"{registry}/runs/{run['name']}", params=VERSION).json()
    result: dict[str, Any] = run
    return result


def test_a_next_link_is_followed_to_the_end(http: httpx.Client, emulator: Emulator) -> None:
    """It is absolute, and keeps the query and the caller's spelling of the host."""
    registry = emulator.registries[1]
    scheduled = [http.post(f"{registry}/scheduleRun", params=VERSION, json=REQUEST).json()["name"] for _ in range(103)]
    url: str | None = f"{emulator.endpoint.replace('127.0.0.1', 'localhost')}{registry}/runs?api-version=2019-04-01"
    found: list[str] = []
    while url is not None:
        assert url.startswith("http://localhost:")
        page = http.get(url).json()
        found += [run["name"] for run in page["value"]]
        url = page.get("nextLink")
    assert found == scheduled[::-1]


def test_requests_are_logged_without_signatures(http: httpx.Client, registry: str, upload_url: str) -> None:
    """ARM and blob requests are logged, with status, time and correlation id; pages and this interface are not."""
    http.delete("/_emulator/requests")
    http.get("/")
    http.get(f"{registry}/tasks/nosuch", params=VERSION, headers={"x-ms-correlation-request-id": "abc"})
    http.put(upload_url, content=b"", headers={"x-ms-blob-type": "BlockBlob"})
    first, second = http.get("/_emulator/requests").json()["value"]
    assert set(first) == {"time", "method", "path", "query", "status", "milliseconds", "correlationId"}
    assert (first["method"], first["path"], first["status"]) == ("GET", f"{registry}/tasks/nosuch", 404)
    assert (first["correlationId"], first["query"]) == ("abc", "api-version=2019-04-01")
    assert (second["method"], second["status"]) == ("PUT", 201)
    assert second["path"].startswith("/blobs/")
    assert second["query"].endswith("&sig=REDACTED")


def test_a_reset_removes_tasks_runs_and_blobs(tmp_path: Path) -> None:
    """The registries stay."""

    def blobs() -> list[Path]:
        return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]

    with acr_tasks_emulator.serve(data=tmp_path) as emulator, httpx.Client(base_url=emulator.endpoint) as http:
        registry = emulator.registries[0]
        ended(http, registry)
        link = http.post(f"{registry}/listBuildSourceUploadUrl", params=VERSION).json()["uploadUrl"]
        http.put(link, content=b"tar", headers={"x-ms-blob-type": "BlockBlob"})
        assert len(blobs()) == 2
        assert http.post("/_emulator/reset").status_code == 204
        assert http.get(f"{registry}/runs", params=VERSION).json() == {"value": []}
        assert blobs() == []
        assert ended(http, registry)["properties"]["status"] == "Succeeded"


def test_health_has_the_ready_line(http: httpx.Client, emulator: Emulator) -> None:
    """It has the ready line, and the number of runs in progress."""
    health = http.get("/_emulator/health").json()
    assert health["status"] == "ok"
    assert (health["endpoint"], health["registries"]) == (emulator.endpoint, emulator.registries)
    assert isinstance(health["activeRuns"], int)


def test_the_port_stays_with_the_folder(tmp_path: Path) -> None:
    """Names of images contain the port; when it is taken, another one is used."""
    with acr_tasks_emulator.serve(data=tmp_path / "data") as first:
        endpoint, server = first.endpoint, first.login_server
    with acr_tasks_emulator.serve(data=tmp_path / "data") as again:
        assert again.endpoint == endpoint
    taken = socket.create_server(("127.0.0.1", int(server.rpartition(":")[2])))
    with taken, acr_tasks_emulator.serve(data=tmp_path / "data") as other:
        assert other.endpoint != endpoint
        assert httpx.get(f"{other.endpoint}/_emulator/health").status_code == 200


def test_links_outlive_a_restart(tmp_path: Path) -> None:
    """The signing key is kept in the folder, which only the owner can read."""
    with acr_tasks_emulator.serve(data=tmp_path / "data") as first:
        url = httpx.post(f"{first.endpoint}{first.registries[0]}/listBuildSourceUploadUrl", params=VERSION).json()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with acr_tasks_emulator.serve(data=tmp_path / "data"):
        assert httpx.put(url["uploadUrl"], content=b"", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201


def test_a_taken_port_is_a_sentence() -> None:
    """The sentence names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on"):
            acr_tasks_emulator.serve(port=port).__enter__()


def test_many_callers_at_once_are_all_served(http: httpx.Client, registry: str) -> None:
    """Every acknowledged task is stored."""
    step = {"type": "EncodedTask", "encodedTaskContent": "eA=="}
    body = {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": step}}

    def put(number: int) -> int:
        return http.put(f"{registry}/tasks/many-{number:03}", params=VERSION, json=body).status_code

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(put, range(150))) == {200}
    for number in range(150):
        assert http.get(f"{registry}/tasks/many-{number:03}", params=VERSION).status_code == 200
