"""The thirteen operations and the middleware around them, with a function for the service."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from httpx import _exceptions

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client, open_client, with_middleware
from pulumi_acr_tasks.arm.credentials import AccessToken, credential_for
from pulumi_acr_tasks.arm.http.connection import may_carry_token, origin
from pulumi_acr_tasks.arm.http.retry_and_throttle import ATTEMPTS, retry, throttle
from pulumi_acr_tasks.arm.http.sign_in import sign_in
from pulumi_acr_tasks.arm.http.transport import CORRELATION_ID, TRANSLATIONS, Operation, redacted, transport
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.arm.operations import filter_by_run_ids

_ENDPOINT = "https://arm.example.org"
_REGISTRY = RegistryId("S", "G", "registry")


@dataclass
class FakeClock:
    """A clock that stands still until somebody sleeps."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Service:
    """Answers requests one after the other and remembers them."""

    answers: list[Any]
    requests: list[httpx.Request] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    correlation_ids: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.correlation_ids.append(request.headers.get(CORRELATION_ID, ""))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer)

    def client(self) -> Client:
        send = transport(httpx.Client(transport=httpx.MockTransport(self)))
        return Client(with_middleware(send, _ENDPOINT, None, "", self.clock, jitter=False), _ENDPOINT, self.clock)


def _error(status: int, code: str, message: str = "no", target: str = "", **headers: str) -> httpx.Response:
    error = {"code": code, "message": message, "target": target, "details": [{"code": "Forbidden", "message": None}]}
    return httpx.Response(status, json={"error": error}, headers=headers)


_OPERATIONS: list[tuple[str, Callable[[Client], Any], str, str, Any]] = [
    (
        "schedule_run",
        lambda c: c.registries.schedule_run(_REGISTRY, {"type": "x"}),
        "POST",
        "/scheduleRun",
        {"type": "x"},
    ),
    (
        "get_build_source_upload_url",
        lambda c: c.registries.get_build_source_upload_url(_REGISTRY),
        "POST",
        "/listBuildSourceUploadUrl",
        None,
    ),
    ("runs.list", lambda c: list(c.runs.list(_REGISTRY)), "GET", "/runs", None),
    ("runs.get", lambda c: c.runs.get(_REGISTRY, "cf1"), "GET", "/runs/cf1", None),
    (
        "runs.update",
        lambda c: c.runs.update(_REGISTRY, "cf1", {"isArchiveEnabled": True}),
        "PATCH",
        "/runs/cf1",
        {"isArchiveEnabled": True},
    ),
    (
        "runs.get_log_sas_url",
        lambda c: c.runs.get_log_sas_url(_REGISTRY, "cf1"),
        "POST",
        "/runs/cf1/listLogSasUrl",
        None,
    ),
    ("runs.cancel", lambda c: c.runs.cancel(_REGISTRY, "cf1"), "POST", "/runs/cf1/cancel", None),
    ("tasks.list", lambda c: list(c.tasks.list(_REGISTRY)), "GET", "/tasks", None),
    ("tasks.get", lambda c: c.tasks.get(_REGISTRY, "build"), "GET", "/tasks/build", None),
    ("tasks.get_details", lambda c: c.tasks.get_details(_REGISTRY, "build"), "POST", "/tasks/build/listDetails", None),
    ("tasks.create", lambda c: c.tasks.create(_REGISTRY, "build", {"a": 1}), "PUT", "/tasks/build", {"a": 1}),
    ("tasks.update", lambda c: c.tasks.update(_REGISTRY, "build", {"a": 1}), "PATCH", "/tasks/build", {"a": 1}),
    ("tasks.delete", lambda c: c.tasks.delete(_REGISTRY, "build"), "DELETE", "/tasks/build", None),
]


@pytest.mark.parametrize(("name", "call", "method", "suffix", "body"), _OPERATIONS, ids=[row[0] for row in _OPERATIONS])
def test_an_operation_is_one_request(
    name: str, call: Callable[[Client], Any], method: str, suffix: str, body: Any
) -> None:
    """Method, path, API version, body and a correlation id of its own."""
    service = Service([{"name": "x", "value": [], "uploadUrl": "https://storage.example.org", "relativePath": "x"}])
    call(service.client())
    (request,) = service.requests
    assert request.method == method
    assert request.url.path == f"{_REGISTRY}{suffix}"
    assert dict(request.url.params) == {"api-version": "2019-04-01"}
    assert request.headers[CORRELATION_ID]
    assert (json.loads(request.content) if request.content else None) == body
    if method == "POST" and body is None:
        assert request.headers["content-length"] == "0"


