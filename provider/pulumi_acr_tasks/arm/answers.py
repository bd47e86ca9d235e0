"""What the service's refusals mean: the table from (status, code, target) to an error and its cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.operation import CORRELATION_ID, operation_of

if TYPE_CHECKING:
    import httpx


class Refusal(NamedTuple):
    """Is one line of the table; None matches anything."""

    status: int | None
    code: str | None
    error: type[errors.ServiceError]
    cure: str = ""


_WEBHOOK = (
    "the token of the source trigger cannot make a webhook: it needs admin:repo_hook (GitHub) or Code (Azure DevOps), "
    "single sign-on authorised, and an owner who administers the repository"
)
_SUBSCRIPTION = "check acr-tasks:subscriptionId, and that the signed-in identity may see that subscription"
_LOCATION = "location is the registry's; leave it out and it is looked up"

# The first line that matches counts. (Source: facts, section 9.)
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
    Refusal(404, "ResourceGroupNotFound", errors.RegistryNotFoundError),
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
    Refusal(404, None, errors.NotFoundError),
    Refusal(409, None, errors.ConflictError),
    Refusal(429, None, errors.ThrottledError, "the subscription's requests are used up for now; try again in a minute"),
)


# Resource Manager names what is missing. A missing task's own body is not known: a message that names a child of the
# registry, or nothing, is taken for the child's. (Facts, section 9 and open question 1.)
_REGISTRY = re.compile(r"Microsoft\.ContainerRegistry/registries/[^/'\"\s]+['\"]", re.IGNORECASE)


def refusal(response: httpx.Response) -> errors.ServiceError:
    """Makes the error for an answer that is none of those expected."""
    error = _error_object(response)
    code, message, target = (str(error.get(name) or "") for name in ("code", "message", "target"))
    kind, cure = _kind(response.status_code, code, message)
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
    )


def _kind(status: int, code: str, message: str) -> tuple[type[errors.ServiceError], str]:
    if status == 404 and code == "ResourceNotFound" and _REGISTRY.search(message):
        return errors.RegistryNotFoundError, ""
    for line in REFUSALS:
        if line.status in (None, status) and line.code in (None, code):
            return line.error, line.cure
    return (errors.UnavailableError if status >= 500 else errors.InvalidRequestError), ""


def _error_object(response: httpx.Response) -> dict[str, Any]:
    """Reads the `error` member; a body that is none of ARM's gives its first characters as the message."""
    try:
        body = response.json()
    except ValueError:
        return {"message": response.text[:200]}
    error = body.get("error", body) if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []
