"""What the service's refusals mean: the table from (status, code, target) to an error and its cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.http.answers import describe_body, summary_of
from pulumi_acr_tasks.arm.http.connection import origin
from pulumi_acr_tasks.arm.operation import CORRELATION_ID, operation_of

if TYPE_CHECKING:
    import httpx


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
_PLACE = "check the names of registry and group, the subscription, and whether the login may see them"
_AGAIN = "something else changes it at this moment, or it is in a state that forbids this: run pulumi up again"
_ILL = "the service or a gateway before it is ill: run pulumi up again, later (https://azure.status.microsoft)"
_REDIRECT = "nothing is sent to another address: set acr-tasks:endpoint to the Resource Manager's own"
_PROXY = "the proxy of HTTPS_PROXY wants a user and a password: https://user:password@host:port"
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
    Refusal(404, "ResourceGroupNotFound", errors.RegistryNotFoundError, _PLACE),
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
    Refusal(404, None, errors.NotFoundError, "pulumi refresh brings the state up to date with what is there"),
    Refusal(407, None, errors.InvalidRequestError, _PROXY),
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
        return errors.RegistryNotFoundError, _PLACE
    for line in REFUSALS:
        if line.status in (None, status) and line.code in (None, code):
            return line.error, line.cure
    if status >= 500:
        return errors.UnavailableError, _ILL
    return errors.InvalidRequestError, _REDIRECT if 300 <= status < 400 else ""


def _host_of(location: str) -> str:
    """Return scheme and host of a redirect's target; the rest may hold a signature."""
    try:
        return origin(location)
    except ValueError:
        return "what is not an address"


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