def test_the_registry_is_read_under_its_own_api_version() -> None:
    """2019-04-01 does not serve it."""
    service = Service([{"location": "westeurope", "properties": {"loginServer": "r.azurecr.io"}}])
    registry = service.client().registries.get(_REGISTRY)
    assert (registry["location"], registry["loginServer"]) == ("westeurope", "r.azurecr.io")
    assert service.requests[0].url.params["api-version"] == "2023-07-01"


def test_every_attempt_has_a_correlation_id_of_its_own() -> None:
    """The service derives paths from it; an error names the last."""
    service = Service([_error(503, "Busy") for _ in range(ATTEMPTS)])
    with pytest.raises(errors.UnavailableError) as caught:
        service.client().tasks.get(_REGISTRY, "build")
    ids = service.correlation_ids
    assert len(set(ids)) == ATTEMPTS
    assert caught.value.correlation_id == ids[-1]
    assert f"correlation id {ids[-1]}" in str(caught.value)
    assert str(caught.value).startswith(f"read task {_REGISTRY}/tasks/build: the service answered 503 Busy")


def test_a_list_follows_its_next_link_verbatim() -> None:
    """Page after page, at the same origin."""
    link = f"{_ENDPOINT}{_REGISTRY}/tasks?api-version=2019-04-01&%24skiptoken=a%2Fb"
    service = Service([{"value": [{"name": "a"}], "nextLink": link}, {"value": [{"name": "b"}]}])
    assert [task.name for task in service.client().tasks.list(_REGISTRY)] == ["a", "b"]
    assert str(service.requests[1].url) == link


@pytest.mark.parametrize("elsewhere", ["https://evil.example.org/", "http://arm.example.org/", f"{_ENDPOINT}:444/"])
def test_a_link_to_another_origin_is_not_followed(elsewhere: str) -> None:
    """Neither another host, nor another port, nor without TLS."""
    service = Service([{"value": [], "nextLink": elsewhere}])
    with pytest.raises(errors.TransportError, match="refers to"):
        list(service.client().tasks.list(_REGISTRY))
    assert len(service.requests) == 1


def test_a_redirect_is_not_followed() -> None:
    """An answer that sends us elsewhere is an error, not a way."""
    service = Service([httpx.Response(307, headers={"location": "https://evil.example.org/"})])
    with pytest.raises(errors.ServiceError, match="307"):
        service.client().tasks.get(_REGISTRY, "build")
    assert len(service.requests) == 1


def test_runs_are_listed_up_to_the_top() -> None:
    """Whether the service goes on after `$top` is not known: the client stops there."""
    service = Service([{"value": [{"name": "b"}, {"name": "a"}], "nextLink": f"{_ENDPOINT}/more"}])
    runs = list(service.client().runs.list(_REGISTRY, filter_by_run_ids(["x'y"]), top=1))
    assert [run.name for run in runs] == ["b"]
    assert dict(service.requests[0].url.params) == {
        "api-version": "2019-04-01",
        "$filter": "RunId eq 'x''y'",
        "$top": "1",
    }


def test_the_runs_of_several_ids_are_one_filter() -> None:
    """The service combines the expressions with `or`."""
    assert filter_by_run_ids(["a", "b"]) == "(RunId eq 'a' or RunId eq 'b')"


def test_delete_says_whether_there_was_a_task() -> None:
    """200 with an empty body, and 204 when there was none."""
    assert Service([httpx.Response(200)]).client().tasks.delete(_REGISTRY, "build") is True
    assert Service([httpx.Response(204)]).client().tasks.delete(_REGISTRY, "build") is False


def test_an_accepted_update_is_followed_to_its_end() -> None:
    """202 with Azure-AsyncOperation, as the specification allows it, then the resource itself."""
    monitor = {"azure-asyncoperation": f"{_ENDPOINT}/operations/1", "retry-after": "7"}
    service = Service(
        [
            httpx.Response(201, json={}, headers=monitor),
            httpx.Response(200, json={"status": "InProgress"}, headers={"retry-after": "5"}),
            {"status": "Succeeded"},
            {"name": "build", "properties": {"provisioningState": "Succeeded"}},
        ]
    )
    assert service.client().tasks.create(_REGISTRY, "build", {}).name == "build"
    assert service.clock.slept == [7, 5]
    assert [request.method for request in service.requests] == ["PUT", "GET", "GET", "GET"]
    assert service.requests[3].url.path == f"{_REGISTRY}/tasks/build"


def test_an_accepted_run_is_fetched_from_its_location() -> None:
    """202 with Location only."""
    location = {"location": f"{_ENDPOINT}/results/1"}
    service = Service(
        [httpx.Response(202, headers=location), httpx.Response(202, headers=location), {"properties": {"runId": "cf1"}}]
    )
    assert service.client().registries.schedule_run(_REGISTRY, {}).properties.run_id == "cf1"


def test_a_failed_long_running_operation_is_an_error() -> None:
    """With the operation's own code and message."""
    service = Service(
        [
            httpx.Response(202, headers={"azure-asyncoperation": f"{_ENDPOINT}/operations/1"}),
            {"status": "Failed", "error": {"code": "Broken", "message": "it broke"}},
        ]
    )
    with pytest.raises(errors.ServiceError, match="Broken\nit broke"):
        service.client().tasks.delete(_REGISTRY, "build")


def test_a_run_that_is_accepted_without_a_name_is_an_error() -> None:
    """Nobody could follow it."""
    with pytest.raises(errors.TransportError, match="without an answer\ncorrelation id "):
        Service([httpx.Response(202)]).client().registries.schedule_run(_REGISTRY, {})


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_a_task_is_awaited_until_its_state_is_final(state: str) -> None:
    """A state that has not been seen live, but that the specification has."""
    service = Service(
        [{"properties": {"provisioningState": state}}, {"properties": {"provisioningState": "Succeeded"}}]
    )
    assert service.client().tasks.update(_REGISTRY, "build", {}).properties.provisioning_state == "Succeeded"


def test_a_task_whose_state_is_failed_is_an_error() -> None:
    """The answer's status alone does not tell."""
    with pytest.raises(errors.ServiceError, match="provisioningState is Failed"):
        Service([{"properties": {"provisioningState": "Failed"}}]).client().tasks.update(_REGISTRY, "build", {})


_PAGE = "<!DOCTYPE html><html><head><title>Log in &amp;\x1b[31m go on</title></head><body>x</body></html>"
_STRANGE: list[tuple[httpx.Response, str]] = [
    (
        httpx.Response(200, html=_PAGE),
        "(200 text/html from arm.example.org): it is an HTML page, 'Log in & [31m go on'",
    ),
    (httpx.Response(200, content=b'{"name": "bui'), "(200 without a content type from arm.example.org): it is no JSON"),
    (httpx.Response(200, json=[1]), "(200 application/json from arm.example.org): it is a list where an object"),
    (httpx.Response(200, content=b"null"), "it is null where an object is expected"),
    (httpx.Response(200, json=7), "it is a single value where an object is expected"),
    (httpx.Response(200), "it is empty"),
    (httpx.Response(200, text="[" * 100_000), "it is no JSON"),
    (httpx.Response(200, json={"hello": "world"}), "it has neither id, name nor properties"),
    (httpx.Response(200, json={"name": "build", "tags": {"a": ["c4nary"]}}), "its member tags.a is not as expected"),
]


@pytest.mark.parametrize(("answer", "sentence"), _STRANGE)
def test_an_answer_that_is_not_one_is_a_sentence_and_is_asked_for_again(answer: httpx.Response, sentence: str) -> None:
    """A proxy's page, say: with status, content type and host, and without a value."""
    service = Service([answer] * ATTEMPTS)
    with pytest.raises(errors.TransportError) as caught:
        service.client().tasks.get(_REGISTRY, "build")
    first, cure, tried, correlation = str(caught.value).splitlines()
    assert first.startswith(f"read task {_REGISTRY}/tasks/build: the answer is not understood")
    assert sentence in first
    assert "check acr-tasks:endpoint" in cure
    assert tried == "tried 4 times within 4 s"
    assert correlation == f"correlation id {service.correlation_ids[-1]}"
    assert "c4nary" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    service = Service([answer, {"name": "build"}])
    assert service.client().tasks.get(_REGISTRY, "build").name == "build"


