"""Answers of the service: middleware that reads the accepted ones, and the table of errors for the others.

A proxy, a sign-in page or a cut connection answers 200 too, with a body that is not the Resource Manager's.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.http.connection import origin
from pulumi_acr_tasks.arm.http.transport import CORRELATION_ID, UNCERTAIN, Operation, operation_of
from pulumi_acr_tasks.errors import AnswerError, printable

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.http.transport import Send


ACCEPTED = (200, 201, 202, 204)
_PROXY = "a proxy or a sign-in page may be in between: check acr-tasks:endpoint, HTTPS_PROXY and NO_PROXY"
_CUT = "it was cut on its way, or it is not the Resource Manager that answers: check acr-tasks:endpoint"
_FOREIGN = "another service may be there: check acr-tasks:endpoint"
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SHOWN, _READ = 100, 20_000  # characters: shown, and looked at


def read_answers(send: Send) -> Send:
    """Read each answer as its operation does, and keep the result for `answer_of`.

    Raise AnswerError for any other answer, so that an idempotent request is repeated.
    """

    def reading_send(request: httpx.Request) -> httpx.Response:
        response = send(request)
        if response.status_code in ACCEPTED:
            try:
                answer_of(response)
            except AnswerError:
                request.extensions[UNCERTAIN] = True
                raise
        return response

    return reading_send


def answer_of(response: httpx.Response) -> Any:
    """Return what the operation reads of the answer; None when the answer has no body, and needs none.

    Raise AnswerError when the operation cannot read it.
    """
    if "answer" not in response.extensions:
        response.extensions["answer"] = _read(response, operation_of(response.request))
    return response.extensions["answer"]


def summary_of(response: httpx.Response) -> str:
    """Return an answer's status, content type and host: `200 text/html from arm.example.org`."""
    kind = printable(response.headers.get("content-type", "")).partition(";")[0].strip()
    host = response.request.url.netloc.decode("ascii", "replace")
    return " ".join([str(response.status_code), kind or "without a content type", "from", host])


def describe_body(response: httpx.Response) -> str:
    """Describe a body that is not the Resource Manager's: the title of an HTML page, or the beginning of a text."""
    text = response.text[:_READ]
    if "<html" in text[:1000].lower() or "<!doctype html" in text[:1000].lower():
        title = _TITLE.search(text)
        named = printable(html.unescape(title[1] if title else _MARKUP.sub(" ", text)))[:_SHOWN]
        return f"an HTML page, {named!r}" if named else "an HTML page"
    return printable(text)[: 2 * _SHOWN]


def _read(response: httpx.Response, operation: Operation) -> Any:
    headers, empty = response.headers, not response.content.strip()
    later = "azure-asyncoperation" in headers or (response.status_code == 202 and "location" in headers)
    # The answer comes later, from that address. The status of an operation may repeat the header.
    if later and (response.request.method != "GET" or (response.status_code == 202 and operation.reads is not None)):
        return None
    if empty and (response.status_code in (202, 204) or "location" in headers or not operation.answers):
        return None
    if empty:
        raise _unreadable(response, operation, "it is empty", _CUT)
    try:
        body = response.json()
    except (ValueError, RecursionError):
        is_page = describe_body(response).startswith("an HTML page")
        what = f"it is {describe_body(response)}" if is_page else "it is no JSON, or not all of it"
        raise _unreadable(response, operation, what, _PROXY if is_page else _CUT) from None
    if not isinstance(body, dict):
        what = "null" if body is None else {list: "a list"}.get(type(body), "a single value")
        raise _unreadable(response, operation, f"it is {what} where an object is expected", _FOREIGN)
    try:
        return operation.reads(body) if operation.reads is not None else body
    except ValueError as error:
        raise _unreadable(response, operation, _wrong_member(error), _FOREIGN) from None


def _wrong_member(error: ValueError) -> str:
    """Return which member does not fit, without its value, which may be a secret."""
    found = getattr(error, "errors", None)
    if found is None:
        return str(error)
    first = found(include_url=False, include_context=False, include_input=False)[0]
    member = ".".join(str(part) for part in first["loc"])
    return f"its member {member} is not as expected ({first['msg']})"


def _unreadable(response: httpx.Response, operation: Operation, what: str, cure: str) -> AnswerError:
    return AnswerError(
        f"{operation.action} {operation.resource_id}: the answer is not understood ({summary_of(response)}): {what}\n"
        f"{cure}\n"
        f"correlation id {response.request.headers.get(CORRELATION_ID, '')}"
    )


class Refusal(NamedTuple):
    """One line of the table; None matches anything."""

    status: int | None
    code: str | None
    error: type[errors.ServiceError]
    cure: str = ""


