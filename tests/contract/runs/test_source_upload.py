"""The way of a context: an upload address, a blob, a run."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from azure.storage.blob import BlobClient

BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}


@pytest.fixture
def target(arm: Any) -> dict[str, str]:
    return arm.ok("POST", "listBuildSourceUploadUrl")


def build(arm: Any, location: str, file: str = "Dockerfile") -> httpx.Response:
    """Schedule a build of an uploaded context that pushes nothing."""
    request = {
        "type": "DockerBuildRequest",
        "dockerFilePath": file,
        "imageNames": ["app:{{.Run.ID}}"],
        "isPushEnabled": False,
        "platform": {"os": "Linux"},
        "sourceLocation": location,
    }
    return arm("POST", "scheduleRun", request)


@pytest.mark.arm_documented("SourceUploadDefinition; azd treats the path as opaque")
def test_an_upload_address_is_signed_for_its_blob(target: dict[str, str]) -> None:
    """The address ends in the relative path and carries a signature."""
    assert set(target) == {"uploadUrl", "relativePath"}
    parts = urlsplit(target["uploadUrl"])
    assert parts.path.endswith("/" + target["relativePath"])
    assert target["relativePath"].endswith(".tar.gz")
    query = parse_qs(parts.query)
    assert {"sv", "se", "sr", "sp", "sig"} <= set(query)
    assert "w" in query["sp"][0]


@pytest.mark.arm_documented("azure-dev pull request 7776: the path follows from the correlation id")
def test_the_path_follows_from_the_correlation_id(arm: Any) -> None:
    """Calls under one correlation id get one path, calls under different ids different ones."""
    one, two = str(uuid.uuid4()), str(uuid.uuid4())
    paths = [
        arm.http.post(
            f"{arm.registry}/listBuildSourceUploadUrl",
            params={"api-version": "2019-04-01"},
            headers={"x-ms-correlation-request-id": correlation},
        ).json()["relativePath"]
        for correlation in (one, one, two)
    ]
    assert paths[0] == paths[1] != paths[2]


@pytest.mark.arm_documented("azure-cli: upload_blob of a BlockBlob, then sourceLocation: relativePath")
def test_an_uploaded_context_is_built(arm: Any, source: str) -> None:
    """The blob that was put is the context of a run."""
    answer = build(arm, source)
    assert answer.status_code == 200
    assert arm.until(answer.json()["properties"]["runId"])["properties"]["status"] == "Succeeded"


@pytest.mark.arm_documented("the blob service: x-ms-blob-type is mandatory")
def test_a_put_says_what_kind_of_blob_it_is(arm: Any, blobs: Any, target: dict[str, str], archive: bytes) -> None:
    """Without the header the upload is refused, and the location stays invalid."""
    answer = blobs.put(target["uploadUrl"], content=archive)
    assert answer.status_code == 400
    assert answer.headers["x-ms-error-code"] == "MissingRequiredHeader"
    assert build(arm, target["relativePath"]).status_code == 400


@pytest.mark.arm_documented("the blob service: Put Blob")
def test_a_put_answers_201(blobs: Any, target: dict[str, str], archive: bytes) -> None:
    """An upload answers 201 with a tag and a date, and may be repeated."""
    first = blobs.put(target["uploadUrl"], content=b"something else", headers=BLOCK_BLOB)
    second = blobs.put(target["uploadUrl"], content=archive, headers=BLOCK_BLOB)
    for answer in (first, second):
        assert answer.status_code == 201
        assert answer.content == b""
        assert answer.headers["last-modified"]
    assert first.headers["etag"] != second.headers["etag"]


@pytest.mark.arm_documented("the blob service: Put Block and Put Block List")
def test_a_context_is_uploaded_in_blocks(arm: Any, blobs: Any, target: dict[str, str], archive: bytes) -> None:
    """Blocks are put in any order; the list puts them together in its own."""
    half = len(archive) // 2
    blocks = {"MDAwMQ==": archive[:half], "MDAwMg==": archive[half:]}
    for block_id, part in reversed(list(blocks.items())):
        url = httpx.URL(target["uploadUrl"]).copy_merge_params({"comp": "block", "blockid": block_id})
        assert blobs.put(url, content=part).status_code == 201
    listed = "".join(f"<Latest>{block_id}</Latest>" for block_id in blocks)
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
    url = httpx.URL(target["uploadUrl"]).copy_merge_params({"comp": "blocklist"})
    answer = blobs.put(url, content=body, headers={"Content-Type": "application/xml; charset=UTF-8"})
    assert answer.status_code == 201
    scheduled = build(arm, target["relativePath"])
    assert scheduled.status_code == 200
    assert arm.until(scheduled.json()["properties"]["runId"])["properties"]["status"] == "Succeeded"


@pytest.mark.arm_documented("the blob service: InvalidBlockList")
def test_a_list_of_unknown_blocks_is_refused(blobs: Any, target: dict[str, str]) -> None:
    """A block list with a block that was never put is refused."""
    url = httpx.URL(target["uploadUrl"]).copy_merge_params({"comp": "blocklist"})
    answer = blobs.put(url, content="<BlockList><Latest>bm9uZQ==</Latest></BlockList>")
    assert answer.status_code == 400
    assert answer.headers["x-ms-error-code"] == "InvalidBlockList"


@pytest.mark.parametrize("single_put", [64 * 1024 * 1024, 64], ids=["at once", "in blocks"])
@pytest.mark.arm_documented("azure-cli uploads with azure-storage-blob")
def test_the_storage_client_uploads(single_put: int, arm: Any, target: dict[str, str], archive: bytes) -> None:
    """Microsoft's own client uploads to the address, whole or in blocks."""
    sizes = {"max_single_put_size": single_put, "max_block_size": 64}
    trust = arm.coordinates.ca or True
    with BlobClient.from_blob_url(target["uploadUrl"], connection_verify=trust, **sizes) as client:
        client.upload_blob(archive, blob_type="BlockBlob", overwrite=True)
    answer = build(arm, target["relativePath"])
    assert answer.status_code == 200
    arm.until(answer.json()["properties"]["runId"])


@pytest.mark.arm_documented("the blob service: 403 AuthenticationFailed")
def test_a_wrong_signature_is_refused(arm: Any, blobs: Any, target: dict[str, str], archive: bytes) -> None:
    """Nothing is stored under a signature that is not the service's."""
    url = httpx.URL(target["uploadUrl"]).copy_set_param("sig", "bm90IHRoZSBzaWduYXR1cmU=")
    answer = blobs.put(url, content=archive, headers=BLOCK_BLOB)
    assert answer.status_code == 403
    assert answer.headers["x-ms-error-code"] in ("AuthenticationFailed", "AuthorizationFailure")
    assert build(arm, target["relativePath"]).status_code == 400


@pytest.mark.arm_documented("the blob service: no public access")
def test_no_signature_is_refused(blobs: Any, target: dict[str, str], archive: bytes) -> None:
    """A write without a signature is refused; the answer does not say whether the blob exists."""
    url = httpx.URL(target["uploadUrl"]).copy_with(query=None)
    answer = blobs.put(url, content=archive, headers=BLOCK_BLOB)
    assert answer.status_code in (401, 403, 404, 409)


@pytest.mark.arm_documented("the blob service: 403 AuthorizationPermissionMismatch")
def test_an_upload_address_reads_nothing_more_than_it_says(blobs: Any, target: dict[str, str], archive: bytes) -> None:
    """A signature without the right to read does not read."""
    assert blobs.put(target["uploadUrl"], content=archive, headers=BLOCK_BLOB).status_code == 201
    rights = parse_qs(urlsplit(target["uploadUrl"]).query)["sp"][0]
    assert blobs.get(target["uploadUrl"]).status_code == (200 if "r" in rights else 403)


def ends_failed(arm: Any, blobs: Any, scheduled: httpx.Response) -> None:
    assert scheduled.status_code == 200
    run_id = scheduled.json()["properties"]["runId"]
    assert arm.until(run_id)["properties"]["status"] == "Failed"
    assert blobs.head(arm.log_link(run_id)).headers["x-ms-meta-complete"].lower() == "failed"


@pytest.mark.arm_documented("acr-builder: the agent, not the service, looks into the context")
def test_a_missing_dockerfile_fails_in_the_run(arm: Any, blobs: Any, source: str) -> None:
    """A Dockerfile that is not in the context is accepted, and fails the run."""
    ends_failed(arm, blobs, build(arm, source, "nowhere/Dockerfile"))


@pytest.mark.arm_documented("acr-builder: what is no archive is an empty context")
def test_a_blob_other_than_an_archive_fails_in_the_run(arm: Any, blobs: Any, target: dict[str, str]) -> None:
    """The blob is accepted, and fails the run, which finds no Dockerfile in it."""
    assert blobs.put(target["uploadUrl"], content=b"no archive", headers=BLOCK_BLOB).status_code == 201
    ends_failed(arm, blobs, build(arm, target["relativePath"]))