def test_a_run_is_not_scheduled_again_after_an_answer_that_is_not_understood() -> None:
    """The service may have scheduled it."""
    service = Service([httpx.Response(200, html=_PAGE)])
    with pytest.raises(errors.TransportError) as caught:
        service.client().registries.schedule_run(_REGISTRY, {})
    assert caught.value.arrived


@pytest.mark.parametrize("body", [{}, {"value": {}}, {"value": [], "nextLink": 7}])
def test_a_list_that_is_none_is_not_taken_for_an_empty_one(body: dict[str, Any]) -> None:
    """Who lists nothing makes everything anew."""
    with pytest.raises(errors.TransportError, match="it is not a list"):
        list(Service([body] * ATTEMPTS).client().tasks.list(_REGISTRY))


def test_an_item_that_is_not_understood_is_not_in_the_way_of_the_others() -> None:
    """A task with members of other types keeps its name; what has no name is left out."""
    odd = {"name": "odd", "properties": {"step": ["x"], "timeout": "soon"}}
    tasks = list(Service([{"value": [odd, "x", None, {"tags": 3}, {"name": "a"}]}]).client().tasks.list(_REGISTRY))
    assert [(task.name, task.is_whole) for task in tasks] == [("odd", False), ("a", True)]
    runs = Service([{"value": [{"name": "cf1", "properties": 3}, {"name": "cf2"}]}]).client().runs.list(_REGISTRY)
    assert [run.name for run in runs] == ["cf2"]


@pytest.mark.parametrize("body", [{}, {"location": 7}, {"location": "x", "properties": []}])
def test_a_registry_that_is_none_is_a_sentence(body: dict[str, Any]) -> None:
    """Its location and login server are read."""
    with pytest.raises(errors.TransportError, match="it is not a registry"):
        Service([body] * ATTEMPTS).client().registries.get(_REGISTRY)


def test_a_redirect_names_where_it_leads_and_no_more() -> None:
    """The rest of the address may hold a signature."""
    service = Service([httpx.Response(307, headers={"location": "https://elsewhere.example.org/x?sig=c4nary"})])
    with pytest.raises(errors.ServiceError) as caught:
        service.client().tasks.update(_REGISTRY, "build", {})
    assert "it redirects to https://elsewhere.example.org:443" in str(caught.value)
    assert "set acr-tasks:endpoint to the Resource Manager's own" in str(caught.value)
    assert "c4nary" not in str(caught.value)


def test_numbers_of_headers_that_are_none_are_passed_over() -> None:
    """Whatever stands in them."""
    headers = [(b"x-ms-ratelimit-remaining-subscription-reads", b"\xb2"), (b"retry-after", b"nan"), (b"date", b"x")]
    service = Service([httpx.Response(200, json={"name": "a"}, headers=headers)])
    assert service.client().tasks.get(_REGISTRY, "a").name == "a"


