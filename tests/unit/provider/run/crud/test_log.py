"""The log of an awaited run, and the error of one that did not succeed."""

from __future__ import annotations

import pytest
from tests.unit.provider.run.scene import Scene

from pulumi_acr_tasks import errors


def test_the_log_is_shown_line_by_line_without_secrets() -> None:
    """Empty lines are left out, and the link is requested once."""
    scene = Scene("Succeeded")
    scene.create(logs="stream")
    assert scene.console.statuses == [
        "queued as cf1",
        "Step 1/2",
        "using [secret]",
        "Run ID: cf1 failed",
        "cf1 succeeded",
    ]
    assert scene.service.requests.count("POST runs/cf1/listLogSasUrl") == 1


def test_the_message_of_a_run_is_masked_as_its_log_is() -> None:
    """The service may quote what it was given."""
    scene = Scene("Failed")
    scene.service.said = {"runErrorMessage": "bad argument hush"}
    assert "bad argument [secret]" in scene.failure(errors.RunFailedError)


ENDINGS = [
    (
        "Failed",
        errors.RunFailedError,
        "Run cf1 in registry contoso failed: exit status 1; see az acr task logs -r contoso ",
    ),
    ("Canceled", errors.RunCanceledError, "Run cf1 in registry contoso was canceled at the service"),
    (
        "Timeout",
        errors.RunTimeoutError,
        "Run cf1 in registry contoso took longer than the timeout of its request, 3600 s",
    ),
    ("Error", errors.RunServiceError, "Run cf1 in registry contoso ended because the service or its agent broke"),
]


@pytest.mark.parametrize(("status", "kind", "sentence"), ENDINGS)
@pytest.mark.parametrize("logs", ["stream", "on-failure"])
def test_each_failed_status_has_an_error_of_its_own(
    status: str, kind: type[errors.AcrTasksError], sentence: str, logs: str
) -> None:
    """The text has the sentence, the run's message, the end of the log without secrets, and where the whole log is."""
    scene = Scene("Running", status)
    scene.service.said = {"runErrorMessage": "failed during run,\n err: exit status 1"}
    text = scene.failure(kind, logs=logs)
    assert text.startswith(sentence)
    assert text.splitlines()[1:] == [
        "failed during run, err: exit status 1",
        "The end of its log:",
        "  Step 1/2",
        "  using [secret]",
        "",
        "  Run ID: cf1 failed",
        "Whole log: az acr task logs -r contoso --run-id cf1",
    ]


def test_without_logs_no_link_is_requested() -> None:
    """The service counts each request as a write."""
    scene = Scene("Failed")
    text = scene.failure(errors.RunFailedError, logs="none")
    assert "log:" not in text.replace("Whole log:", "")
    assert not any("listLogSasUrl" in request for request in scene.service.requests)


def test_a_log_on_failure_is_not_read_on_success() -> None:
    """It would not be shown."""
    scene = Scene("Succeeded")
    scene.create(logs="on-failure")
    assert not any("listLogSasUrl" in request for request in scene.service.requests)