_WEBHOOK = (
    "the token of the source trigger cannot make a webhook: it needs admin:repo_hook (GitHub) or Code (Azure DevOps), "
    "single sign-on authorised, and an owner who administers the repository"
)
_SUBSCRIPTION = "check acr-tasks:subscriptionId, and that the signed-in identity may see that subscription"
_NAMES = "check the names of registry and group, the subscription, and whether the login may see them"
_AGAIN = "something else changes it at this moment, or it is in a state that forbids this: run pulumi up again"
_UNAVAILABLE = (
    "the service or a gateway before it is unavailable: run pulumi up again, later (https://azure.status.microsoft)"
)
_REDIRECT = "nothing is sent to another address: set acr-tasks:endpoint to the Resource Manager's own"
_PROXY_AUTHENTICATION = "the proxy of HTTPS_PROXY wants a user and a password: https://user:password@host:port"
_LOCATION = "location is the registry's; leave it out and it is looked up"

# The first line that matches counts.
REFUSALS = (
    Refusal(409, "ProviderCall", errors.WebhookError, _WEBHOOK),
    Refusal(404, "ProviderCall", errors.WebhookError, _WEBHOOK),
    Refusal(
        None,
        "TasksOperationsNotAllowed",
        errors.NotPermittedError,
        "ACR Tasks are not offered to free-credit and some new subscriptions: use another subscription or ask support",
    ),
    Refusal(
        409,
        "MissingSubscriptionRegistration",
        errors.NotRegisteredError,
        "register it: az provider register --namespace Microsoft.ContainerRegistry",
    ),
    Refusal(404, "ResourceGroupNotFound", errors.RegistryNotFoundError, _NAMES),
    Refusal(404, "SubscriptionNotFound", errors.SubscriptionNotFoundError, _SUBSCRIPTION),
    Refusal(404, "InvalidSubscriptionId", errors.SubscriptionNotFoundError, _SUBSCRIPTION),
    Refusal(400, "LocationNotAvailableForResourceType", errors.InvalidRequestError, _LOCATION),
    Refusal(400, "InvalidResourceLocation", errors.InvalidRequestError, _LOCATION),
    Refusal(409, "InvalidResourceLocation", errors.ConflictError, _LOCATION),
    Refusal(401, None, errors.UnauthorizedError, "sign in again, or check acr-tasks:credential and acr-tasks:tenantId"),
    Refusal(
        403,
        None,
        errors.ForbiddenError,
        "the role 'Container Registry Tasks Contributor' on the registry allows it",
    ),
    Refusal(404, None, errors.NotFoundError, "check the name; pulumi refresh takes out of the state what is gone"),
    Refusal(407, None, errors.InvalidRequestError, _PROXY_AUTHENTICATION),
    Refusal(409, None, errors.ConflictError, _AGAIN),
    Refusal(412, None, errors.InvalidRequestError, _AGAIN),
    Refusal(413, None, errors.InvalidRequestError, "the request is too large: take large files out of values"),
    Refusal(429, None, errors.ThrottledError, "the subscription's requests are used up for now; try again in a minute"),
)


# The Resource Manager names what is missing. The service does not document the body for a missing task: a message that
# names a child of the registry, or nothing, is taken for the child's.
_REGISTRY = re.compile(r"Microsoft\.ContainerRegistry/registries/[^/'\"\s]+['\"]", re.IGNORECASE)


def refusal(response: httpx.Response) -> errors.ServiceError:
    """Return the error for an answer of the service that refuses the request."""
    error = _error_object(response)
    code, message, target = (str(error.get(name) or "") for name in ("code", "message", "target"))
    kind, cure = _kind(response.status_code, code, message)
    if response.is_redirect:
        message = f"it redirects to {_host_of(response.headers['location'])}"
    operation = operation_of(response.request)
    details = [str(item.get("code")) for item in _details(error) if item.get("code")]
    return kind(
        response.status_code,
        code,
        f"{message} ({target}: {', '.join(details)})" if target and details else message,
        target=target,
        correlation_id=response.request.headers.get(CORRELATION_ID, ""),
        action=operation.action,
        resource_id=operation.resource_id,
        cure=cure,
        attempts=int(response.request.extensions.get("attempts", 1)),
    )


def _kind(status: int, code: str, message: str) -> tuple[type[errors.ServiceError], str]:
    if status == 404 and code == "ResourceNotFound" and _REGISTRY.search(message):
        return errors.RegistryNotFoundError, _NAMES
    for line in REFUSALS:
        if line.status in (None, status) and line.code in (None, code):
            return line.error, line.cure
    if status >= 500:
        return errors.UnavailableError, _UNAVAILABLE
    return errors.InvalidRequestError, _REDIRECT if 300 <= status < 400 else ""


def _host_of(location: str) -> str:
    """Return scheme and host of a redirect's target; the rest may hold a signature."""
    try:
        return origin(location)
    except ValueError:
        return "an invalid address"


def _error_object(response: httpx.Response) -> dict[str, Any]:
    """Read the `error` member; a body that is not ARM's is described, with its content type and host."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    error = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(error, dict) and (error.get("code") or error.get("message")):
        return error
    return {"message": f"{describe_body(response) or 'no reason is given'} ({summary_of(response)})"}


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []
