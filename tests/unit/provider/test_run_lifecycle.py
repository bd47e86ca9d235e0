"""What create, read, update and delete of a run do at the service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.follow import background
from pulumi_acr_tasks.lifecycle import run
from pulumi_acr_tasks.lifecycle.awaiting import Surroundings
from pulumi_acr_tasks.settings import Settings

REGISTRY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso"
ID = f"{REGISTRY}/runs/cf1"
INPUTS: dict[str, Any] = {
    "registryId": REGISTRY,
    "endpoint": "https://arm.example",
    "runRequest": {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": "c3RlcHM6",
        "values": [{"name": "key", "value": "hush", "isSecret": True}],
        "platform": {"os": "Linux"},
    },
}
LOG = b"Step 1/2\r\nusing hush\r\n\r\nRun ID: cf1 failed\r\n"


class FakeClock:
    """Time passes when somebody waits; `at` maps moments to what happens then."""

    def __init__(self) -> None:
        self.time = 0.0
        self.at: dict[float, Callable[[], None]] = {}

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        self.time += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.time += seconds
        for moment in [moment for moment in self.at if moment <= self.time]:
            self.at.pop(moment)()
        return event.is_set()


class FakeConsole:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.warnings: list[str] = []

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def info(self, text: str) -> None:
        raise AssertionError("a run has nothing to keep on the screen")

    def warning(self, text: str) -> None:
        self.warnings.append(text)


class FakeService:
    """A service with one run, which takes the statuses one after the other, and its log."""

    def __init__(self, clock: FakeClock, *statuses: str) -> None:
        self.settings = Settings.load(
            {"endpoint": "https://arm.example", "registryName": "contoso"}.get, {"ARM_SUBSCRIPTION_ID": "s"}
        )
        self.statuses = list(statuses)
        self._client = Client(self._send, "https://arm.example", clock)
        self.date: Callable[[], str | None] = lambda: None
        self.said: dict[str, Any] = {}
        self.requests: list[str] = []
        self.bodies: list[Any] = []
        self.answers: dict[str, httpx.Response] = {}
        self.on_cancel: Callable[[], None] = lambda: self.statuses.__setitem__(slice(None), ["Canceled"])

    def client(self, urn: str | None) -> Client:
        return self._client

    def refuse_other_endpoint(self, kind: str, state: dict[str, Any]) -> None:
        if state.get("endpoint") != "https://arm.example":
            raise errors.EndpointError(f"this {kind} lives elsewhere")

    def _send(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.removeprefix(REGISTRY).removeprefix("/")
        self.requests.append(f"{request.method} {name}")
        if request.content:
            self.bodies.append(json.loads(request.content))
        if f"{request.method} {name}" in self.answers:
            answer = self.answers[f"{request.method} {name}"]
            answer.request = request
            return answer
        date = self.date()
        return httpx.Response(
            200, json=self._answer(name), request=request, headers={} if date is None else {"Date": date}
        )

    def _answer(self, name: str) -> dict[str, Any]:
        if name == "scheduleRun":
            return self._run("Queued")
        if name.endswith("listLogSasUrl"):
            return {"logLink": "https://storage.example/log?sig=x"}
        if name.endswith("/cancel"):
            self.on_cancel()
            return {}
        return self._run(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])

    def _run(self, status: str) -> dict[str, Any]:
        # provisioningState is Succeeded from the beginning, whatever becomes of the run.
        properties = {"runId": "cf1", "status": status, "provisioningState": "Succeeded", **self.said}
        return {"id": ID, "name": "cf1", "properties": properties}


class Scene:
    """A service, a console, a clock and a stop, put together."""

    def __init__(self, *statuses: str, timeout: float = 0.0) -> None:
        self.console, self.clock, self.stop = FakeConsole(), FakeClock(), threading.Event()
        self.service = FakeService(self.clock, *statuses)
        self.around = Surroundings("urn", self.console, self.stop, timeout)  # type: ignore[arg-type]

    def create(self, **inputs: Any) -> tuple[str, dict[str, Any]]:
        given = {**INPUTS, "logs": "none", **inputs}
        return run.create(self.service, given, self.around, self.clock)  # type: ignore[arg-type]

    def failure(self, kind: type[errors.AcrTasksError], **inputs: Any) -> str:
        with pytest.raises(kind) as failed:
            self.create(**inputs)
        assert type(failed.value) is kind
        return str(failed.value)

    def read(self, **state: Any) -> dict[str, Any]:
        return run.read(self.service, ID, {**INPUTS, "runId": "cf1", **state}, self.around)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log lies in a storage, complete."""

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"x-ms-meta-Complete": "failed"}
        if request.method == "HEAD":
            return httpx.Response(200, headers={**headers, "content-length": str(len(LOG))})
        return httpx.Response(206, headers=headers, content=LOG)

    monkeypatch.setattr(background, "open_log_client", lambda: httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_run_is_scheduled_and_awaited_by_its_status() -> None:
    """The request goes out as it was given, and the run's own words come back beside the inputs."""
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
    """Empty lines are not; the link is asked for once."""
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


def test_a_run_that_is_not_awaited_is_returned_as_it_was_queued() -> None:
    """A later refresh tells how it ended."""
    scene = Scene("Running")
    assert scene.create(wait=False)[1]["status"] == "Queued"
    assert scene.service.requests == ["POST scheduleRun"]


ENDINGS = [
    ("Failed", errors.RunFailedError, "Run cf1 in registry contoso failed."),
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
def test_another_ending_is_an_error_of_its_own(
    status: str, kind: type[errors.AcrTasksError], sentence: str, logs: str
) -> None:
    """Its text has the sentence, the run's message, the end of the log without secrets, and where the rest is."""
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


def test_without_logs_none_is_asked_for() -> None:
    """Each link is a write."""
    scene = Scene("Failed")
    text = scene.failure(errors.RunFailedError, logs="none")
    assert "log:" not in text.replace("Whole log:", "")
    assert not any("listLogSasUrl" in request for request in scene.service.requests)


def test_a_log_on_failure_is_not_asked_for_on_success() -> None:
    """There is nothing to show."""
    scene = Scene("Succeeded")
    scene.create(logs="on-failure")
    assert not any("listLogSasUrl" in request for request in scene.service.requests)


def test_cancelling_the_update_cancels_the_run() -> None:
    """Within moments, with a sentence; and it is seen to be canceled."""
    scene = Scene("Running")
    scene.clock.at[5.0] = scene.stop.set
    text = scene.failure(errors.CanceledError)
    assert text == "Run cf1 was canceled at the service, because the update was."
    assert scene.service.requests[-2:] == ["POST runs/cf1/cancel", "GET runs/cf1"]
    assert scene.clock.time <= 5.25


def test_a_run_that_cannot_be_canceled_is_said_to_go_on() -> None:
    """The user has to look after it."""
    scene = Scene("Running")
    scene.stop.set()
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
    text = scene.failure(errors.CanceledError)
    assert "could not be: it may still run" in text
    assert "AuthorizationFailed" in text


def test_a_run_that_takes_its_time_to_be_canceled_is_left_to_the_service() -> None:
    """The request was accepted; nobody waits longer than two seconds for it."""
    scene = Scene("Running")
    scene.stop.set()
    scene.service.on_cancel = lambda: None
    scene.failure(errors.CanceledError)
    assert scene.clock.time == 2.0


def test_a_queue_timeout_cancels_what_no_agent_took() -> None:
    """It is an error of its own."""
    scene = Scene("Queued")
    text = scene.failure(errors.RunQueueTimeoutError, queueTimeout=30)
    assert text.startswith("Run cf1 in registry contoso was still queued after 30 s (queue_timeout), and was canceled")
    assert "POST runs/cf1/cancel" in scene.service.requests


def test_a_run_that_stays_queued_is_explained_every_minute() -> None:
    """By the service's clock: ours may be off by hours."""
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
    """Nothing is uploaded: state would say what was not built."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    scene = Scene("Succeeded")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    text = scene.failure(errors.SourceError, context=str(tmp_path), contextHash="sha256:other", runRequest=request)
    assert "has changed since" in text
    assert scene.service.requests == []


def test_a_refusal_of_the_request_is_handed_on() -> None:
    """Nothing is in state then."""
    scene = Scene("Succeeded")
    scene.service.answers["POST scheduleRun"] = httpx.Response(400, json={"error": {"code": "InvalidInputValue"}})
    assert "InvalidInputValue" in scene.failure(errors.InvalidRequestError)


def test_reading_tells_how_a_run_ended() -> None:
    """What was known of the inputs stays."""
    outputs = Scene("Succeeded").read(status="Queued", triggers=["1"])
    assert outputs.items() >= {**INPUTS, "status": "Succeeded", "triggers": ["1"]}.items()


def test_a_run_that_the_service_has_forgotten_stays() -> None:
    """Dropping it would run it again; a warning says so."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    state = {**INPUTS, "runId": "cf1", "status": "Succeeded"}
    assert scene.read(status="Succeeded") == state
    assert "has forgotten run cf1" in scene.console.warnings[0]


def test_another_run_of_the_same_id_is_not_taken_for_it() -> None:
    """A registry that was made anew counts its runs from the beginning."""
    scene = Scene("Failed")
    scene.service.said = {"createTime": "2026-02-02T00:00:00Z"}
    assert scene.read(status="Succeeded", createTime="2026-01-01T00:00:00Z")["status"] == "Succeeded"
    assert "has forgotten run cf1" in scene.console.warnings[0]


def test_a_run_that_may_not_be_read_stays() -> None:
    """With a warning that says why."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
    assert scene.read(status="Queued")["status"] == "Queued"
    assert "AuthorizationFailed" in scene.console.warnings[0]


def test_a_read_by_id_of_a_run_that_is_not_there_fails() -> None:
    """Nothing is known that could be kept."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    with pytest.raises(errors.NotFoundError):
        run.read(scene.service, ID, INPUTS, scene.around)  # type: ignore[arg-type]


def archived(value: bool) -> dict[str, Any]:
    return {**INPUTS, "runRequest": {**INPUTS["runRequest"], "isArchiveEnabled": value}}


def test_the_archive_is_a_patch_of_the_run() -> None:
    """With exactly that member; the outputs are kept."""
    scene = Scene("Succeeded")
    olds = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": []}
    outputs = run.update(scene.service, ID, olds, archived(True), scene.around)  # type: ignore[arg-type]
    assert scene.service.requests == ["PATCH runs/cf1"]
    assert scene.service.bodies == [{"isArchiveEnabled": True}]
    assert outputs["runRequest"]["isArchiveEnabled"] is True
    assert outputs["status"] == "Succeeded"


def test_other_arguments_make_no_request() -> None:
    """They are only remembered."""
    scene = Scene("Succeeded")
    olds = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": ["a@b"], "logs": "none"}
    news = {**INPUTS, "cancelOnDelete": True}
    assert run.update(scene.service, ID, olds, news, scene.around) == {  # type: ignore[arg-type]
        **INPUTS,
        "runId": "cf1",
        "status": "Succeeded",
        "imageRefs": ["a@b"],
        "cancelOnDelete": True,
    }
    assert scene.service.requests == []


def test_archiving_a_forgotten_run_is_a_warning() -> None:
    """There is nothing left to archive."""
    scene = Scene("Succeeded")
    scene.service.answers["PATCH runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    run.update(scene.service, ID, {**INPUTS, "runId": "cf1"}, archived(True), scene.around)  # type: ignore[arg-type]
    assert "nothing left to archive" in scene.console.warnings[0]


@pytest.mark.parametrize(
    ("state", "now", "requests"),
    [
        ({"status": "Running"}, "Running", []),
        ({"status": "Succeeded", "cancelOnDelete": True}, "Succeeded", []),
        ({"status": "Queued", "cancelOnDelete": True}, "Succeeded", ["GET runs/cf1"]),
        ({"status": "Queued", "cancelOnDelete": True}, "Running", ["GET runs/cf1", "POST runs/cf1/cancel"]),
    ],
)
def test_deleting_cancels_only_on_request_and_only_what_still_runs(
    state: dict[str, Any], now: str, requests: list[str]
) -> None:
    """Nothing else can be done to a run."""
    scene = Scene(now)
    run.delete(scene.service, ID, {**INPUTS, **state}, scene.around)  # type: ignore[arg-type]
    assert scene.service.requests == requests


@pytest.mark.parametrize("call", [run.read, run.delete])
def test_a_run_of_another_endpoint_is_refused(call: Callable[..., Any]) -> None:
    """Its id may mean another run there."""
    state = {**INPUTS, "endpoint": "embedded", "cancelOnDelete": True}
    scene = Scene("Running")
    with pytest.raises(errors.EndpointError):
        call(scene.service, ID, state, scene.around)
    assert scene.service.requests == []
