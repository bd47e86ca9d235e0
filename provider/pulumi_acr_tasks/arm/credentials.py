"""Credentials of azure-identity, by the name that the settings give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pulumi_acr_tasks.arm.http.connection import ca_certificates, open_http
from pulumi_acr_tasks.errors import SignInError

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


class AccessToken(Protocol):
    """A token of azure-identity, and when it ends (seconds since 1970)."""

    @property
    def token(self) -> str: ...
    @property
    def expires_on(self) -> int: ...


class TokenCredential(Protocol):
    """The protocol of azure-core of the same name."""

    def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken: ...


def credential_for(
    name: str,
    *,
    tenant_id: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    authority: str = "",
    oidc_token: str | None = None,
    oidc_token_file: str | None = None,
    oidc_request_url: str | None = None,
    oidc_request_token: str | None = None,
) -> TokenCredential | None:
    """Return the credential that the setting `acr-tasks:credential` names; None for `none`.

    Raise SignInError for an impossible tenant or authority.
    """
    if name == "none":
        return None
    assertion = _assertion(oidc_token, oidc_token_file, oidc_request_url, oidc_request_token)
    try:
        found = _identity(name, tenant_id, client_id, client_secret, authority, oidc_token_file, assertion)
    except ValueError as error:  # a tenant or an authority that cannot be one
        raise SignInError(f"cannot sign in with the credential {name!r}: {error}") from error
    return _Chosen(found, tenant_id if name == "default" else None, _CURES.get(name, ""))


class _Chosen:
    """A credential in the tenant that the settings name (None: the credential's own), with the cure when it fails."""

    def __init__(self, credential: TokenCredential, tenant_id: str | None, cure: str) -> None:
        self._credential, self._tenant_id, self.cure = credential, tenant_id, cure

    def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken:
        """Return a token, as azure-identity's credentials do."""
        tenant = {"tenant_id": self._tenant_id} if self._tenant_id else {}
        return self._credential.get_token(*scopes, claims=claims, **tenant, **kwargs)


def _identity(
    name: str,
    tenant_id: str | None,
    client_id: str | None,
    client_secret: str | None,
    authority: str,
    token_file: str | None,
    assertion: Callable[[], str],
) -> TokenCredential:
    """Return azure-identity's credential. Raise ValueError for an impossible tenant or authority."""
    # Imported here: an emulator needs none of it, and it takes 200 ms.
    from azure import identity

    cloud: dict[str, Any] = {"connection_verify": ca_certificates() or True}
    if authority:
        # An authority that is not Microsoft's is unknown to the public cloud's instance discovery: it is not asked.
        cloud |= {"authority": authority, "disable_instance_discovery": not authority.endswith(_MICROSOFTS)}
    if name == "cli":
        return identity.AzureCliCredential(tenant_id=tenant_id or "")
    if name == "managed-identity":
        return identity.ManagedIdentityCredential(client_id=client_id)
    if name == "workload-identity":
        return identity.WorkloadIdentityCredential(
            tenant_id=tenant_id, client_id=client_id, token_file_path=token_file, **cloud
        )
    if name == "client-secret":
        return identity.ClientSecretCredential(tenant_id or "", client_id or "", client_secret or "", **cloud)
    if name == "oidc":
        return identity.ClientAssertionCredential(tenant_id or "", client_id or "", assertion, **cloud)
    # What is not given is left to the environment, which azure-identity reads.
    chosen: dict[str, Any] = {}
    if client_id:
        chosen |= {"managed_identity_client_id": client_id, "workload_identity_client_id": client_id}
    if tenant_id:
        chosen |= {"workload_identity_tenant_id": tenant_id, "additionally_allowed_tenants": [tenant_id]}
    return identity.DefaultAzureCredential(**chosen, **cloud)


def _assertion(
    token: str | None, token_file: str | None, request_url: str | None, request_token: str | None
) -> Callable[[], str]:
    """Return the function that fetches an assertion when one is needed: assertions live only minutes."""
    if token_file:
        return lambda: Path(token_file).read_text(encoding="utf-8").strip()
    if request_url and request_token:

        def fetch() -> str:
            with open_http(timeout=30) as http:
                response = http.get(
                    request_url,
                    params={"audience": "api://AzureADTokenExchange"},
                    headers={"Authorization": f"Bearer {request_token}"},
                )
            response.raise_for_status()
            return str(response.json()["value"])

        return fetch
    return lambda: token or ""
