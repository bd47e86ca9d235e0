"""Answers other than the service's, refusals, and httpx's exceptions."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from httpx import _exceptions
from tests.unit.provider.arm.client.scene import ENDPOINT, REGISTRY, Service, refusal

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.retry_and_throttle import ATTEMPTS
from pulumi_acr_tasks.arm.http.sign_in import AccessToken, sign_in
from pulumi_acr_tasks.arm.http.transport import TRANSLATIONS

PAGE = "<!DOCTYPE html><html><head><title>Log in &amp;\x1b[31m go on</title></head><body>x</body></html>"

STRANGE: list[tuple[httpx.Response, str]] = [
    (
        httpx.Response(200, html=PAGE),
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


@pytest.mark.parametrize(("answer", "sentence"), STRANGE)
def test_a_foreign_answer_is_a_sentence_and_the_request_is_repeated(answer: httpx.Response, sentence: str) -> None:
    """The sentence has the status, content type and host, without a value; a proxy's page is an example."""
    service = Service([answer] * ATTEMPTS)
    with pytest.raises(errors.TransportError) as caught:
        service.client().tasks.get(REGISTRY, "build")
    first, cure, tried, correlation = str(caught.value).splitlines()
    assert first.startswith(f"read task {REGISTRY}/tasks/build: the answer is not understood")
    assert sentence in first
    assert "check acr-tasks:endpoint" in cure
    assert tried == "tried 4 times within 4 s"
    assert correlation == f"correlation id {service.correlation_ids[-1]}"
    assert "c4nary" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    service = Service([answer, {"name": "build"}])
    assert service.client().tasks.get(REGISTRY, "build").name == "build"


def test_a_run_is_not_scheduled_again_after_an_unreadable_answer() -> None:
    """The service may have scheduled it."""
    service = Service([httpx.Response(200, html=PAGE)])
    with pytest.raises(errors.TransportError) as caught:
        service.client().registries.schedule_run(REGISTRY, {})
    assert caught.value.arrived


@pytest.mark.parametrize("body", [{}, {"value": {}}, {"value": [], "nextLink": 7}])
def test_a_malformed_list_is_an_error(body: dict[str, Any]) -> None:
    """An empty list would make everything anew."""
    with pytest.raises(errors.TransportError, match="it is not a list"):
        list(Service([body] * ATTEMPTS).client().tasks.list(REGISTRY))


def test_an_unreadable_item_does_not_hide_the_others() -> None:
    """A task with members of other types keeps its name; an item without a name is left out."""
    odd = {"name": "odd", "properties": {"step": ["x"], "timeout": "soon"}}
    tasks = list(Service([{"value": [odd, "x", None, {"tags": 3}, {"name": "a"}]}]).client().tasks.list(REGISTRY))
    assert [(task.name, task.is_whole) for task in tasks] == [("odd", False), ("a", True)]
    runs = Service([{"value": [{"name": "cf1", "properties": 3}, {"name": "cf2"}]}]).client().runs.list(REGISTRY)
    assert [run.name for run in runs] == ["cf2"]


@pytest.mark.parametrize("body", [{}, {"location": 7}, {"location": "x", "properties": []}])
def test_a_malformed_registry_is_a_sentence(body: dict[str, Any]) -> None:
    """A registry has a location and a login server."""
    with pytest.raises(errors.TransportError, match="it is not a registry"):
        Service([body] * ATTEMPTS).client().registries.get(REGISTRY)


def test_the_error_of_a_redirect_has_the_host_alone() -> None:
    """The rest of the address may hold a signature."""
    service = Service([httpx.Response(307, headers={"location": "https://elsewhere.example.org/x?sig=c4nary"})])
    with pytest.raises(errors.ServiceError) as caught:
        service.client().tasks.update(REGISTRY, "build", {})
    assert "it redirects to https://elsewhere.example.org:443" in str(caught.value)
    assert "set acr-tasks:endpoint to the Resource Manager's own" in str(caught.value)
    assert "c4nary" not in str(caught.value)


def test_malformed_numbers_in_headers_are_ignored() -> None:
    """Any text in these headers is harmless."""
    headers = [(b"x-ms-ratelimit-remaining-subscription-reads", b"\xb2"), (b"retry-after", b"nan"), (b"date", b"x")]
    service = Service([httpx.Response(200, json={"name": "a"}, headers=headers)])
    assert service.client().tasks.get(REGISTRY, "a").name == "a"


@pytest.mark.parametrize(
    ("answer", "kind", "cure"),
    [
        (refusal(409, "ProviderCall", target="GitHub"), errors.WebhookError, "admin:repo_hook"),
        (refusal(404, "ProviderCall", target="VisualStudioTeamService"), errors.WebhookError, "webhook"),
        (refusal(400, "TasksOperationsNotAllowed", target="request"), errors.NotPermittedError, "free-credit"),
        (refusal(409, "MissingSubscriptionRegistration"), errors.NotRegisteredError, "az provider register"),
        (refusal(400, "InvalidInputValue"), errors.InvalidRequestError, ""),
        (refusal(403, "AuthorizationFailed"), errors.ForbiddenError, "Container Registry Tasks Contributor"),
        (refusal(404, "ResourceNotFound", "The task was not found"), errors.NotFoundError, ""),
        (refusal(404, "ResourceGroupNotFound"), errors.RegistryNotFoundError, ""),
        (refusal(404, "SubscriptionNotFound"), errors.SubscriptionNotFoundError, "acr-tasks:subscriptionId"),
        (
            refusal(404, "ResourceNotFound", "The Resource 'Microsoft.ContainerRegistry/registries/X' under ..."),
            errors.RegistryNotFoundError,
            "",
        ),
        (
            refusal(404, "ResourceNotFound", "The Resource 'Microsoft.ContainerRegistry/registries/X/tasks/t' under"),
            errors.NotFoundError,
            "",
        ),
        (refusal(409, "Conflict"), errors.ConflictError, ""),
        (refusal(418, "Teapot"), errors.InvalidRequestError, ""),
        (refusal(501, "NotImplemented"), errors.UnavailableError, ""),
        (httpx.Response(400, text="<html>oops"), errors.InvalidRequestError, "oops"),
        (httpx.Response(400, json=["x"]), errors.InvalidRequestError, ""),
    ],
)
def test_a_refusal_becomes_its_error(answer: httpx.Response, kind: type[Exception], cure: str) -> None:
    """Status, code and target decide; the request is not repeated, and the error has a cure where one is known."""
    service = Service([answer])
    with pytest.raises(errors.ServiceError) as caught:
        service.client().tasks.create(REGISTRY, "build", {})
    assert type(caught.value) is kind
    assert cure in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 4
    assert len(service.requests) == 1


@pytest.mark.parametrize("kind", [kind for kind in vars(_exceptions).values() if isinstance(kind, type)])
def test_every_exception_of_httpx_is_translated(kind: type[Exception]) -> None:
    """The table has a line for each of the library's exceptions, or for its base."""
    if issubclass(kind, Exception) and kind.__module__ in ("httpx", _exceptions.__name__):
        assert any(issubclass(kind, foreign) for foreign, _, _ in TRANSLATIONS)


LOST, NOT_SENT = httpx.ReadError("gone"), httpx.ConnectError("refused")

CREATING = {"name": "build", "properties": {"provisioningState": "Creating"}}

FAILED = {"name": "build", "properties": {"provisioningState": "Failed"}}


@pytest.mark.parametrize(
    ("answers", "uncertain"),
    [
        ([refusal(409, "Conflict")], False),
        ([NOT_SENT] * ATTEMPTS, False),
        ([NOT_SENT, refusal(403, "Forbidden")], False),
        ([refusal(429, "TooManyRequests")] * ATTEMPTS, False),
        ([LOST] * ATTEMPTS, True),
        ([refusal(503, "Unavailable")] * ATTEMPTS, True),
        *[([LOST, refusal(status, "No")], True) for status in (400, 401, 403, 409)],
        ([LOST, *[refusal(429, "TooManyRequests")] * (ATTEMPTS - 1)], True),
        ([refusal(500, "Oops"), *[NOT_SENT] * (ATTEMPTS - 1)], True),
        ([CREATING, refusal(403, "Forbidden")], True),
        ([FAILED], True),
        ([httpx.Response(200, text="no JSON")] * ATTEMPTS, True),
        ([httpx.Response(202, headers={"Location": f"{ENDPOINT}/o"}), refusal(404, "NotFound")], True),
    ],
)
def test_an_error_tells_whether_the_request_may_have_been_carried_out(answers: list[Any], uncertain: bool) -> None:
    """One attempt without an answer is enough, whatever the last answer was; so is an accepted request."""
    with pytest.raises(errors.AcrTasksError) as raised:
        Service(list(answers)).client().tasks.create(REGISTRY, "build", {})
    assert raised.value.uncertain is uncertain


def test_a_request_that_was_not_signed_was_not_carried_out() -> None:
    """Without a token no request is sent."""

    class Nobody:
        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            raise ValueError("not signed in")

    client = Client(sign_in(Service([]), Nobody(), "https://arm.example.org", ENDPOINT), ENDPOINT)
    with pytest.raises(errors.SignInError) as raised:
        client.tasks.create(REGISTRY, "build", {})
    assert raised.value.uncertain is False
