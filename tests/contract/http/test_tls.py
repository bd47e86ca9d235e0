"""Over https every address in the answers is an https one, with the name that the caller used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

NAMES = ["127.0.0.1", "localhost", "acrstore.blob.localhost"]


@pytest.fixture(params=NAMES)
def secure(request: pytest.FixtureRequest, emulated: Callable[..., Any]) -> Any:
    """A service over https with long-running operations and pages of one item, called by one of its names."""
    arm = emulated(tls=True, mode="lro", switches={"page-size": 1, "operation-polls": 1})

    def by_name(sent: httpx.Request) -> None:
        # As the name would lead, if this machine could look it up: no name of *.localhost is known everywhere.
        sent.headers["Host"] = sent.url.netloc.decode().replace("127.0.0.1", request.param)
        sent.extensions = {**sent.extensions, "sni_hostname": request.param}

    arm.http.event_hooks = {"request": [by_name]}
    arm.origin = arm.coordinates.endpoint.replace("127.0.0.1", request.param)
    return arm


def followed(arm: Any, method: str, link: str, **request: Any) -> httpx.Response:
    """Follow a link, which has to be of the origin of the request."""
    assert link.startswith(f"{arm.origin}/"), link
    answer: httpx.Response = arm.http.request(method, link.removeprefix(arm.origin), **request)
    return answer


@pytest.mark.arm_documented("the specification: nextLink, Location and Azure-AsyncOperation are absolute")
def test_links_of_resource_manager_are_https(secure: Any, docker_task: Any) -> None:
    """The links of operations, of their results and of the next page are https."""
    for name in ("first", "second"):
        made = secure("PUT", f"tasks/{name}", docker_task())
        assert made.status_code == 201
        assert followed(secure, "GET", made.headers["azure-asyncoperation"]).json()["status"] == "InProgress"
    page = secure.ok("GET", "tasks")
    assert followed(secure, "GET", page["nextLink"]).status_code == 200
    deleted = secure("DELETE", "tasks/first")
    assert deleted.status_code == 202
    again = followed(secure, "GET", deleted.headers["location"])
    assert again.status_code == 202
    assert followed(secure, "GET", again.headers["location"]).status_code in (200, 204)


@pytest.mark.arm_documented("the specification: uploadUrl and logLink are links that need nothing else")
def test_links_of_blobs_are_https(secure: Any, archive: bytes, quick_request: Any) -> None:
    """The links of uploads and logs are https; the signature holds under every name."""
    target = secure.ok("POST", "listBuildSourceUploadUrl")
    headers = {"x-ms-blob-type": "BlockBlob"}
    assert followed(secure, "PUT", target["uploadUrl"], content=archive, headers=headers).status_code == 201
    scheduled = secure("POST", "scheduleRun", quick_request())
    assert scheduled.status_code == 202
    run_id = secure.ok("GET", "runs")["value"][0]["properties"]["runId"]
    secure.until(run_id)
    assert followed(secure, "GET", secure.log_link(run_id)).status_code == 200
