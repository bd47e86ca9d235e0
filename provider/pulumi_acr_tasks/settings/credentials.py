"""The credentials of azure-identity that the settings choose, and the settings that each one needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.http.connection import ca_certificates, open_http
from pulumi_acr_tasks.errors import SignInError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.http.sign_in import AccessToken, TokenCredential
    from pulumi_acr_tasks.settings.settings import Settings

# Entra ID in the public, the US government's and the Chinese cloud.
_MICROSOFTS = (".microsoftonline.com", ".microsoftonline.us", ".chinacloudapi.cn")
_CURES = {
    "default": "log in with one of: az login; a service principal (acr-tasks:credential client-secret, with "
    "acr-tasks:tenantId, clientId and clientSecret); on Azure's own machines a managed identity, in AKS a workload "
    "identity (acr-tasks:credential managed-identity or workload-identity)",
    "cli": "log in: az login, with --tenant when acr-tasks:tenantId names one",
    "managed-identity": "a managed identity exists on Azure's own machines only, and acr-tasks:clientId chooses a "
    "user-assigned one; elsewhere use az login or a service principal",
    "workload-identity": "check the federated credential of acr-tasks:clientId, and AZURE_FEDERATED_TOKEN_FILE",
    "client-secret": "check acr-tasks:tenantId, clientId and clientSecret; a secret that has expired is made anew with "
    "az ad app credential reset",
    "oidc": "check acr-tasks:tenantId and clientId, and that the application has a federated credential for this job",
}
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
    """Return the credential that the settings choose; None for `none`.

    Raise SignInError when a setting is missing, and for an impossible tenant or authority.
    """
    name = settings.credential
    if name == "none":
        return None
    if missing := missing_settings(settings):
        raise SignInError(missing)
    try:
        found = _identity(settings)
    except ValueError as error:  # a tenant or an authority that cannot be one
        raise SignInError(f"cannot sign in with the credential {name!r}: {error}") from error
    return _Chosen(found, settings.tenant_id if name == "default" else None, _CURES.get(name, ""))


class _Chosen:
    """A credential in the tenant that the settings name (None: the credential's own), with the cure when it fails."""

    def __init__(self, credential: TokenCredential, tenant_id: str | None, cure: str) -> None:
        self._credential, self._tenant_id, self.cure = credential, tenant_id, cure

    def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken:
        """Return a token, as azure-identity's credentials do."""
        tenant = {"tenant_id": self._tenant_id} if self._tenant_id else {}
        return self._credential.get_token(*scopes, claims=claims, **tenant, **kwargs)


def _identity(settings: Settings) -> TokenCredential:
    """Return azure-identity's credential. Raise ValueError for an impossible tenant or authority."""
    # Imported here: an emulator needs none of it, and it takes 200 ms.
    from azure import identity

    name, tenant_id, client_id = settings.credential, settings.tenant_id, settings.client_id
    cloud: dict[str, Any] = {"connection_verify": ca_certificates() or True}
    if authority := settings.authority:
        # An authority that is not Microsoft's is unknown to the public cloud's instance discovery: it is not asked.
        cloud |= {"authority": authority, "disable_instance_discovery": not authority.endswith(_MICROSOFTS)}
    if name == "cli":
        return identity.AzureCliCredential(tenant_id=tenant_id or "")
    if name == "managed-identity":
        return identity.ManagedIdentityCredential(client_id=client_id)
    if name == "workload-identity":
        return identity.WorkloadIdentityCredential(
            tenant_id=tenant_id, client_id=client_id, token_file_path=settings.oidc_token_file, **cloud
        )
    if name == "client-secret":
        return identity.ClientSecretCredential(tenant_id or "", client_id or "", settings.client_secret or "", **cloud)
    if name == "oidc":
        return identity.ClientAssertionCredential(tenant_id or "", client_id or "", _assertion(settings), **cloud)
    # What is not given is left to the environment, which azure-identity reads.
    chosen: dict[str, Any] = {}
    if client_id:
        chosen |= {"managed_identity_client_id": client_id, "workload_identity_client_id": client_id}
    if tenant_id:
        chosen |= {"workload_identity_tenant_id": tenant_id, "additionally_allowed_tenants": [tenant_id]}
    return identity.DefaultAzureCredential(**chosen, **cloud)


def _assertion(settings: Settings) -> Callable[[], str]:
    """Return the function that fetches an assertion when one is needed: assertions live only minutes."""
    token_file, request_url = settings.oidc_token_file, settings.oidc_request_url
    if token_file:
        return lambda: Path(token_file).read_text(encoding="utf-8").strip()
    if request_url and settings.oidc_request_token:
        return partial(fetch_assertion, request_url, settings.oidc_request_token)
    return lambda: settings.oidc_token or ""


def fetch_assertion(request_url: str, token: str) -> str:
    """Fetch an assertion of the job that runs this process, from where its CI system says."""
    import httpx

    # The URL has a query of its own (GitHub's: `?api-version=2.0`), which httpx's `params` would replace.
    url = httpx.URL(request_url).copy_merge_params({"audience": "api://AzureADTokenExchange"})
    with open_http(timeout=30) as http:
        response = http.get(url, headers={"Authorization": f"Bearer {token}"})
    response.raise_for_status()
    return str(response.json()["value"])
