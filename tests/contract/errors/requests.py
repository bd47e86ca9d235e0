"""Requests that the emulator refuses, each in few words, for `provocations.py`."""

from __future__ import annotations

import http.client
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from acr_tasks_emulator.services.blobs import blobs
from acr_tasks_emulator.services.conditions.quota import BUCKETS

from ..arm import REGISTRY_API_VERSION, Arm, Coordinates
from ..conftest import encoded

BLOCK = {"x-ms-blob-type": "BlockBlob"}
PREVIEW = "2025-03-01-preview"
STEP = {"type": "EncodedTask", "encodedTaskContent": encoded("steps:\n  - cmd: busybox true\n"), "values": []}
TASK = {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": STEP}}
REQUEST = {
    "type": "EncodedTaskRunRequest",
    "platform": {"os": "Linux"},
    "encodedTaskContent": STEP["encodedTaskContent"],
}
SOURCE_TRIGGER = {
    "name": "s",
    "sourceTriggerEvents": ["commit"],
    "sourceRepository": {"sourceControlType": "Github", "repositoryUrl": "https://github.com/me/app"},
}
CLIENT = {"grant_type": "client_credentials", "client_id": "me", "scope": "https://r.example/.default"}


class Emulated(Arm):
    """An emulator with options of its own; `data` is its folder."""

    def __init__(self, coordinates: Coordinates, data: Path) -> None:
        super().__init__(coordinates)
        self.data = data


def at_registry(arm: Emulated, method: str, suffix: str = "", json: Any = None) -> httpx.Response:
    """Request the registry itself, or a path beside it when the suffix begins with two dots."""
    path = arm.registry
    while suffix.startswith("../"):
        path, suffix = path.rpartition("/")[0], suffix[3:]
    return arm(method, f"{path}/{suffix}".rstrip("/"), json, api_version=REGISTRY_API_VERSION)


def group(arm: Emulated, method: str, name: str, json: Any = None, subscription: str | None = None) -> httpx.Response:
    subscription = subscription or arm.registry.split("/")[2]
    return arm(method, f"/subscriptions/{subscription}/resourcegroups/{name}", json, api_version="2021-04-01")


def run(arm: Emulated, name: str = "task1", **members: Any) -> httpx.Response:
    return arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": name, **members})


def with_task(arm: Emulated, **properties: Any) -> Emulated:
    arm.ok("PUT", "tasks/task1", {**TASK, "properties": {**TASK["properties"], **properties}})
    return arm


def ended(arm: Emulated) -> str:
    run_id = arm.schedule(REQUEST)
    arm.until(run_id)
    return run_id


def raw(arm: Emulated, method: str, path: str, **headers: str | None) -> httpx.Response:
    """Send a request with these headers; None leaves one out that the client would send."""
    query = {"api-version": "2019-04-01"}
    request = arm.http.build_request(
        method, f"{arm.registry}/{path}", params=query, content=b"" if method != "GET" else None
    )
    for name, value in headers.items():
        request.headers.pop(name.replace("_", "-"), None)
        if value is not None:
            request.headers[name.replace("_", "-")] = value
    return arm.http.send(request)


def body(arm: Emulated, content: bytes, kind: str = "application/json") -> httpx.Response:
    query, headers = {"api-version": "2019-04-01"}, {"Content-Type": kind}
    return arm.http.put(f"{arm.registry}/tasks/task1", params=query, content=content, headers=headers)


def token(arm: Emulated, **changes: str | None) -> httpx.Response:
    form = {name: value for name, value in {**CLIENT, **changes}.items() if value is not None}
    return arm.http.post("/tenant/oauth2/v2.0/token", data=form)


def put(arm: Emulated, headers: dict[str, str] = BLOCK, content: bytes = b"x", **query: str) -> httpx.Response:
    """Upload to a new link with changed parameters; an empty one is left out."""
    return httpx.put(changed(upload_url(arm), **query), content=content, headers=headers)


def upload_url(arm: Emulated) -> str:
    return str(arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"])


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    whole = {**dict(parse_qsl(parts.query)), **query}
    return parts._replace(query=urlencode({name: value for name, value in whole.items() if value})).geturl()


def log(arm: Emulated, **headers: str) -> httpx.Response:
    return httpx.get(arm.log_link(ended(arm)), headers={name.replace("_", "-"): text for name, text in headers.items()})


def block_list(arm: Emulated, *names: str, xml: str | None = None) -> httpx.Response:
    latest = "".join(f"<Latest>{name}</Latest>" for name in names)
    return put(arm, {}, (xml or f"<BlockList>{latest}</BlockList>").encode(), comp="blocklist")


# What takes more than one request.


def throttled(arm: Emulated) -> httpx.Response:
    """Use up a bucket of one token, which a slow machine does not refill in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUCKETS, "deletes", (1, 0.001))
        assert arm("DELETE", "tasks/nosuch").status_code == 204
        return arm("DELETE", "tasks/nosuch")


def replaced_elsewhere(arm: Emulated) -> httpx.Response:
    return at_registry(arm, "PUT", "", {"location": "eastus", "sku": {"name": "Basic"}})


def quota(arm: Emulated) -> httpx.Response:
    return at_registry(arm, "PUT", "../onetoomany", {"location": "eastus", "sku": {"name": "Basic"}})


def name_in_use(arm: Emulated) -> httpx.Response:
    assert group(arm, "PUT", "other", {"location": "eastus"}).status_code == 201
    parts = arm.registry.split("/")
    parts[4] = "other"
    return arm(
        "PUT", "/".join(parts), {"location": "eastus", "sku": {"name": "Basic"}}, api_version=REGISTRY_API_VERSION
    )


def system_task(arm: Emulated) -> httpx.Response:
    arm.ok(
        "PUT", "tasks/quicktask", {"location": "westeurope", "properties": {"isSystemTask": True}}, api_version=PREVIEW
    )
    return run(arm, "quicktask")


def expired(arm: Emulated) -> httpx.Response:
    link = arm.log_link(ended(arm))
    arm.http.post("/_emulator/clock/advance", json={"seconds": 100_000})
    return httpx.get(link)


def written_again(arm: Emulated) -> httpx.Response:
    url = upload_url(arm)
    assert httpx.put(url, content=b"x", headers=BLOCK).status_code == 201
    return httpx.put(url, content=b"x", headers={**BLOCK, "If-None-Match": "*"})


def announced_too_large(arm: Emulated) -> httpx.Response:
    """Announce a length above the limit, which alone is refused."""
    url = urlsplit(upload_url(arm))
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    connection.putrequest("PUT", f"{url.path}?{url.query}")
    for name, value in {**BLOCK, "Content-Length": str(5 * 1024**3)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    read = httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    connection.close()
    return read


def too_many_blocks(arm: Emulated) -> httpx.Response:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blobs, "BLOCKS_LIMIT", 2)
        url = upload_url(arm)
        for name in ("YQ==", "Yg=="):
            assert httpx.put(changed(url, comp="block", blockid=name), content=b"x").status_code == 201
        return httpx.put(changed(url, comp="block", blockid="Yw=="), content=b"x")


def damaged(arm: Emulated) -> httpx.Response:
    """Write into the emulator's database behind its back."""
    with_task(arm)
    with sqlite3.connect(arm.data / "emulator.sqlite") as database:
        database.execute("UPDATE task SET document = '{'")
    database.close()
    return arm("GET", "tasks/task1")


def with_cores(cpu: int) -> dict[str, Any]:
    return {**TASK, "properties": {**TASK["properties"], "agentConfiguration": {"cpu": cpu}}}


def with_context(path: str) -> dict[str, Any]:
    return {**TASK, "properties": {**TASK["properties"], "step": {**STEP, "contextPath": path}}}


def delivered(arm: Emulated, host: str, **headers: str) -> httpx.Response:
    return arm.http.post(f"/_emulator/webhooks/{host}", json={}, headers=headers)


def identity(arm: Emulated, header: str = "") -> httpx.Response:
    query = {"api-version": "2019-08-01", "resource": "https://r.example"}
    return arm.http.get("/msi/token", params=query, headers={"X-IDENTITY-HEADER": header} if header else {})
