"""The settings that each credential needs, known before any request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_acr_tasks.settings.settings import Settings

_ENVIRONMENT = {
    "workload-identity": "AZURE_FEDERATED_TOKEN_FILE in the environment (AKS sets it for pods with a service account)",
    "oidc": "ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH, or ARM_OIDC_REQUEST_URL with ARM_OIDC_REQUEST_TOKEN in the "
    "environment",
}
_VARIABLES = {
    "tenantId": "ARM_TENANT_ID or AZURE_TENANT_ID",
    "clientId": "ARM_CLIENT_ID or AZURE_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET or AZURE_CLIENT_SECRET",
}
_MEMBERS = {
    "client-secret": ("tenantId", "clientId", "clientSecret"),
    "oidc": ("tenantId", "clientId"),
    "workload-identity": ("tenantId", "clientId"),
}


def missing_settings(settings: Settings) -> str:
    """Return which settings the credential lacks, as a sentence; empty when it lacks none that can be known now."""
    given = {
        "tenantId": settings.tenant_id,
        "clientId": settings.client_id,
        "clientSecret": settings.client_secret,
    }
    name = settings.credential
    missing = [
        f"acr-tasks:{key} (or {_VARIABLES[key]} in the environment)" for key in _MEMBERS.get(name, ()) if not given[key]
    ]
    if name in _ENVIRONMENT and not _has_assertion(settings):
        missing.append(_ENVIRONMENT[name])
    return f"the credential {name!r} needs {', and '.join(missing)}" if missing else ""


def _has_assertion(settings: Settings) -> bool:
    """Return whether the environment has a token of another identity provider, or says where to fetch one."""
    if settings.oidc_token_file:
        return True
    fetched = settings.oidc_request_url and settings.oidc_request_token
    return settings.credential == "oidc" and bool(settings.oidc_token or fetched)