@pytest.mark.parametrize(
    ("answer", "kind", "cure"),
    [
        (_error(409, "ProviderCall", target="GitHub"), errors.WebhookError, "admin:repo_hook"),
        (_error(404, "ProviderCall", target="VisualStudioTeamService"), errors.WebhookError, "webhook"),
        (_error(400, "TasksOperationsNotAllowed", target="request"), errors.NotPermittedError, "free-credit"),
        (_error(409, "MissingSubscriptionRegistration"), errors.NotRegisteredError, "az provider register"),
        (_error(400, "InvalidInputValue"), errors.InvalidRequestError, ""),
        (_error(403, "AuthorizationFailed"), errors.ForbiddenError, "Container Registry Tasks Contributor"),
        (_error(404, "ResourceNotFound", "The task was not found"), errors.NotFoundError, ""),
        (_error(404, "ResourceGroupNotFound"), errors.RegistryNotFoundError, ""),
        (_error(404, "SubscriptionNotFound"), errors.SubscriptionNotFoundError, "acr-tasks:subscriptionId"),
        (
            _error(404, "ResourceNotFound", "The Resource 'Microsoft.ContainerRegistry/registries/X' under ..."),
            errors.RegistryNotFoundError,
            "",
        ),
        (
            _error(404, "ResourceNotFound", "The Resource 'Microsoft.ContainerRegistry/registries/X/tasks/t' under"),
            errors.NotFoundError,
            "",
        ),
        (_error(409, "Conflict"), errors.ConflictError, ""),
        (_error(418, "Teapot"), errors.InvalidRequestError, ""),
        (_error(501, "NotImplemented"), errors.UnavailableError, ""),
        (httpx.Response(400, text="<html>oops"), errors.InvalidRequestError, "oops"),
        (httpx.Response(400, json=["x"]), errors.InvalidRequestError, ""),
    ],
)
def test_a_refusal_is_the_error_that_it_means(answer: httpx.Response, kind: type[Exception], cure: str) -> None:
    """By status, code and target; never sent again, with the cure where there is one."""
    service = Service([answer])
    with pytest.raises(errors.ServiceError) as caught:
        service.client().tasks.create(_REGISTRY, "build", {})
    assert type(caught.value) is kind
    assert cure in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 4
    assert len(service.requests) == 1


@pytest.mark.parametrize("kind", [kind for kind in vars(_exceptions).values() if isinstance(kind, type)])
def test_every_exception_of_httpx_is_translated(kind: type[Exception]) -> None:
    """The table has a line for each of the library's own, by itself or by a base."""
    if issubclass(kind, Exception) and kind.__module__ in ("httpx", _exceptions.__name__):
        assert any(issubclass(kind, foreign) for foreign, _, _ in TRANSLATIONS)


@pytest.mark.parametrize(
    ("error", "arrived"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("late"), False),
        (httpx.PoolTimeout("full"), False),
        (httpx.ReadTimeout("late"), True),
        (httpx.WriteError("broken"), True),
        (httpx.RemoteProtocolError("closed"), True),
    ],
)
def test_a_run_is_scheduled_again_only_when_the_request_did_not_arrive(error: Exception, arrived: bool) -> None:
    """A second request might be a second run."""
    service = Service([error, {"properties": {"runId": "cf1"}}])
    client = service.client()
    if arrived:
        with pytest.raises(errors.TransportError) as caught:
            client.registries.schedule_run(_REGISTRY, {})
        assert caught.value.arrived
    else:
        assert client.registries.schedule_run(_REGISTRY, {}).properties.run_id == "cf1"
    assert len(service.requests) == (1 if arrived else 2)


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (_error(503, "Busy", **{"retry-after": "1"}), 1),
        (_error(500, "Oops"), 1),
        (_error(429, "TooManyRequests", **{"retry-after": "3"}), 2),
    ],
)
def test_a_run_is_scheduled_again_after_429_only(answer: httpx.Response, requests: int) -> None:
    """A throttled request was not carried out; one that met an ill service may have been."""
    service = Service([answer, {"name": "cf1"}])
    client = service.client()
    if requests == 1:
        with pytest.raises(errors.UnavailableError):
            client.registries.schedule_run(_REGISTRY, {})
    else:
        client.registries.schedule_run(_REGISTRY, {})
        assert service.clock.slept == [3]
    assert len(service.requests) == requests


def test_other_requests_are_repeated_with_growing_waits() -> None:
    """Broken connections and an ill service; `Retry-After` counts where it is given."""
    service = Service(
        [httpx.ReadError("broken"), _error(500, "x"), _error(503, "x", **{"retry-after": "9"}), _error(502, "x")]
    )
    service.answers.append({"name": "build"})
    service.client().tasks.update(_REGISTRY, "build", {})
    assert service.clock.slept == [0.5, 1.0, 9.0, 4.0]


