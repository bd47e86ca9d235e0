"""How each error of `services/errors.py` is provoked: one row a constant, for `test_errors.py`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from .requests import (
    PREVIEW,
    REQUEST,
    TASK,
    Emulated,
    announced_too_large,
    at_registry,
    block_list,
    body,
    damaged,
    delivered,
    expired,
    group,
    identity,
    log,
    name_in_use,
    put,
    quota,
    raw,
    replaced_elsewhere,
    system_task,
    throttled,
    token,
    too_many_blocks,
    upload_url,
    with_context,
    with_cores,
    written_again,
)


@dataclass(frozen=True)
class Row:
    """How an error is provoked: `provoke` sends requests to an emulator with `options`, and returns status and code.

    says: a part of the message that only this cause has, or that the real service has shown.
    """

    status_and_code: str
    provoke: Callable[[Emulated], httpx.Response]
    says: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Elsewhere:
    """An error that needs more than one request; the named test provokes it."""

    status_and_code: str
    file: str
    test: str


def switched(**switches: str) -> dict[str, Any]:
    return {"switches": {name.replace("_", "-"): value for name, value in switches.items()}}


ROWS: dict[str, Row | Elsewhere] = {
    "MISSING_API_VERSION": Row("400 MissingApiVersionParameter", lambda arm: arm.http.get(f"{arm.registry}/tasks")),
    "INVALID_API_VERSION": Row("400 InvalidApiVersionParameter", lambda arm: arm("GET", "tasks", api_version="latest")),
    "NO_REGISTERED_PROVIDER": Row(
        "400 NoRegisteredProviderFound", lambda arm: arm("GET", "tasks", api_version="2023-07-01")
    ),
    "SUBSCRIPTION_NOT_FOUND": Row(
        "404 SubscriptionNotFound", lambda arm: group(arm, "GET", "rg", subscription=str(uuid.UUID(int=9)))
    ),
    "RESOURCE_GROUP_NOT_FOUND": Row("404 ResourceGroupNotFound", lambda arm: group(arm, "GET", "nosuch")),
    "REGISTRY_NOT_FOUND": Row(
        "404 ResourceNotFound",
        lambda arm: at_registry(arm, "GET", "../nosuch"),
        "The Resource 'Microsoft.ContainerRegistry/registries/nosuch' under resource group 'rg' was not found. For "
        "more details please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    "TASK_NOT_FOUND": Row("404 ResourceNotFound", lambda arm: arm("GET", "tasks/nosuch"), "/tasks/nosuch'"),
    "RUN_NOT_FOUND": Row("404 ResourceNotFound", lambda arm: arm("GET", "runs/nosuch"), "/runs/nosuch'"),
    "AGENT_POOL_NOT_FOUND": Row(
        "404 ResourceNotFound", lambda arm: arm("GET", "agentPools/nosuch", api_version=PREVIEW), "/agentPools/nosuch'"
    ),
    "TASK_RUN_NOT_FOUND": Row(
        "404 ResourceNotFound", lambda arm: arm("GET", "taskRuns/nosuch", api_version=PREVIEW), "/taskRuns/nosuch'"
    ),
    "OPERATION_NOT_FOUND": Row(
        "404 NotFound",
        lambda arm: arm(
            "GET",
            "/".join(arm.registry.split("/")[:3])
            + "/providers/Microsoft.ContainerRegistry/locations/westeurope/operationStatuses/nosuch",
        ),
    ),
    "RESOURCE_TYPE_NOT_FOUND": Row("404 InvalidResourceType", lambda arm: arm("GET", "nosuchtype")),
    "METHOD_NOT_ALLOWED": Row("405 HttpMethodNotAllowed", lambda arm: arm("DELETE", "runs/cf1")),
    "INVALID_SUBSCRIPTION_ID": Row(
        "400 InvalidSubscriptionId", lambda arm: group(arm, "PUT", "rg", {"location": "eastus"}, "nosuch")
    ),
    "INVALID_RESOURCE_GROUP_NAME": Row(
        "400 InvalidResourceGroup", lambda arm: group(arm, "PUT", "dot.", {"location": "eastus"})
    ),
    "RESOURCE_GROUP_ELSEWHERE": Row(
        "409 InvalidResourceGroupLocation", lambda arm: group(arm, "PUT", "rg", {"location": "eastus"})
    ),
    "RESOURCE_ELSEWHERE": Row("409 InvalidResourceLocation", replaced_elsewhere),
    "INVALID_REGISTRY_NAME": Row(
        "400 InvalidResourceName",
        lambda arm: at_registry(arm, "PUT", "../abc", {"location": "eastus", "sku": {"name": "Basic"}}),
    ),
    "REGISTRY_NAME_IN_USE": Row("409 AlreadyInUse", name_in_use),
    "REGISTRY_QUOTA_EXCEEDED": Row(
        "409 QuotaExceeded", quota, options={"registries": tuple(f"registry{number}" for number in range(26 * 26))}
    ),
    "ADMIN_USER_DISABLED": Row(
        "400 UnAuthorizedForCredentialOperations", lambda arm: at_registry(arm, "POST", "listCredentials")
    ),
    "INVALID_RESOURCE_NAMESPACE": Row(
        "404 InvalidResourceNamespace",
        lambda arm: arm(
            "GET", f"/subscriptions/{arm.registry.split('/')[2]}/providers/No.Such", api_version="2021-04-01"
        ),
    ),
    "INVALID_RESOURCE_FILTER": Row(
        "400 InvalidFilterInQueryString",
        lambda arm: arm(
            "GET",
            f"/subscriptions/{arm.registry.split('/')[2]}/resources",
            api_version="2021-04-01",
            **{"$filter": "nosuch eq 1"},
        ),
    ),
    "AUTHENTICATION_FAILED": Row(
        "401 AuthenticationFailed",
        lambda arm: raw(arm, "GET", "tasks", authorization=None),
        options={"token": "right-0123"},
    ),
    "INVALID_AUTHENTICATION_TOKEN": Row(
        "401 InvalidAuthenticationToken",
        lambda arm: raw(arm, "GET", "tasks", authorization="Bearer wrong"),
        options={"token": "right-0123"},
    ),
    "FOREIGN_HOST": Row("403 ForeignHost", lambda arm: raw(arm, "GET", "tasks", host="attacker.example")),
    "FOREIGN_ORIGIN": Row(
        "403 ForeignOrigin", lambda arm: raw(arm, "PUT", "tasks/task1", origin="https://attacker.example")
    ),
    "REQUEST_TOO_LARGE": Row("413 RequestEntityTooLarge", lambda arm: body(arm, b" " * (4 * 1024 * 1024 + 1))),
    "UNSUPPORTED_MEDIA_TYPE": Row("415 UnsupportedMediaType", lambda arm: body(arm, b"{}", "text/plain")),
    "INVALID_REQUEST_CONTENT": Row("400 InvalidRequestContent", lambda arm: body(arm, b"{")),
    "LOCATION_REQUIRED": Row(
        "400 LocationRequired", lambda arm: arm("PUT", "tasks/task1", {"properties": TASK["properties"]})
    ),
    "INVALID_INPUT": Row(
        "400 InvalidInputValue",
        lambda arm: arm("PUT", "tasks/task1", with_cores(3)),
        "Some of the properties of 'taskCreateParameters' are invalid.. InnerErrors: AgentProperties:Invalid value for "
        "CPU core count. The supported values are (2)",
    ),
    "INVALID_TASK_NAME": Row("400 InvalidResourceName", lambda arm: arm("PUT", "tasks/abc", TASK)),
    "CONTEXT_UNDEFINED": Row(
        "400 ContextUndefined",
        lambda arm: arm("PUT", "tasks/nosuch", with_context("./app")),
        "Either the context should be a well formed absolute URI or there should be only one source trigger.",
    ),
    "INVALID_URI": Row(
        "400 InvalidUri",
        lambda arm: arm("PUT", "tasks/nosuch", with_context("file:///home/me/app")),
        "Uri property contextPath is invalid. Please check if it is well formed Https Url.",
    ),
    "INVALID_SOURCE_LOCATION": Row(
        "400 InvalidInputValue",
        lambda arm: arm("POST", "scheduleRun", {**REQUEST, "sourceLocation": "source/no"}),
        "The provided source location 'source/no' is invalid or doesn't exists. Please use 'GetBuildSourceUploadUrl' "
        "to get a valid location to upload the source.",
    ),
    "INVALID_FILTER": Row("400 InvalidFilter", lambda arm: arm("GET", "runs", **{"$filter": "nosuch eq 1"})),
    "INVALID_TOP": Row("400 InvalidTop", lambda arm: arm("GET", "runs", **{"$top": "0"})),
    "INVALID_SKIP_TOKEN": Row("400 InvalidSkipToken", lambda arm: arm("GET", "runs", **{"$skiptoken": "?"})),
    "SUBSCRIPTION_REQUESTS_THROTTLED": Row("429 SubscriptionRequestsThrottled", throttled, options={"throttle": "arm"}),
    "TASK_WITHOUT_STEP": Row("400 InvalidInputValue", system_task),
    "DASHBOARD_REGISTRY_NOT_FOUND": Row("404 NotFound", lambda arm: arm.http.get("/runs/nosuch/cf1/log/0")),
    "WEBHOOK_PAYLOAD": Row(
        "400 InvalidRequestContent", lambda arm: delivered(arm, "github", **{"X-GitHub-Event": "push"})
    ),
    "WEBHOOK_SIGNATURE_MISSING": Row(
        "401 InvalidSignature", lambda arm: delivered(arm, "github"), options={"webhook_secret": "secret-0123"}
    ),
    "WEBHOOK_SIGNATURE_WRONG": Row(
        "401 InvalidSignature",
        lambda arm: delivered(arm, "github", **{"X-Hub-Signature-256": "sha256=00"}),
        options={"webhook_secret": "secret-0123"},
    ),
    "WEBHOOK_PASSWORD_WRONG": Row(
        "401 InvalidPassword", lambda arm: delivered(arm, "azure-devops"), options={"webhook_secret": "secret-0123"}
    ),
    "INVALID_FAULTS": Row("400 InvalidFaults", lambda arm: arm.http.put("/_emulator/faults", json={})),
    "INVALID_SECONDS": Row(
        "400 InvalidSeconds", lambda arm: arm.http.post("/_emulator/clock/advance", json={"seconds": -1})
    ),
    "STORAGE_FULL": Elsewhere("503 ServiceUnavailable", "conditions/test_storage_full.py", "test_no_room"),
    "INTERNAL_ERROR": Row("500 InternalServerError", damaged, options={"agents": 1}),
    "PARAMETER_MISSING": Row("400 invalid_request", lambda arm: token(arm, grant_type=None)),
    "UNSUPPORTED_GRANT": Row("400 unsupported_grant_type", lambda arm: token(arm, grant_type="password")),
    "INVALID_SCOPE": Row("400 invalid_scope", lambda arm: token(arm, client_secret="any", scope="https://r.example")),
    "CLIENT_SECRET_MISSING": Row("401 invalid_client", token),
    "CLIENT_SECRET_WRONG": Row(
        "401 invalid_client", lambda arm: token(arm, client_secret="wrong"), options={"token": "right-0123"}
    ),
    "CLIENT_ASSERTION_WRONG": Row(
        "401 invalid_client", lambda arm: token(arm, client_assertion="wrong"), options={"token": "right-0123"}
    ),
    "IDENTITY_HEADER_MISSING": Row("400 invalid_request", lambda arm: identity(arm)),
    "IDENTITY_HEADER_WRONG": Row(
        "401 invalid_client", lambda arm: identity(arm, "wrong"), options={"token": "right-0123"}
    ),
    "SAS_MISSING": Row("403 AuthenticationFailed", lambda arm: put(arm, sig="")),
    "SAS_INVALID": Row("403 AuthenticationFailed", lambda arm: put(arm, sig="wrong")),
    "SAS_EXPIRED": Row("403 AuthenticationFailed", expired, options=switched(sas_seconds="60")),
    "SAS_PERMISSION": Row("403 AuthorizationPermissionMismatch", lambda arm: httpx.get(upload_url(arm))),
    "BLOB_NOT_FOUND": Row("404 BlobNotFound", lambda arm: log(arm), options=switched(log_missing_seconds="3600")),
    "BLOB_ALREADY_EXISTS": Row("409 BlobAlreadyExists", written_again),
    "BLOB_STORAGE_FULL": Elsewhere("503 ServerBusy", "conditions/test_storage_full.py", "test_no_room"),
    "BLOB_CONDITION": Row("412 ConditionNotMet", lambda arm: log(arm, if_match='"other"')),
    "BLOB_RANGE": Row("416 InvalidRange", lambda arm: log(arm, range="bytes=1000000-")),
    "BLOB_HEADER_MISSING": Row("400 MissingRequiredHeader", lambda arm: put(arm, {})),
    "BLOB_HEADER_INVALID": Row("400 InvalidHeaderValue", lambda arm: put(arm, {"x-ms-blob-type": "PageBlob"})),
    "BLOB_QUERY_INVALID": Row("400 InvalidQueryParameterValue", lambda arm: put(arm, comp="block")),
    "BLOB_TOO_LARGE": Row("413 RequestBodyTooLarge", announced_too_large),
    "BLOB_BLOCK_COUNT": Row("409 BlockCountExceedsLimit", too_many_blocks),
    "BLOB_BLOCK_LIST_LENGTH": Row("400 BlockListTooLong", lambda arm: block_list(arm, *["YQ=="] * 50_001)),
    "BLOB_BLOCK_LIST": Row("400 InvalidBlockList", lambda arm: block_list(arm, "YQ==")),
    "BLOB_XML": Row("400 InvalidXmlDocument", lambda arm: block_list(arm, xml="<BlockList>")),
    "BLOB_OPERATION": Row("405 UnsupportedHttpVerb", lambda arm: httpx.delete(upload_url(arm))),
    "NO_IMAGE_REGISTRY": Row("503 UNAVAILABLE", lambda arm: arm.http.get("/v2/"), options={"docker_registry": None}),
    "INVALID_IMAGE_ADDRESS": Row("404 NAME_INVALID", lambda arm: arm.http.get("/v2/a%20b")),
    "IMAGE_REGISTRY_FAILED": Row(
        "502 UNAVAILABLE", lambda arm: arm.http.get("/v2/"), options={"docker_registry": "exit 1"}
    ),
}
