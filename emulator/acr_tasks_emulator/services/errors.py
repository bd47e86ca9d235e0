"""The catalogue of errors: a name, the HTTP status, the service's code and the service's text.

Codes and texts were seen at the service or at Resource Manager; the others are in the same style. Texts are templates,
filled when an error is raised: `raise TASK_NOT_FOUND(name=...)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any


class ServiceError(Exception):
    """An answer other than success. `code`, `message` and `target` are in its body."""

    def __init__(self, kind: ErrorText, message: str, headers: dict[str, str]) -> None:
        super().__init__(f"{kind.status} {kind.code}: {message}")
        self.kind, self.message, self.headers = kind, message, headers
        self.status, self.code, self.target = kind.status, kind.code, kind.target


@dataclass(frozen=True)
class ErrorText:
    """One kind of error; a call with the values of its text returns the exception.

    style: the form of the body: Resource Manager's `arm`, the `blob` service's, the `login-server`'s or the
    `sign-in`'s. number: that of AADSTS in a sign-in's body.
    """

    status: int
    code: str
    text: str
    target: str | None = None
    style: str = "arm"
    number: int = 0

    def __call__(self, *, headers: dict[str, str] | None = None, **values: Any) -> ServiceError:
        return ServiceError(self, self.text.format(**values), headers or {})


_ARM_NOT_FOUND = (
    "The Resource 'Microsoft.ContainerRegistry/registries/{resource}' under resource group '{group}' was not found. "
    "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
)

# The address and the version: Resource Manager's own answers.
MISSING_API_VERSION = ErrorText(
    400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."
)
INVALID_API_VERSION = ErrorText(
    400, "InvalidApiVersionParameter", "The api-version '{version}' is invalid. The supported versions are '{known}'."
)
NO_REGISTERED_PROVIDER = ErrorText(
    400,
    "NoRegisteredProviderFound",
    "No registered resource provider found for location '{location}' and API version '{version}' for type "
    "'registries{kind}'. The supported api-versions are '{known}'. The supported locations are '{location}'.",
)
SUBSCRIPTION_NOT_FOUND = ErrorText(404, "SubscriptionNotFound", "The subscription '{subscription}' could not be found.")
RESOURCE_GROUP_NOT_FOUND = ErrorText(404, "ResourceGroupNotFound", "Resource group '{group}' could not be found.")
REGISTRY_NOT_FOUND = ErrorText(404, "ResourceNotFound", _ARM_NOT_FOUND)
TASK_NOT_FOUND = ErrorText(404, "ResourceNotFound", _ARM_NOT_FOUND)
RUN_NOT_FOUND = ErrorText(404, "ResourceNotFound", _ARM_NOT_FOUND)
AGENT_POOL_NOT_FOUND = ErrorText(404, "ResourceNotFound", _ARM_NOT_FOUND)
TASK_RUN_NOT_FOUND = ErrorText(404, "ResourceNotFound", _ARM_NOT_FOUND)
OPERATION_NOT_FOUND = ErrorText(404, "NotFound", "The operation '{name}' was not found.")
RESOURCE_TYPE_NOT_FOUND = ErrorText(
    404, "InvalidResourceType", "The resource type could not be found in the namespace 'Microsoft.ContainerRegistry'."
)
METHOD_NOT_ALLOWED = ErrorText(
    405, "HttpMethodNotAllowed", "The HTTP method {method} is not supported at scope '{path}'."
)

# Registries, groups and subscriptions.
INVALID_SUBSCRIPTION_ID = ErrorText(
    400, "InvalidSubscriptionId", "The provided subscription identifier '{subscription}' is malformed or invalid."
)
INVALID_RESOURCE_GROUP_NAME = ErrorText(
    400,
    "InvalidResourceGroup",
    "The provided resource group name '{group}' is invalid. It has 1 to 90 letters, digits, '-', '.', '(', ')' or '_', "
    "and does not end with a '.'.",
)
RESOURCE_GROUP_ELSEWHERE = ErrorText(
    409,
    "InvalidResourceGroupLocation",
    "The Resource group '{group}' already exists in location '{location}'. A Resource group with the same name cannot "
    "be created in location '{wanted}'. Please select a new Resource group name.",
)
RESOURCE_ELSEWHERE = ErrorText(
    409,
    "InvalidResourceLocation",
    "The resource '{resource}' already exists in location '{location}' in resource group '{group}'. A resource with "
    "the same name cannot be created in location '{wanted}'. Please select a new resource name.",
)
INVALID_REGISTRY_NAME = ErrorText(
    400,
    "InvalidResourceName",
    "The registry name '{name}' is invalid. Registry names may contain alpha numeric characters only and must be "
    "between 5 and 50 characters.",
)
REGISTRY_NAME_IN_USE = ErrorText(
    409,
    "AlreadyInUse",
    "The registry DNS name {name}.azurecr.io is already in use. You can check if the name is already claimed using "
    "following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability",
)
REGISTRY_QUOTA_EXCEEDED = ErrorText(409, "QuotaExceeded", "More than {limit} registries are not possible here.")
ADMIN_USER_DISABLED = ErrorText(
    400,
    "UnAuthorizedForCredentialOperations",
    "Cannot perform credential operations for {resource} as admin user is disabled. Kindly enable admin user as per "
    "docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account",
)
INVALID_RESOURCE_NAMESPACE = ErrorText(
    404, "InvalidResourceNamespace", "The resource namespace '{namespace}' is invalid."
)
INVALID_RESOURCE_FILTER = ErrorText(
    400, "InvalidFilterInQueryString", "Invalid $filter '{filter}' specified in the query string."
)

# Sign-in.
AUTHENTICATION_FAILED = ErrorText(
    401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
)
INVALID_AUTHENTICATION_TOKEN = ErrorText(401, "InvalidAuthenticationToken", "The access token is invalid.")
FOREIGN_HOST = ErrorText(403, "ForeignHost", "The host '{host}' is not one that this emulator answers for.")
FOREIGN_ORIGIN = ErrorText(403, "ForeignOrigin", "A page of '{origin}' may not change anything here.")

# Bodies and parameters.
REQUEST_TOO_LARGE = ErrorText(
    413, "RequestEntityTooLarge", "The request content size exceeds the maximum size of {limit} bytes."
)
UNSUPPORTED_MEDIA_TYPE = ErrorText(  # seen in azure-cli #10143
    415,
    "UnsupportedMediaType",
    "The content media type '{type}' is not supported. Only 'application/json' is supported.",
)
INVALID_REQUEST_CONTENT = ErrorText(
    400, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '{problem}'."
)
LOCATION_REQUIRED = ErrorText(400, "LocationRequired", "The location property is required for this definition.")
INVALID_INPUT = ErrorText(
    400, "InvalidInputValue", "Some of the properties of '{parameters}' are invalid.. InnerErrors: {inner}"
)
CONTEXT_UNDEFINED = ErrorText(  # seen in azure-cli #28924
    400,
    "ContextUndefined",
    "Either the context should be a well formed absolute URI or there should be only one source trigger.",
    "context",
)
INVALID_URI = ErrorText(  # seen in azure-docs #117645
    400, "InvalidUri", "Uri property {member} is invalid. Please check if it is well formed Https Url.", "request"
)
INVALID_TASK_NAME = ErrorText(
    400,
    "InvalidResourceName",
    "The task name '{name}' is invalid. It must be 5 to 50 characters long and have only letters, digits, '-' and '_'.",
)
INVALID_SOURCE_LOCATION = ErrorText(
    400,
    "InvalidInputValue",
    "The provided source location '{location}' is invalid or doesn't exists. Please use 'GetBuildSourceUploadUrl' to "
    "get a valid location to upload the source.",
)
INVALID_FILTER = ErrorText(400, "InvalidFilter", "The $filter '{filter}' is invalid: {problem}.", "$filter")
INVALID_TOP = ErrorText(400, "InvalidTop", "The $top '{top}' is invalid. It must be a whole number above 0.", "$top")
INVALID_SKIP_TOKEN = ErrorText(400, "InvalidSkipToken", "The $skiptoken is invalid.", "$skiptoken")

SUBSCRIPTION_REQUESTS_THROTTLED = ErrorText(
    429,
    "SubscriptionRequestsThrottled",
    "Number of '{kind}' requests for subscription '{subscription}' actor '{principal}' exceeded. Please try again "
    "after '{seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
    "additional information.",
)

TASK_WITHOUT_STEP = ErrorText(
    400, "InvalidInputValue", "The task '{name}' is a system task without a platform or step; it cannot be run."
)

# The emulator's own interface.
DASHBOARD_REGISTRY_NOT_FOUND = ErrorText(404, "NotFound", "There is no registry {name} here.")
WEBHOOK_PAYLOAD = ErrorText(400, "InvalidRequestContent", "This is not what {host} sends: {problem}.")
WEBHOOK_SIGNATURE_MISSING = ErrorText(
    401, "InvalidSignature", "The delivery is not signed: give the webhook at GitHub the secret that the emulator has."
)
WEBHOOK_SIGNATURE_WRONG = ErrorText(
    401, "InvalidSignature", "X-Hub-Signature-256 is not that of this body and the emulator's webhook secret."
)
WEBHOOK_PASSWORD_WRONG = ErrorText(
    401, "InvalidPassword", "Give the service hook the emulator's webhook secret as its basic authentication password."
)
INVALID_FAULTS = ErrorText(400, "InvalidFaults", "{problem}")
INVALID_SECONDS = ErrorText(400, "InvalidSeconds", 'The body must be {{"seconds": N}}, N a number from 0 to {limit}.')

STORAGE_FULL = ErrorText(503, "ServiceUnavailable", "The emulator's data folder has no room left; nothing was changed.")
INTERNAL_ERROR = ErrorText(500, "InternalServerError", "The emulator met an unexpected error; its own log tells more.")


# Answers of the token endpoints, in the form of Entra ID.
def _sign_in(status: int, code: str, number: int, text: str) -> ErrorText:
    return ErrorText(status, code, text, style="sign-in", number=number)


PARAMETER_MISSING = _sign_in(
    400, "invalid_request", 900144, "The request body must contain the following parameter: '{name}'."
)
UNSUPPORTED_GRANT = _sign_in(
    400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '{grant}'."
)
INVALID_SCOPE = _sign_in(
    400,
    "invalid_scope",
    1002012,
    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default "
    "suffixed to the resource identifier (application ID URI).",
)
CLIENT_SECRET_MISSING = _sign_in(
    401,
    "invalid_client",
    7000216,
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
)
CLIENT_SECRET_WRONG = _sign_in(
    401,
    "invalid_client",
    7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
    "client secret ID, for a secret added to app '{client}'.",
)
CLIENT_ASSERTION_WRONG = _sign_in(
    401,
    "invalid_client",
    700027,
    "The certificate with identifier used to sign the client assertion is not registered.",
)
IDENTITY_HEADER_MISSING = _sign_in(
    400, "invalid_request", 900144, "The request must contain the following header: 'X-IDENTITY-HEADER'."
)
IDENTITY_HEADER_WRONG = _sign_in(
    401, "invalid_client", 7000215, "The header X-IDENTITY-HEADER does not have the value of IDENTITY_HEADER."
)


_blob = partial(ErrorText, style="blob")
_SAS_TEXT = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
    "including the signature."
)
SAS_MISSING = _blob(403, "AuthenticationFailed", _SAS_TEXT)
SAS_INVALID = _blob(403, "AuthenticationFailed", _SAS_TEXT + " Signature did not match.")
SAS_EXPIRED = _blob(
    403, "AuthenticationFailed", _SAS_TEXT + " Signature not valid in the specified time frame: Expiry [{expiry}]."
)
SAS_PERMISSION = _blob(
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
)
BLOB_NOT_FOUND = _blob(404, "BlobNotFound", "The specified blob does not exist.")
BLOB_ALREADY_EXISTS = _blob(409, "BlobAlreadyExists", "The specified blob already exists.")
BLOB_STORAGE_FULL = _blob(503, "ServerBusy", "The emulator's data folder has no room left.")
BLOB_CONDITION = _blob(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
BLOB_RANGE = _blob(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
BLOB_HEADER_MISSING = _blob(
    400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: {header}."
)
BLOB_HEADER_INVALID = _blob(
    400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: {header}."
)
BLOB_QUERY_INVALID = _blob(
    400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid."
)
BLOB_TOO_LARGE = _blob(
    413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
)
BLOB_BLOCK_COUNT = _blob(
    409, "BlockCountExceedsLimit", "The uncommitted block count cannot exceed the maximum limit of {limit} blocks."
)
BLOB_BLOCK_LIST_LENGTH = _blob(400, "BlockListTooLong", "The block list may not contain more than {limit} blocks.")
BLOB_BLOCK_LIST = _blob(400, "InvalidBlockList", "The specified block list is invalid.")
BLOB_XML = _blob(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
BLOB_OPERATION = _blob(
    405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb, or this operation is not emulated."
)


_login_server = partial(ErrorText, style="login-server")
NO_IMAGE_REGISTRY = _login_server(
    503,
    "UNAVAILABLE",
    "There is no image registry on this machine: install docker-registry. Until then pushes are kept as OCI layouts.",
)
INVALID_IMAGE_ADDRESS = _login_server(404, "NAME_INVALID", "The address holds what no name, tag or digest holds.")
IMAGE_REGISTRY_FAILED = _login_server(502, "UNAVAILABLE", "The image registry does not answer: {reason}")
