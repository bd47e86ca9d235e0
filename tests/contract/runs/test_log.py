"""The log of a run: a blob behind a signed address."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest


@pytest.fixture
def finished(arm: Any, quick_request: Any) -> str:
    run_id = arm.schedule(quick_request())
    assert arm.until(run_id)["properties"]["status"] == "Succeeded"
    return run_id


def resigned(link: str, **changes: str) -> str:
    """Return the link with other query parameters."""
    parts = urlsplit(link)
    query = {**{key: values[0] for key, values in parse_qs(parts.query).items()}, **changes}
    return urlunsplit(parts._replace(query=urlencode(query)))


@pytest.mark.arm_documented("azure-cli issues 28151 and 30033: a SAS to read one blob, for 70 to 75 minutes")
def test_the_link_is_signed_for_reading_one_blob(arm: Any, finished: str) -> None:
    """The signature covers this blob, reading only, for more than an hour and less than two."""
    answer = arm.ok("POST", f"runs/{finished}/listLogSasUrl")
    assert list(answer) == ["logLink"]
    query = {key: values[0] for key, values in parse_qs(urlsplit(answer["logLink"]).query).items()}
    assert query["sr"] == "b"
    assert query["sp"] == "r"
    assert query["sig"]
    assert query["sv"]
    left = datetime.fromisoformat(query["se"].replace("Z", "+00:00")) - datetime.now(timezone.utc)
    assert 3600 < left.total_seconds() < 7200


@pytest.mark.arm_documented("the log's documentation: the last line; azure-cli: lines end in CRLF")
def test_the_log_ends_with_the_runs_success(arm: Any, blobs: Any, finished: str) -> None:
    """Lines end in CRLF, and the last one names the run and its success."""
    answer = blobs.get(arm.log_link(finished))
    assert answer.status_code == 200
    assert not re.search(r"(?<!\r)\n", answer.text)
    last = answer.text.rstrip("\r\n").rpartition("\r\n")[2]
    assert re.fullmatch(rf"Run ID: {finished} was successful after \S+", last)


@pytest.mark.arm_documented("azure-cli and azd: metadata Complete, its value in lower case")
def test_a_complete_log_says_so(arm: Any, blobs: Any, finished: str) -> None:
    """HEAD has the length and the metadata Complete with the outcome."""
    link = arm.log_link(finished)
    head = blobs.head(link)
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(blobs.get(link).content)
    assert head.headers["x-ms-meta-complete"].lower() == "successful"


@pytest.mark.arm_documented("azure-cli: 'failed' in the metadata of a failed run")
def test_the_log_of_a_failed_run_says_so(arm: Any, blobs: Any, quick_request: Any) -> None:
    """The metadata of a failed run is `failed`, and its last line names the run and its failure."""
    run_id = arm.schedule(quick_request("steps: nonsense\n"))
    assert arm.until(run_id)["properties"]["status"] == "Failed"
    answer = blobs.get(arm.log_link(run_id))
    assert answer.headers["x-ms-meta-complete"].lower() == "failed"
    assert re.search(rf"Run ID: {run_id} failed after \S+\. Error: ", answer.text)


@pytest.mark.parametrize("header", ["Range", "x-ms-range"])
@pytest.mark.arm_documented("azure-cli reads 4 KiB at a time; azd the rest")
def test_a_log_is_read_in_ranges(header: str, arm: Any, blobs: Any, finished: str) -> None:
    """Ranges answer 206 and add up to the whole."""
    link = arm.log_link(finished)
    whole = blobs.get(link).content
    size = 64
    read = b""
    while len(read) < len(whole):
        part = blobs.get(link, headers={header: f"bytes={len(read)}-{len(read) + size - 1}"})
        assert part.status_code == 206
        last = min(len(read) + size, len(whole)) - 1
        assert part.headers["content-range"] == f"bytes {len(read)}-{last}/{len(whole)}"
        read += part.content
    assert read == whole
    rest = blobs.get(link, headers={header: "bytes=10-"})
    assert rest.status_code == 206
    assert rest.content == whole[10:]


@pytest.mark.arm_documented("azd issue 9956: 416 for an offset that is too large")
def test_a_range_behind_the_end_is_refused(arm: Any, blobs: Any, finished: str) -> None:
    """An offset behind the end answers 416."""
    link = arm.log_link(finished)
    length = int(blobs.head(link).headers["content-length"])
    answer = blobs.get(link, headers={"Range": f"bytes={length + 10}-"})
    assert answer.status_code == 416
    assert answer.headers["x-ms-error-code"] == "InvalidRange"


@pytest.mark.parametrize(
    "changes",
    [{"sig": "bm90IHRoZSBzaWduYXR1cmU="}, {"se": "2999-01-01T00:00:00Z"}, {"sp": "rw"}],
    ids=["another signature", "a later expiry", "more rights"],
)
@pytest.mark.arm_documented("the blob service: 403 AuthenticationFailed")
def test_a_link_that_was_tampered_with_is_refused(changes: dict[str, str], arm: Any, blobs: Any, finished: str) -> None:
    """A change of any signed part is answered 403, without anything of the log."""
    link = arm.log_link(finished)
    lines = [line for line in blobs.get(link).text.splitlines() if line.strip()]
    assert any(finished in line for line in lines)
    answer = blobs.get(resigned(link, **changes))
    assert answer.status_code == 403
    assert answer.headers["x-ms-error-code"] in ("AuthenticationFailed", "AuthorizationFailure")
    assert [line for line in lines if line in answer.text] == []


@pytest.mark.arm_documented("the blob service: a SAS counts for its blob")
def test_a_link_opens_no_other_log(arm: Any, blobs: Any, finished: str, quick_request: Any) -> None:
    """The signature of one run's log does not open another's."""
    other = arm.schedule(quick_request())
    arm.until(other)
    mine, theirs = urlsplit(arm.log_link(finished)), urlsplit(arm.log_link(other))
    answer = blobs.get(urlunsplit(theirs._replace(query=mine.query)))
    assert answer.status_code == 403


@pytest.mark.arm_documented("the blob service: 403 AuthorizationPermissionMismatch")
def test_a_link_writes_nothing(arm: Any, blobs: Any, finished: str) -> None:
    """A signature for reading does not write."""
    link = arm.log_link(finished)
    before = blobs.get(link).content
    answer = blobs.put(link, content=b"forged", headers={"x-ms-blob-type": "BlockBlob"})
    assert answer.status_code == 403
    assert blobs.get(link).content == before


@pytest.mark.arm_documented("azure-cli issue 30033: the link is there before the blob; 404 until an agent starts")
def test_a_queued_run_has_a_link_and_no_log(arm: Any, blobs: Any, queued_run: str) -> None:
    """The link is returned at once; the log answers 404 until an agent starts."""
    link = arm.log_link(queued_run)
    head = blobs.head(link)
    assert head.status_code == 404
    assert head.headers["x-ms-error-code"] == "BlobNotFound"
    assert blobs.get(link).status_code == 404


@pytest.mark.arm_documented("azure-cli: the log is complete only when the metadata say so")
def test_the_log_of_a_running_run_is_not_complete(arm: Any, blobs: Any, long_run: Any) -> None:
    """While the run is running, the log is there without the metadata Complete."""
    run_id = long_run()
    arm.until(run_id, "Running")
    head = blobs.head(arm.log_link(run_id))
    assert head.status_code in (200, 404)
    assert "x-ms-meta-complete" not in head.headers
