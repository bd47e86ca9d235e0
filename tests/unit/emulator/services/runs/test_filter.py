from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.services.runs.pages import compile_filter

RUN: dict[str, Any] = {
    "runId": "cf2a",
    "status": "Succeeded",
    "runType": "QuickBuild",
    "createTime": "2025-04-08T08:17:33.8618426+00:00",
    "finishTime": "2025-04-08T08:18:00.0000000+00:00",
    "task": "it's-mine",
    "isArchiveEnabled": False,
    "outputImages": [{"repository": "web", "digest": "sha256:abc"}, {"repository": "api", "digest": "sha256:def"}],
}
QUEUED: dict[str, Any] = {"runId": "cf2b", "status": "Queued", "createTime": "2025-04-09T00:00:00.0000000+00:00"}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "  ",
        "Status eq 'Succeeded'",
        "status EQ 'succeeded'",
        "TaskName eq 'it''s-mine'",
        "status ne 'Failed'",
        "contains(OutputImageManifests, 'api@sha256:def')",
        "contains(taskName,'MINE')",
        "status eq 'Failed' or runId eq 'cf2a'",
        "status eq 'Failed' or status eq 'Succeeded' and runId eq 'CF2A'",
        "(status eq 'Failed' or status eq 'Succeeded') and runId eq 'cf2a'",
        "createTime ge 2025-04-08T00:00:00Z and createTime le 2025-04-08T23:59:59Z",
        "createTime gt '2025-04-08'",
        "finishTime le 2025-04-08T08:18:00Z",
        "isArchiveEnabled eq false",
        "finishTime ne null",
        "runType eq 'quickbuild'",
    ],
)
def test_the_run_passes(text: str | None) -> None:
    """Names, words and text are compared without case, and `and` binds tighter than `or`."""
    assert compile_filter(text)(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "status eq 'Failed'",
        "status ne 'succeeded'",
        "taskName eq 'it'",
        "contains(outputImageManifests,'sha256:zzz')",
        "(status eq 'Failed' or status eq 'Succeeded') and runId eq 'other'",
        "createTime ge 2025-04-09T00:00:00Z",
        "isArchiveEnabled eq true",
        "finishTime eq null",
    ],
)
def test_the_run_does_not_pass(text: str) -> None:
    """A false comparison excludes the run."""
    assert not compile_filter(text)(RUN)


def test_an_absent_property_is_null() -> None:
    """A queued run has neither task nor finishTime: only `ne` and `eq null` are true for these."""
    assert compile_filter("finishTime eq null")(QUEUED)
    assert compile_filter("taskName ne 'x'")(QUEUED)
    assert not compile_filter("finishTime le 2099-01-01")(QUEUED)
    assert not compile_filter("contains(outputImageManifests,'sha256')")(QUEUED)


def test_a_filter_may_have_many_comparisons() -> None:
    """A chain of 200 comparisons is one filter."""
    passes = compile_filter(" or ".join(f"runId eq 'cf{number}'" for number in [*range(200), "2a"]))
    assert passes(RUN)
    assert not passes(QUEUED)


@pytest.mark.parametrize(
    "text",
    [
        "status",
        "status eq",
        "status eq Succeeded",
        "status eq 'Succeeded",
        "state eq 'Succeeded'",
        "not status eq 'Succeeded'",
        "status has 'Succeeded'",
        "startswith(status,'S')",
        "status eq 'Succeeded' runId eq 'cf1'",
        "(status eq 'Succeeded'",
        "contains(status 'S')",
        "contains(status,1)",
        "createTime ge 'soon'",
        "createTime ge true",
        "isArchiveEnabled gt true",
        "status eq 2025-01-01",
        "status add 1",
        "(" * 2000 + "status eq 'x'" + ")" * 2000,
        "status eq 'x' or " * 3000 + "status eq 'x'",
    ],
)
def test_a_malformed_filter_is_refused(text: str) -> None:
    """The answer is 400 with the filter's own target."""
    with pytest.raises(ServiceError) as caught:
        compile_filter(text)
    assert (caught.value.status, caught.value.code, caught.value.target) == (400, "InvalidFilter", "$filter")
