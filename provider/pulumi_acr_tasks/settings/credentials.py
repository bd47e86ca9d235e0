"""The credential that the settings choose, and the settings that each one needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_acr_tasks.errors import SignInError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.credentials import TokenCredential
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


def credential_of(settings: Settings) -> TokenCredential | None:
    """Return the credential for an endpoint of Azure. Raise SignInError when a setting is missing."""
    from pulumi_acr_tasks.arm.credentials import credential_for

    if missing := missing_settings(settings):
        raise SignInError(missing)
    return credential_for(
        settings.credential,
        tenant_id=settings.tenant_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        authority=settings.authority,
        oidc_token=settings.oidc_token,
        oidc_token_file=settings.oidc_token_file,
        oidc_request_url=settings.oidc_request_url,
        oidc_request_token=settings.oidc_request_token,
    )