def test_a_retry_after_may_be_a_date_and_is_not_believed_for_ever() -> None:
    """A date in the past is now; an hour is five minutes."""
    service = Service(
        [
            _error(429, "x", **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
            _error(429, "x", **{"retry-after": "3600"}),
            _error(429, "x", **{"retry-after": "soon"}),
            {"name": "build"},
        ]
    )
    service.client().tasks.get(_REGISTRY, "build")
    assert service.clock.slept == [0.0, 300.0, 2.0]


def test_waiting_ends_when_the_update_is_canceled() -> None:
    """^C raises out of the wait; the request that cancels a run is not ended by it."""

    class Canceled(FakeClock):
        def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
            super().sleep(seconds)
            if interruptible:
                raise errors.CanceledError("canceled")

    service = Service([_error(503, "x"), {}], clock=Canceled())
    with pytest.raises(errors.CanceledError):
        service.client().tasks.get(_REGISTRY, "build")
    service = Service([_error(503, "x"), httpx.Response(200)], clock=Canceled())
    service.client().runs.cancel(_REGISTRY, "cf1")
    assert len(service.requests) == 2


def _request(method: str = "GET", url: str = f"{_ENDPOINT}/x", **operation: Any) -> httpx.Request:
    return httpx.Request(method, url, extensions={"operation": Operation("try", "/x", **operation)})


def test_jitter_is_below_the_doubled_wait() -> None:
    """Waiting clients do not come back all at once."""
    clock = FakeClock()
    send = retry(lambda _: httpx.Response(500), clock)
    assert send(_request()).status_code == 500
    assert len(clock.slept) == ATTEMPTS - 1
    assert all(0 <= wait <= 0.5 * 2**attempt for attempt, wait in enumerate(clock.slept))


@pytest.mark.parametrize(
    ("method", "kind", "refill"), [("GET", "reads", 25), ("POST", "writes", 10), ("DELETE", "deletes", 10)]
)
def test_requests_slow_down_before_the_bucket_is_empty(method: str, kind: str, refill: int) -> None:
    """The scarcest of the scopes counts, and comes back at the bucket's own rate."""
    clock = FakeClock()
    headers = {
        f"x-ms-ratelimit-remaining-subscription-{kind}": "0",
        f"x-ms-ratelimit-remaining-subscription-global-{kind}": "900",
    }
    send = throttle(lambda _: httpx.Response(200, headers=headers), clock)
    send(_request(method))
    assert clock.slept == []
    send(_request(method))
    assert clock.slept == [pytest.approx(1 / refill)]


def test_other_buckets_are_not_slowed_down() -> None:
    """Reads and writes have buckets of their own."""
    clock = FakeClock()
    send = throttle(lambda _: httpx.Response(200, headers={"x-ms-ratelimit-remaining-subscription-writes": "0"}), clock)
    send(_request("PUT"))
    send(_request("GET"))
    assert clock.slept == []


def test_a_request_that_fails_gives_its_place_back() -> None:
    """An exception is no request under way."""
    clock = FakeClock()
    answers: list[Any] = [httpx.Response(200, headers={"x-ms-ratelimit-remaining-subscription-reads": "2"})]
    answers += [errors.TransportError("x")] * 20
    service = Service(answers)
    send = throttle(service, clock)
    send(_request())
    for _ in range(20):
        with pytest.raises(errors.TransportError):
            send(_request())
    assert clock.slept == []


@dataclass
class Token:
    """A token of azure-identity's shape."""

    token: str
    expires_on: int = 2**40


@dataclass
class Credential:
    """Gives one token after the other and remembers what it was asked."""

    expires_on: int = 2**40
    asked: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)

    def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        self.asked.append((scopes, claims))
        self.options.append(options)
        return Token(f"token{len(self.asked)}", self.expires_on)


def test_all_requests_share_one_token() -> None:
    """For the audience's default scope."""
    credential, service = Credential(), Service([{}, {}])
    send = sign_in(service, credential, "https://audience/", _ENDPOINT)
    send(_request())
    send(_request())
    assert credential.asked == [(("https://audience/.default",), None)]
    assert [request.headers["authorization"] for request in service.requests] == ["Bearer token1"] * 2


def test_a_token_is_renewed_before_it_ends() -> None:
    """One that ends within five minutes is not used again."""
    credential, service = Credential(expires_on=0), Service([{}, {}])
    send = sign_in(service, credential, "https://a", _ENDPOINT)
    send(_request())
    send(_request())
    assert [request.headers["authorization"] for request in service.requests] == ["Bearer token1", "Bearer token2"]


