"""Create, read, update and delete of a run at the service."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import ID, INPUTS, Scene

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.run import crud as run
from pulumi_acr_tasks.run.log import display
from pulumi_acr_tasks.source.context import Context

LOG = b"Step 1/2\r\nusing hush\r\n\r\nRun ID: cf1 failed\r\n"


@pytest.fixture(autouse=True)
def storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve the whole log of a run."""

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"x-ms-meta-Complete": "failed"}
        if request.method == "HEAD":
            return httpx.Response(200, headers={**headers, "content-length": str(len(LOG))})
        return httpx.Response(206, headers=headers, content=LOG)

    monkeypatch.setattr(display, "open_http", lambda **_: httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_run_is_scheduled_and_awaited_by_its_status() -> None:
    """The request is sent as given, and the outputs have the run's properties beside the inputs."""
    scene = Scene("Queued", "Running", "Succeeded")
    scene.service.said = {
        "createTime": "2026-01-01T00:00:00Z",
        "outputImages": [
            {"registry": "contoso.azurecr.io", "repository": "b", "tag": "v1", "digest": "sha256:2"},
            {"registry": "contoso.azurecr.io", "repository": "a", "tag": "v1", "digest": "sha256:1"},
        ],
    }
    id_, outputs = scene.create(triggers=["1"])
    assert id_ == ID
    assert scene.service.bodies == [INPUTS["runRequest"]]
    assert scene.service.requests == ["POST scheduleRun", *["GET runs/cf1"] * 3]
    assert outputs.items() >= {**INPUTS, "triggers": ["1"], "runId": "cf1", "status": "Succeeded"}.items()
    assert outputs["imageRefs"] == ["contoso.azurecr.io/b@sha256:2", "contoso.azurecr.io/a@sha256:1"]
    assert scene.console.statuses == ["queued as cf1", "cf1: Queued", "cf1: Running", "cf1 succeeded"]


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


def encoded(task: str) -> dict[str, Any]:
    content = base64.b64encode(task.encode()).decode()
    return {**INPUTS["runRequest"], "encodedTaskContent": content}


PUSHES = [
    ("steps:\n  - push: [$Registry/a]\n", True),
    ("steps:\n  - id: p\n    push:\n      - a\n", True),
    ("steps:\n  - cmd: echo push: it\n", False),
    ("# push: nothing\nsteps: []\n", False),
]


@pytest.mark.parametrize(("task", "warns"), PUSHES)
def test_pushes_without_reported_images_are_a_warning(task: str, warns: bool) -> None:
    """Otherwise an empty image_refs would be a surprise."""
    scene = Scene("Succeeded")
    outputs = scene.create(runRequest=encoded(task))[1]
    assert outputs["imageRefs"] == []
    assert ["no references to images" in warning for warning in scene.console.warnings] == [True] * warns


def test_reported_pushes_are_not_a_warning() -> None:
    """The digests are there."""
    scene = Scene("Succeeded")
    scene.service.said = {"outputImages": [{"registry": "r", "repository": "a", "digest": "sha256:1"}]}
    scene.create(runRequest=encoded(PUSHES[0][0]))
    assert scene.console.warnings == []


def test_a_run_that_is_not_awaited_is_returned_as_it_was_queued() -> None:
    """A later refresh shows how it ended."""
    scene = Scene("Running")
    assert scene.create(wait=False)[1]["status"] == "Queued"
    assert scene.service.requests == ["POST scheduleRun"]


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


def test_a_canceled_update_cancels_the_run() -> None:
    """The run ends within moments, and the error is one sentence."""
    scene = Scene("Running")
    scene.clock.at[5.0] = scene.stop.set
    text = scene.failure(errors.CanceledError)
    assert text == "Run cf1 was canceled at the service, because the update was."
    assert scene.service.requests[-2:] == ["POST runs/cf1/cancel", "GET runs/cf1"]
    assert scene.clock.time <= 5.25


def test_a_run_that_cannot_be_canceled_is_reported() -> None:
    """The user has to cancel it by hand."""
    scene = Scene("Running")
    scene.clock.at[1.0] = scene.stop.set
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
    text = scene.failure(errors.CanceledError)
    assert "could not be: it may still run" in text
    assert "AuthorizationFailed" in text


def test_a_canceled_update_schedules_no_run() -> None:
    """No request is sent."""
    scene = Scene("Running")
    scene.stop.set()
    scene.failure(errors.CanceledError)
    assert scene.service.requests == []


def test_a_cancellation_while_the_run_is_scheduled_cancels_it() -> None:
    """The answer is awaited, because only it names the run."""
    scene = Scene("Running")
    scene.service.on_schedule = scene.stop.set
    scene.failure(errors.CanceledError)
    assert scene.service.requests == ["POST scheduleRun", "POST runs/cf1/cancel", "GET runs/cf1"]


def test_a_slow_cancellation_is_awaited_for_two_seconds() -> None:
    """The service has accepted it."""
    scene = Scene("Running")
    scene.clock.at[1.0] = scene.stop.set
    scene.service.on_cancel = lambda: None
    scene.failure(errors.CanceledError)
    assert scene.clock.time == 3.0


def test_a_queue_timeout_cancels_a_queued_run() -> None:
    """It is an error of its own."""
    scene = Scene("Queued")
    text = scene.failure(errors.RunQueueTimeoutError, queueTimeout=30)
    assert text.startswith(
        "Run cf1 in registry contoso was still queued after 30 s, its queue timeout: no agent was free; it"
    )
    assert "POST runs/cf1/cancel" in scene.service.requests


def test_a_run_that_stays_queued_is_explained_every_minute() -> None:
    """The service's clock counts, because ours may be off by hours."""
    scene = Scene("Queued")
    began = datetime(2030, 1, 1, tzinfo=timezone.utc)
    scene.service.said = {"createTime": began.isoformat()}
    scene.service.date = lambda: format_datetime(began + timedelta(seconds=scene.clock.time), usegmt=True)
    scene.failure(errors.RunQueueTimeoutError, queueTimeout=200)
    hints = [status for status in scene.console.statuses if "has been Queued" in status]
    assert [hint.split(":")[0] for hint in hints] == [f"cf1 has been Queued for {minutes} min" for minutes in (1, 2, 3)]


def test_a_custom_timeout_cancels_the_run() -> None:
    """It counts from the beginning of the request."""
    scene = Scene("Running", timeout=60.0)
    text = scene.failure(errors.RunDeadlineError, queueTimeout=30)
    assert text.startswith("Run cf1 in registry contoso was still running after 60 s (the resource's custom timeout)")
    assert "POST runs/cf1/cancel" in scene.service.requests


def test_a_context_that_changed_since_check_is_refused(tmp_path: Path) -> None:
    """It is not uploaded, because state would have the hash of another content."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    scene = Scene("Succeeded")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    text = scene.failure(errors.SourceError, context=str(tmp_path), contextHash="sha256:other", runRequest=request)
    assert "has changed since" in text
    assert scene.service.requests == []


def test_a_context_is_not_sent_over_plain_http(tmp_path: Path) -> None:
    """If the service is asked by https, a plain-http link is refused before the upload."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    scene = Scene("Succeeded")
    answer = {"uploadUrl": "http://storage.example/c?sig=hush", "relativePath": "source/c"}
    scene.service.answers["POST listBuildSourceUploadUrl"] = httpx.Response(200, json=answer)
    digest = Context(tmp_path, request).fingerprint().hash
    text = scene.failure(errors.SourceError, context=str(tmp_path), contextHash=digest, runRequest=request)
    assert "a plain-http link to storage.example" in text
    assert "hush" not in text


def test_an_address_is_passed_to_the_service() -> None:
    """No context is packed or uploaded."""
    scene = Scene("Succeeded")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    _, outputs = scene.create(context="oci://contoso.azurecr.io/context:v1", runRequest=request)
    assert scene.service.bodies == [{**request, "sourceLocation": "oci://contoso.azurecr.io/context:v1"}]
    assert outputs["runRequest"] == request


def test_a_refused_request_is_an_error() -> None:
    """State then has no run."""
    scene = Scene("Succeeded")
    scene.service.answers["POST scheduleRun"] = httpx.Response(400, json={"error": {"code": "InvalidInputValue"}})
    assert "InvalidInputValue" in scene.failure(errors.InvalidRequestError)


def test_a_read_shows_how_a_run_ended() -> None:
    """The inputs stay as they were."""
    outputs = Scene("Succeeded").read(status="Queued", triggers=["1"])
    assert outputs is not None
    assert outputs.items() >= {**INPUTS, "status": "Succeeded", "triggers": ["1"]}.items()


def _missing(code: str) -> httpx.Response:
    return httpx.Response(404, json={"error": {"code": code, "message": "not found"}})


def test_a_run_that_the_service_has_forgotten_stays() -> None:
    """Dropping it would run it again; the registry exists, and a warning says so."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = _missing("ResourceNotFound")
    state = {**INPUTS, "runId": "cf1", "status": "Succeeded"}
    assert scene.read(status="Succeeded") == state
    assert "has forgotten run cf1" in scene.console.warnings[0]
    assert scene.service.requests == ["GET runs/cf1", "GET "]


@pytest.mark.parametrize(
    ("code", "gone"), [("ResourceNotFound", "registry contoso"), ("ResourceGroupNotFound", "resource group rg")]
)
def test_a_run_whose_registry_is_gone_is_dropped(code: str, gone: str) -> None:
    """Its images do not exist any more; a warning names the registry or its group."""
    scene = Scene("Succeeded")
    scene.service.answers.update({"GET runs/cf1": _missing(code), "GET ": _missing(code)})
    assert scene.read(status="Succeeded") is None
    assert scene.console.warnings == [f"{gone} does not exist any more; the run is dropped from the state"]


def test_another_run_of_the_same_id_is_not_read() -> None:
    """A registry that was made again counts its runs from the beginning."""
    scene = Scene("Running")
    scene.service.said = {"createTime": "2026-02-02T00:00:00Z", "status": "Failed"}
    known = {"status": "Queued", "createTime": "2026-01-01T00:00:00Z"}
    found = scene.read(**known)
    assert found is not None
    assert found["status"] == "Queued"
    assert "has forgotten run cf1" in scene.console.warnings[0]
    # Nor is it canceled in its place.
    run.delete(scene.service, ID, {**INPUTS, **known, "cancelOnDelete": True}, scene.call)
    assert scene.service.requests == ["GET runs/cf1", "GET runs/cf1"]
    assert scene.console.kept == ["run cf1 was gone already"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}}), errors.ForbiddenError),
        (httpx.Response(429), errors.ThrottledError),
        (httpx.Response(503), errors.UnavailableError),
        (_missing("SubscriptionNotFound"), errors.SubscriptionNotFoundError),
    ],
)
def test_a_run_that_cannot_be_read_is_an_error(answer: httpx.Response, kind: type[errors.ServiceError]) -> None:
    """A refresh must not succeed without having read it."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = answer
    with pytest.raises(kind):
        scene.read(status="Queued")


@pytest.mark.parametrize("answer", [httpx.Response(404, text="<html>"), _missing("NotFound"), httpx.Response(403)])
def test_an_unexplained_404_is_an_error(answer: httpx.Response) -> None:
    """It may be a proxy's answer."""
    scene = Scene("Succeeded")
    scene.service.answers.update({"GET runs/cf1": httpx.Response(404, text="<html>"), "GET ": answer})
    with pytest.raises(errors.ServiceError, match="read registry"):
        scene.read(status="Queued")


def test_a_read_by_id_of_an_unknown_run_fails() -> None:
    """No state could be kept."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    with pytest.raises(errors.NotFoundError):
        run.read(scene.service, ID, INPUTS, scene.call)


def archived(value: bool) -> dict[str, Any]:
    return {**INPUTS, "runRequest": {**INPUTS["runRequest"], "isArchiveEnabled": value}}


def test_the_archive_is_a_patch_of_the_run() -> None:
    """The PATCH has only that member, and the outputs stay."""
    scene = Scene("Succeeded")
    olds = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": []}
    outputs = run.update(scene.service, ID, olds, archived(True), scene.call)
    assert scene.service.requests == ["PATCH runs/cf1"]
    assert scene.service.bodies == [{"isArchiveEnabled": True}]
    assert outputs["runRequest"]["isArchiveEnabled"] is True
    assert outputs["status"] == "Succeeded"


def test_other_arguments_make_no_request() -> None:
    """They only change in state."""
    scene = Scene("Succeeded")
    olds = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": ["a@b"], "logs": "none"}
    news = {**INPUTS, "cancelOnDelete": True}
    assert run.update(scene.service, ID, olds, news, scene.call) == {
        **INPUTS,
        "runId": "cf1",
        "status": "Succeeded",
        "imageRefs": ["a@b"],
        "cancelOnDelete": True,
    }
    assert scene.service.requests == []


def test_archiving_a_forgotten_run_is_a_warning() -> None:
    """The service has no run to archive."""
    scene = Scene("Succeeded")
    scene.service.answers["PATCH runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    run.update(scene.service, ID, {**INPUTS, "runId": "cf1"}, archived(True), scene.call)
    assert "nothing left to archive" in scene.console.warnings[0]


ASKED = ["GET runs/cf1", "POST runs/cf1/cancel", "GET runs/cf1"]


@pytest.mark.parametrize(
    ("state", "now", "requests"),
    [
        ({"status": "Running"}, "Running", []),
        ({"status": "Succeeded", "cancelOnDelete": True}, "Succeeded", []),
        ({"status": "Queued", "cancelOnDelete": True}, "Succeeded", ["GET runs/cf1"]),
        ({"status": "Queued", "cancelOnDelete": True}, "Running", ASKED),
    ],
)
def test_delete_cancels_only_on_request_and_only_a_run_that_goes_on(
    state: dict[str, Any], now: str, requests: list[str]
) -> None:
    """A message names a run that is not canceled."""
    scene = Scene(now)
    kept: list[str] = []
    scene.console.info = kept.append
    run.delete(scene.service, ID, {**INPUTS, **state}, scene.call, scene.clock)
    assert scene.service.requests == requests
    assert ["Run cf1 was Running when it was last read. If it has not ended, it goes on" in line for line in kept] == (
        [] if state.get("cancelOnDelete") else [True]
    )


CANCELS = [
    (httpx.Response(404, json={"error": {"code": "ResourceNotFound"}}), errors.RunError, "answered 404"),
    (httpx.Response(200), errors.RunError, "is still Running, although its cancellation was accepted"),
    (httpx.Response(409, json={"error": {"code": "Conflict"}}), errors.ConflictError, "Conflict"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), CANCELS)
def test_a_run_that_goes_on_after_its_cancellation_is_an_error(
    answer: httpx.Response, kind: type[errors.AcrTasksError], words: str
) -> None:
    """The resource stays in state, whatever the service answered."""
    scene = Scene("Running")
    scene.service.answers["POST runs/cf1/cancel"] = answer
    with pytest.raises(kind, match=words):
        run.delete(scene.service, ID, {**INPUTS, "cancelOnDelete": True}, scene.call, scene.clock)


@pytest.mark.parametrize("status", ["Canceled", "Succeeded"])
def test_a_refused_cancellation_of_an_ended_run_is_no_error(status: str) -> None:
    """The run has ended in between."""
    scene = Scene("Running", status)
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(409, json={"error": {"code": "Conflict"}})
    run.delete(scene.service, ID, {**INPUTS, "cancelOnDelete": True}, scene.call, scene.clock)
    assert scene.console.statuses == [f"cf1 is {status.lower()}"]


def test_a_replacement_that_has_the_same_run_keeps_it() -> None:
    """The new resource has resumed it, so the deletion of the old one does not cancel it."""
    scene = Scene("Running")
    scene.create(wait=False, cancelOnDelete=True)
    scene.service.requests.clear()
    state = {**INPUTS, "status": "Queued", "cancelOnDelete": True}
    run.delete(scene.service, ID, state, scene.call, scene.clock)
    assert scene.service.requests == []


QUEUED = {**INPUTS, "runId": "cf1", "status": "Queued", "wait": False, "logs": "none"}


def awaited(scene: Scene, **olds: Any) -> dict[str, Any]:
    news = {**INPUTS, "wait": True, "logs": "none"}
    return run.update(scene.service, ID, {**QUEUED, **olds}, news, scene.call, scene.clock)


def test_a_recorded_run_is_awaited_once_wait_is_true() -> None:
    """Its outputs are those of its end."""
    scene = Scene("Running", "Succeeded")
    scene.service.said = {"outputImages": [{"registry": "r", "repository": "a", "digest": "sha256:1"}]}
    made = awaited(scene)
    assert "POST scheduleRun" not in scene.service.requests
    assert (made["status"], made["imageRefs"], made["wait"]) == ("Succeeded", ["r/a@sha256:1"], True)


@pytest.mark.parametrize("recorded", ["Queued", "Failed"])
def test_the_failure_of_a_recorded_run_fails_the_update(recorded: str) -> None:
    """The error says how to run it again, also when state knew the failure."""
    with pytest.raises(errors.RunFailedError, match=r"(?s)Run cf1 in registry contoso failed.*To run it again, change"):
        awaited(Scene("Failed"), status=recorded)


def test_a_recorded_run_without_an_end_is_not_to_be_run_again() -> None:
    """Only a run that has ended is run again."""
    scene = Scene("Queued")
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(403, json={"error": {"code": "No"}})
    news = {**INPUTS, "wait": True, "logs": "none", "queueTimeout": 5}
    with pytest.raises(errors.RunQueueTimeoutError) as failed:
        run.update(scene.service, ID, QUEUED, news, scene.call, scene.clock)
    assert "To run it again" not in str(failed.value)


def test_a_recorded_run_that_succeeded_is_not_read() -> None:
    """Its end is known."""
    scene = Scene("Succeeded")
    awaited(scene, status="Succeeded")
    assert scene.service.requests == []


@pytest.mark.parametrize("gone", ["forgotten", "another"])
def test_a_recorded_run_with_an_unknown_end_is_an_error(gone: str) -> None:
    """It must not look successful."""
    scene = Scene("Succeeded")
    if gone == "forgotten":
        scene.service.answers["GET runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    scene.service.said = {"createTime": "2026-02-02T00:00:00Z"}
    with pytest.raises(errors.RunError, match="so its final status is unknown"):
        awaited(scene, createTime="2026-01-01T00:00:00Z")


def test_an_answer_without_images_keeps_images_and_references_together() -> None:
    """Both keep their values."""
    scene = Scene("Succeeded")
    image = {"registry": "r", "repository": "a", "digest": "sha256:1"}
    read = scene.read(status="Succeeded", outputImages=[image], imageRefs=["r/a@sha256:1"])
    assert (read["outputImages"], read["imageRefs"]) == ([image], ["r/a@sha256:1"])


def test_a_refresh_warns_of_a_failed_run_that_was_not_awaited() -> None:
    """It warns once, when it reads the failure."""
    scene = Scene("Failed")
    assert scene.read(status="Queued", wait=False)["status"] == "Failed"
    assert scene.console.warnings == ["Run cf1 ended as Failed. The next pulumi up runs it again."]
    scene.console.warnings.clear()
    scene.read(status="Failed", wait=False)
    assert scene.console.warnings == []


@pytest.mark.parametrize("call", [run.read, run.delete])
def test_a_run_of_another_endpoint_is_refused(call: Callable[..., Any]) -> None:
    """Its id may be another run's there."""
    state = {**INPUTS, "endpoint": "embedded", "cancelOnDelete": True}
    scene = Scene("Running")
    with pytest.raises(errors.EndpointError):
        call(scene.service, ID, state, scene.call)
    assert scene.service.requests == []
