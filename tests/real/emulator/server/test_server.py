from __future__ import annotations

import base64
import concurrent.futures
import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobClient

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
    deadline = time.monotonic() + 20
    while run["properties"]["status"] in {"Queued", "Running"}:
        assert time.monotonic() < deadline
        run = http.get(f"{registry}/runs/{run['name']}", params=VERSION).json()
    result: dict[str, Any] = run
    return result


# Addresses and versions


def test_paths_are_compared_without_case(http: httpx.Client, registry: str) -> None:
    """A slash at the end is no matter either."""
    for path in (registry.upper(), registry.lower(), registry + "/"):
        answer = http.get(path, params={"API-Version": "2023-07-01"})
        assert answer.status_code == 200, path
        assert answer.json()["id"] == registry
    assert http.get(registry.upper() + "/RUNS", params=VERSION).json() == {"value": []}


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("", {}, 400, "MissingApiVersionParameter"),
        ("", {"api-version": "latest"}, 400, "InvalidApiVersionParameter"),
        ("", {"api-version": "2019-04-01"}, 400, "NoRegisteredProviderFound"),
        ("/tasks", {"api-version": "2023-07-01"}, 400, "NoRegisteredProviderFound"),
        ("x", {"api-version": "2023-07-01"}, 404, "ResourceNotFound"),
        ("/tasks/nosuch", VERSION, 404, "ResourceNotFound"),
        ("/runs/cf1", VERSION, 404, "ResourceNotFound"),
        ("/webhooks", VERSION, 404, "InvalidResourceType"),
        ("/scheduleRun", VERSION, 405, "HttpMethodNotAllowed"),
    ],
)
def test_wrong_addresses_are_answered_as_resource_manager_does(
    http: httpx.Client, registry: str, path: str, params: dict[str, str], status: int, code: str
) -> None:
    """The body is ARM's, the code says what is wrong."""
    answer = http.get(registry + path, params=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_what_is_missing_is_the_first_part_that_is(http: httpx.Client, registry: str) -> None:
    """Subscription, then group, then registry."""
    parts = registry.split("/")
    for index, code in ((2, "SubscriptionNotFound"), (4, "ResourceGroupNotFound"), (8, "ResourceNotFound")):
        path = "/".join([*parts[:index], "nosuch", *parts[index + 1 :]])
        answer = http.get(f"{path}/tasks", params=VERSION)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"location": "\\ud800"}',
        b'{"location": "\\uD83D"}',
        b"1",
    ],
)
def test_bodies_that_are_no_json_object_are_refused(http: httpx.Client, registry: str, body: bytes) -> None:
    """400, whatever it is."""
    answer = http.put(f"{registry}/tasks/task1", params=VERSION, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")


def test_a_body_of_more_than_four_mebibytes_is_refused(http: httpx.Client, registry: str) -> None:
    """413."""
    answer = http.put(f"{registry}/tasks/task1", params=VERSION, content=b" " * (4 * 1024 * 1024 + 1), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestEntityTooLarge")


def test_emoji_pass(http: httpx.Client, registry: str) -> None:
    """A whole surrogate pair is text."""
    step = {"type": "EncodedTask", "encodedTaskContent": "eA=="}
    body = {
        "location": "westeurope",
        "tags": {"a": "\U0001f600"},
        "properties": {"platform": {"os": "Linux"}, "step": step},
    }
    answer = http.put(f"{registry}/tasks/emoji", params=VERSION, content=json.dumps(body).encode(), headers=JSON)
    assert answer.json()["tags"] == {"a": "\U0001f600"}


# Headers


def test_answers_have_resource_managers_headers(http: httpx.Client, registry: str) -> None:
    """The caller's correlation id comes back; one that is no header value is replaced."""
    answer = http.get(f"{registry}/tasks", params=VERSION, headers={"x-ms-correlation-request-id": "abc-123"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-ms-correlation-request-id"] == "abc-123"
    assert answer.headers["x-ms-request-id"]
    odd = http.get(f"{registry}/tasks", params=VERSION, headers={"x-ms-correlation-request-id": "a b"})
    assert odd.headers["x-ms-correlation-request-id"] != "a b"
    assert "etag" not in answer.headers


def test_each_kind_of_request_has_its_rate_limit(http: httpx.Client, registry: str) -> None:
    """Reads, writes and deletes are counted apart; listDetails is a write."""
    prefix = "x-ms-ratelimit-remaining-subscription-"
    asked = (("GET", "/tasks", "reads"), ("POST", "/tasks/x/listDetails", "writes"), ("DELETE", "/tasks/x", "deletes"))
    for method, path, kind in asked:
        headers = http.request(method, registry + path, params=VERSION).headers
        assert 0 < int(headers[prefix + kind]) < 250
        assert 2000 < int(headers[f"{prefix}global-{kind}"]) < 3750


# Lists


def test_a_next_link_is_followed_to_the_end(http: httpx.Client, emulator: Emulator) -> None:
    """It is absolute, keeps what was asked, and the caller's spelling of the host."""
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


# Blobs


@pytest.mark.parametrize("size", [0, 10, 3 * 1024 * 1024])
def test_the_storage_sdk_uploads_to_the_link(
    http: httpx.Client, upload_url: str, emulator: Emulator, size: int
) -> None:
    """In one put, and in blocks when it is large."""
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    client = BlobClient.from_blob_url(upload_url, max_single_put_size=1024 * 1024, max_block_size=1024 * 1024)
    with client:
        client.upload_blob(io.BytesIO(data), blob_type="BlockBlob", overwrite=True)
        with pytest.raises(ResourceExistsError):
            client.upload_blob(b"another", overwrite=False)
    stored = [path for path in _blob_files(emulator) if path.name in upload_url]
    assert [path.read_bytes() for path in stored] == [data]


def _blob_files(emulator: Emulator) -> list[Path]:
    store = emulator.application.services.blobs.store
    return [path for path in store._folder.rglob("*") if path.is_file()]


def test_uploads_with_one_correlation_id_meet(http: httpx.Client, registry: str) -> None:
    """Two calls with one id get one path, as in the service; a fresh id gets another."""

    def path(correlation_id: str) -> str:
        headers = {"x-ms-correlation-request-id": correlation_id}
        answer = http.post(f"{registry}/listBuildSourceUploadUrl", params=VERSION, headers=headers).json()
        assert f"/{answer['relativePath']}?" in answer["uploadUrl"]
        relative_path: str = answer["relativePath"]
        return relative_path

    first = "11111111-2222-3333-4444-555555555555"
    assert path(first) == path(first)
    assert path(first).endswith(f"0000/{first}.tar.gz")
    assert path("../../x") == path("../../x") != path(first)
    assert ".." not in path("../../x")


@pytest.mark.parametrize(
    ("method", "change", "headers", "status", "code"),
    [
        ("PUT", str, {}, 400, "MissingRequiredHeader"),
        ("PUT", str, {"x-ms-blob-type": "PageBlob"}, 400, "InvalidHeaderValue"),
        ("PUT", lambda url: url.split("?")[0], {"x-ms-blob-type": "BlockBlob"}, 403, "AuthenticationFailed"),
        ("PUT", lambda url: url.replace(".tar", ".tgz"), {"x-ms-blob-type": "BlockBlob"}, 403, "AuthenticationFailed"),
        ("PUT", lambda url: url + "&comp=block", {}, 400, "InvalidQueryParameterValue"),
        ("PUT", lambda url: url + "&comp=page", {}, 405, "UnsupportedHttpVerb"),
        ("GET", str, {}, 403, "AuthorizationPermissionMismatch"),
        ("DELETE", str, {}, 405, "UnsupportedHttpVerb"),
    ],
)
def test_wrong_blob_requests_are_refused(
    http: httpx.Client,
    upload_url: str,
    method: str,
    change: Callable[[str], str],
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    """The body is XML, the header x-ms-error-code says the same."""
    answer = http.request(method, change(upload_url), headers=headers, content=b"data" if method == "PUT" else None)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (status, code)
    assert f"<Code>{code}</Code>" in answer.text


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"<BlockList><Latest>bm9uZQ==</Latest></BlockList>", "InvalidBlockList"),
        (b"<BlockList>", "InvalidXmlDocument"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><BlockList>&b;</BlockList>', "InvalidXmlDocument"),
    ],
)
def test_a_wrong_block_list_is_refused(http: httpx.Client, upload_url: str, xml: bytes, code: str) -> None:
    """400."""
    answer = http.put(f"{upload_url}&comp=blocklist", content=xml)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, code)


def test_a_log_is_read_by_ranges(http: httpx.Client, registry: str) -> None:
    """206 with the part, 416 at its end, and the mark that nothing follows."""
    run = ended(http, registry)
    link = http.post(f"{registry}/runs/{run['name']}/listLogSasUrl", params=VERSION).json()["logLink"]
    whole = http.get(link)
    assert whole.status_code == 200
    size = len(whole.content)
    head = http.head(link)
    assert (head.headers["content-length"], head.content) == (str(size), b"")
    assert (b"x-ms-meta-Complete", b"successful") in head.headers.raw
    part = http.get(link, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{size}"
    rest = http.get(link, headers={"x-ms-range": f"bytes={size - 3}-"})
    assert (rest.status_code, rest.content) == (206, whole.content[-3:])
    beyond = http.get(link, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["x-ms-error-code"]) == (416, "InvalidRange")
    etag = whole.headers["etag"]
    assert http.get(link, headers={"If-None-Match": etag}).status_code == 304
    assert http.get(link, headers={"If-Match": '"0x0"'}).status_code == 412
    assert http.put(link, headers={"x-ms-blob-type": "BlockBlob"}, content=b"forged").status_code == 403


# Safety


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("acr.blob.localhost", 200),
        ("127.0.0.1:1", 200),
        ("[::1]", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.1", 403),
        ("[", 403),
    ],
)
def test_foreign_hosts_are_refused(http: httpx.Client, host: str, status: int) -> None:
    """A name of somebody's own domain that leads here is not taken for ours."""
    assert http.get("/_emulator/health", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"Origin": "OWN"}, 204),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(
    http: httpx.Client, emulator: Emulator, headers: dict[str, str], status: int
) -> None:
    """A form or script of another site cannot post here."""
    headers = {name: emulator.endpoint if value == "OWN" else value for name, value in headers.items()}
    assert http.request("DELETE", "/_emulator/requests", headers=headers).status_code == status


def test_a_token_is_checked() -> None:
    """As a bearer token, or as a password for browsers and docker; a blob's link needs none."""
    with acr_tasks_emulator.serve(token="s3cret") as emulator, httpx.Client(base_url=emulator.endpoint) as http:
        path = f"{emulator.registries[0]}/tasks"
        right = {"Authorization": "Bearer s3cret"}
        none = http.get(path, params=VERSION)
        assert (none.status_code, none.json()["error"]["code"]) == (401, "AuthenticationFailed")
        assert none.headers["www-authenticate"].startswith("Bearer")
        wrong = http.get(path, params=VERSION, headers={"Authorization": "Bearer s3cre"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
        assert http.get(path, params=VERSION, headers=right).status_code == 200
        assert http.get("/").headers["www-authenticate"].startswith("Basic")
        assert http.get("/", auth=("anybody", "s3cret")).status_code == 200
        assert http.get("/", headers={"Authorization": "Basic %%%"}).status_code == 401
        url = http.post(emulator.registries[0] + "/listBuildSourceUploadUrl", params=VERSION, headers=right).json()
        assert http.put(url["uploadUrl"], content=b"", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201
        assert "s3cret" not in http.get("/_emulator/health", headers=right).text


# The emulator's own interface


def test_requests_are_noted_without_signatures(http: httpx.Client, registry: str, upload_url: str) -> None:
    """ARM and blob requests, with status, time and correlation id; neither pages nor this interface itself."""
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


def test_a_reset_removes_tasks_runs_and_blobs() -> None:
    """Registries stay."""
    with acr_tasks_emulator.serve() as emulator, httpx.Client(base_url=emulator.endpoint) as http:
        registry = emulator.registries[0]
        ended(http, registry)
        link = http.post(f"{registry}/listBuildSourceUploadUrl", params=VERSION).json()["uploadUrl"]
        http.put(link, content=b"tar", headers={"x-ms-blob-type": "BlockBlob"})
        assert len(_blob_files(emulator)) == 2
        assert http.post("/_emulator/reset").status_code == 204
        assert http.get(f"{registry}/runs", params=VERSION).json() == {"value": []}
        assert _blob_files(emulator) == []
        assert ended(http, registry)["properties"]["status"] == "Succeeded"


def test_health_says_where_it_is(http: httpx.Client, emulator: Emulator) -> None:
    """What the ready line says, and how many runs have not ended."""
    health = http.get("/_emulator/health").json()
    assert health["status"] == "ok"
    assert (health["endpoint"], health["registries"]) == (emulator.endpoint, emulator.registries)
    assert isinstance(health["activeRuns"], int)


def test_without_an_image_registry_the_login_server_says_so(
    http: httpx.Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 in the form of the distribution specification."""
    images = emulator.application.services.images
    monkeypatch.setattr(images._registry, "_program", None)
    answer = http.get("/v2/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "UNAVAILABLE")


# The page


def test_the_page_shows_tasks_and_runs(http: httpx.Client, registry: str) -> None:
    """What callers wrote is escaped, and nothing is loaded from elsewhere."""
    step = {"type": "Docker", "dockerFilePath": "<script>alert(1)</script>", "imageNames": ["web:1"]}
    trigger = {"timerTriggers": [{"name": "nightly", "schedule": "0 3 * * *"}]}
    properties = {"platform": {"os": "Linux"}, "step": step, "trigger": trigger}
    http.put(f"{registry}/tasks/shown-task", params=VERSION, json={"location": "westeurope", "properties": properties})
    run = ended(http, registry)
    page = http.get("/")
    assert "shown-task" in page.text
    assert "timer nightly" in page.text
    assert f'href="/runs/emulator/{run["name"]}"' in page.text
    assert "<script>alert" not in page.text
    assert "Simulated runs." in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text.replace("http://127.0.0.1", "")


def test_a_runs_page_has_its_log(http: httpx.Client, registry: str) -> None:
    """A log that is complete names no place from which it goes on; its own answers tell the same."""
    run = ended(http, registry)
    page = http.get(f"/runs/emulator/{run['name']}").text
    assert "simulated: nothing is built" in page
    assert 'data-next=""' in page
    url = f"/runs/emulator/{run['name']}/log"
    size = len(http.get(url).content)
    at_end = http.get(url, headers={"Range": f"bytes={size - 1}-"})
    assert (at_end.status_code, at_end.headers["x-ms-meta-complete"]) == (206, "successful")
    for missing in ("/runs/emulator/zz9", "/runs/nosuch/zz9", "/runs/emulator/zz9/log", "/assets/nosuch.js"):
        assert http.get(missing).status_code == 404


# The server itself


def test_the_port_stays_with_the_folder(tmp_path: Path) -> None:
    """It stands in the names of images; when it is taken, another one is used."""
    with acr_tasks_emulator.serve(data=tmp_path / "data") as first:
        endpoint, server = first.endpoint, first.login_server
    with acr_tasks_emulator.serve(data=tmp_path / "data") as again:
        assert again.endpoint == endpoint
    taken = socket.create_server(("127.0.0.1", int(server.rpartition(":")[2])))
    with taken, acr_tasks_emulator.serve(data=tmp_path / "data") as other:
        assert other.endpoint != endpoint
        assert httpx.get(f"{other.endpoint}/_emulator/health").status_code == 200


def test_links_outlive_a_restart(tmp_path: Path) -> None:
    """The signing key is kept in the folder, which nobody else can look into."""
    with acr_tasks_emulator.serve(data=tmp_path / "data") as first:
        url = httpx.post(f"{first.endpoint}{first.registries[0]}/listBuildSourceUploadUrl", params=VERSION).json()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with acr_tasks_emulator.serve(data=tmp_path / "data"):
        assert httpx.put(url["uploadUrl"], content=b"", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201


def test_a_taken_port_is_a_sentence() -> None:
    """It names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on"):
            acr_tasks_emulator.serve(port=port).__enter__()


def test_many_callers_at_once_are_all_served(http: httpx.Client, registry: str) -> None:
    """Every acknowledged task is there afterwards."""
    step = {"type": "EncodedTask", "encodedTaskContent": "eA=="}
    body = {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": step}}

    def put(number: int) -> int:
        return http.put(f"{registry}/tasks/many-{number:03}", params=VERSION, json=body).status_code

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(put, range(150))) == {200}
    for number in range(150):
        assert http.get(f"{registry}/tasks/many-{number:03}", params=VERSION).status_code == 200