def test_a_claims_challenge_renews_the_token_once() -> None:
    """A 401 without one stands."""
    claims = base64.b64encode(b'{"access_token":{}}').decode()
    challenge = httpx.Response(
        401, headers={"www-authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'}
    )
    credential, service = Credential(), Service([challenge, {}, httpx.Response(401)])
    send = sign_in(service, credential, "https://a", _ENDPOINT)
    assert send(_request()).status_code == 200
    assert credential.asked[1][1] == '{"access_token":{}}'
    assert send(_request()).status_code == 401
    assert len(service.requests) == 3


@pytest.mark.parametrize("url", ["https://evil.example.org/", "http://arm.example.org/"])
def test_a_token_goes_nowhere_else(url: str) -> None:
    """Not to another origin, not over plain http."""
    service = Service([])
    with pytest.raises(errors.SignInError, match="no token is sent"):
        sign_in(service, Credential(), "https://a", _ENDPOINT)(_request(url=url))
    plain = "http://arm.example.org"
    with pytest.raises(errors.SignInError, match="no token is sent"):
        sign_in(service, Credential(), "https://a", plain)(_request(url=f"{plain}/x"))
    assert service.requests == []


def test_a_credential_that_fails_says_why_in_one_line() -> None:
    """azure-identity's own texts are long."""
    from azure.identity import CredentialUnavailableError

    class Broken(Credential):
        def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
            raise CredentialUnavailableError(message="please run az login\nand more\nand more")

    with pytest.raises(errors.SignInError) as caught:
        sign_in(Service([]), Broken(), "https://a", _ENDPOINT)(_request())
    assert str(caught.value) == "cannot sign in for https://a/.default: please run az login"


@pytest.mark.parametrize("name", ["default", "cli", "managed-identity", "client-secret"])
def test_credentials_are_made_without_a_request(name: str) -> None:
    """They ask for tokens when the first request needs one."""
    assert credential_for(name, tenant_id="t", client_id="c", client_secret="s") is not None
    assert credential_for("none") is None


def test_origins_have_their_port_spelled_out() -> None:
    """So that they compare."""
    assert origin("https://A.example/x?y") == origin("https://a.example:443") == "https://a.example:443"
    assert may_carry_token("http://127.0.0.1:1/")
    assert not may_carry_token("http://example.org/")


def test_the_talkative_wire_log_tells_sizes_and_what_is_left_but_no_body() -> None:
    """Bodies hold secrets, whoever sends them."""
    lines: list[str] = []
    headers = {"x-ms-ratelimit-remaining-subscription-writes": "199", "x-ms-operation-identifier": "tenantId=t"}
    answer = httpx.Response(200, json={"a": "c4nary"}, headers=headers)
    client = httpx.Client(transport=httpx.MockTransport(lambda _: answer))
    transport(client, lines.append, verbose=True)(httpx.Request("PUT", f"{_ENDPOINT}/a", json={"b": "c4nary"}))
    assert "(14 bytes sent, " in lines[0]
    assert lines[0].endswith("received; x-ms-ratelimit-remaining-subscription-writes: 199)")
    assert "c4nary" not in lines[0]


def test_the_wire_log_shows_no_signature() -> None:
    """Method, address, status, milliseconds, correlation id; of the query only what is harmless."""
    lines: list[str] = []
    service = Service([{}, httpx.ConnectError("refused")])
    send = transport(httpx.Client(transport=httpx.MockTransport(service)), lines.append)
    send(_request(url=f"{_ENDPOINT}/x?api-version=1&sig=c4nary&$top=1"))
    with pytest.raises(errors.TransportError):
        send(_request())
    assert lines[0].startswith(f"GET {_ENDPOINT}/x?api-version=1&sig=REDACTED&$top=1 200 ")
    assert len(lines) == 2
    assert redacted(f"{_ENDPOINT}/x") == f"{_ENDPOINT}/x"


def test_an_opened_client_reaches_no_network_by_itself() -> None:
    """Opening costs no request, and httpx's own log is silenced."""
    import logging

    assert open_client("http://127.0.0.1:1").endpoint == "http://127.0.0.1:1"
    assert logging.getLogger("httpx").level == logging.WARNING


_LOST, _NOT_SENT = httpx.ReadError("gone"), httpx.ConnectError("refused")
_CREATING = {"name": "build", "properties": {"provisioningState": "Creating"}}
_FAILED = {"name": "build", "properties": {"provisioningState": "Failed"}}


@pytest.mark.parametrize(
    ("answers", "uncertain"),
    [
        ([_error(409, "Conflict")], False),
        ([_NOT_SENT] * ATTEMPTS, False),
        ([_NOT_SENT, _error(403, "Forbidden")], False),
        ([_error(429, "TooManyRequests")] * ATTEMPTS, False),
        ([_LOST] * ATTEMPTS, True),
        ([_error(503, "Unavailable")] * ATTEMPTS, True),
        *[([_LOST, _error(status, "No")], True) for status in (400, 401, 403, 409)],
        ([_LOST, *[_error(429, "TooManyRequests")] * (ATTEMPTS - 1)], True),
        ([_error(500, "Oops"), *[_NOT_SENT] * (ATTEMPTS - 1)], True),
        ([_CREATING, _error(403, "Forbidden")], True),
        ([_FAILED], True),
        ([httpx.Response(200, text="no JSON")] * ATTEMPTS, True),
        ([httpx.Response(202, headers={"Location": f"{_ENDPOINT}/o"}), _error(404, "NotFound")], True),
    ],
)
def test_an_error_tells_whether_the_request_may_have_been_carried_out(answers: list[Any], uncertain: bool) -> None:
    """One attempt without an answer is enough, whatever the last one was answered; so is an accepted request."""
    with pytest.raises(errors.AcrTasksError) as raised:
        Service(list(answers)).client().tasks.create(_REGISTRY, "build", {})
    assert raised.value.uncertain is uncertain


def test_a_request_that_was_not_signed_was_not_carried_out() -> None:
    """No token, no request."""

    class Nobody:
        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            raise ValueError("not signed in")

    client = Client(sign_in(Service([]), Nobody(), "https://arm.example.org", _ENDPOINT), _ENDPOINT)
    with pytest.raises(errors.SignInError) as raised:
        client.tasks.create(_REGISTRY, "build", {})
    assert raised.value.uncertain is False


def test_tenant_and_client_choose_with_the_default_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client chooses the managed or workload identity, the tenant also where az and its like sign in."""
    from azure import identity

    made: list[dict[str, Any]] = []
    inner = Credential()

    def default(**options: Any) -> Credential:
        made.append(options)
        return inner

    monkeypatch.setattr(identity, "DefaultAzureCredential", default)
    credential = credential_for("default", tenant_id="t", client_id="c")
    assert credential is not None
    assert credential.get_token("scope").token == "token1"
    assert {key: made[0][key] for key in made[0] if key != "connection_verify"} == {
        "managed_identity_client_id": "c",
        "workload_identity_client_id": "c",
        "workload_identity_tenant_id": "t",
        "additionally_allowed_tenants": ["t"],
    }
    assert inner.options == [{"tenant_id": "t"}]


@pytest.mark.parametrize(
    ("name", "cures"),
    [
        ("default", ["az login", "a service principal", "a managed identity", "a workload identity"]),
        ("cli", ["az login"]),
        ("managed-identity", ["on Azure's own machines only", "az login or a service principal"]),
    ],
)
def test_a_login_that_is_missing_is_told_with_its_cures(
    name: str, cures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the credential raises."""
    from azure import identity

    class Broken(Credential):
        def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
            raise KeyError("value")

    for kind in ("DefaultAzureCredential", "AzureCliCredential", "ManagedIdentityCredential"):
        monkeypatch.setattr(identity, kind, lambda **_: Broken())
    credential = credential_for(name)
    assert credential is not None
    with pytest.raises(errors.SignInError) as caught:
        sign_in(Service([]), credential, "https://a", _ENDPOINT)(_request())
    for cure in cures:
        assert cure in str(caught.value)


def test_a_tenant_that_cannot_be_one_is_a_sentence() -> None:
    """azure-identity refuses it when the credential is made."""
    with pytest.raises(errors.SignInError, match="cannot sign in with the credential 'client-secret'"):
        credential_for("client-secret", tenant_id="no tenant!", client_id="c", client_secret="s")
