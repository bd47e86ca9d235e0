"""The sign-in ring, and the credentials of azure-identity behind it."""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx

from pulumi_acr_tasks.arm.credentials import unmet
from pulumi_acr_tasks.arm.http.connection import authorities, distrust, is_loopback, open_http
from pulumi_acr_tasks.arm.http.deadlines import attended, held
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, SignInError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.operation import Send

# Of Entra ID in the public, the US government's and the Chinese cloud.
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
# Tokens are renewed this many seconds before they end.
_EARLY = 300


class AccessToken(Protocol):
    """Is what azure-identity gives: the token, and when it ends (seconds since 1970)."""

    @property
    def token(self) -> str: ...
    @property
    def expires_on(self) -> int: ...


class TokenCredential(Protocol):
    """Is azure-core's protocol of the same name."""

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
    """Makes the credential that the setting `acr-tasks:credential` names; None for `none`.

    Raises SignInError that names the settings which this credential needs and has not.
    """
    if name == "none":
        return None
    has_assertion = bool(
        oidc_token_file or (name == "oidc" and (oidc_token or (oidc_request_url and oidc_request_token)))
    )
    lacks = unmet(
        name, tenant_id=tenant_id, client_id=client_id, client_secret=client_secret, has_assertion=has_assertion
    )
    if lacks:
        raise SignInError(lacks)
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
    """Return azure-identity's credential. Raises ValueError for a tenant or an authority that cannot be one."""
    # Imported here: an emulator needs none of it, and it takes 200 ms.
    from azure import identity

    cloud: dict[str, Any] = {"connection_verify": authorities() or True}
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
    """Gives the function that fetches an assertion when one is needed: assertions live only minutes."""
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


def sign_in(
    send: Send, credential: TokenCredential, audience: str, endpoint: str, stop: threading.Event | None = None
) -> Send:
    """Gives every request a token; one token for all threads, renewed before it ends or when a 401 asks for claims.

    A request to another origin than the endpoint's, or over plain http to another machine, gets none: it is refused.
    The wait for a token ends when `stop` is set, or at the limit of the thread.
    """
    tokens = _Tokens(credential, f"{audience.rstrip('/')}/.default", stop)
    home = origin(endpoint)

    def signed(request: httpx.Request) -> httpx.Response:
        if origin(str(request.url)) != home or not may_carry_token(str(request.url)):
            raise SignInError(f"no token is sent to {origin(str(request.url))}: it is not {home} over https")
        request.headers["Authorization"] = f"Bearer {tokens.get()}"
        response = send(request)
        if response.status_code == 401:
            claims = _claims(response.headers.get("www-authenticate", ""))
            if claims is not None:
                request.headers["Authorization"] = f"Bearer {tokens.get(claims)}"
                response = send(request)
        return response

    return signed


class _Tokens:
    """Holds the one token of a client."""

    def __init__(self, credential: TokenCredential, scope: str, stop: threading.Event | None = None) -> None:
        self._credential, self._scope, self._stop = credential, scope, stop
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def get(self, claims: str | None = None) -> str:
        with held(self._lock):
            if self._token is None or claims is not None or self._token.expires_on - _EARLY < time.time():
                self._token = self._ask(claims)
            return self._token.token

    def _ask(self, claims: str | None) -> AccessToken:
        try:
            ask = partial(self._credential.get_token, self._scope, **({"claims": claims} if claims else {}))
            return attended(ask, self._stop, f"sign in for {self._scope}")
        except (CanceledError, DeadlineError):
            raise
        except Exception as error:
            # Deliberately any: credentials run other programs and read whatever files and servers give them.
            said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            untrusted = distrust(error)
            lines = [f"cannot sign in for {self._scope}: {untrusted or said}"]
            if not untrusted and (cure := getattr(self._credential, "cure", "")):
                lines.append(cure)
            raise SignInError("\n".join(lines)) from error


def _claims(challenge: str) -> str | None:
    """Reads the claims of a Continuous Access Evaluation challenge; None where the challenge has none."""
    match = re.search(r'claims="([^"]+)"', challenge)
    if match is None:
        return None
    try:
        return base64.b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def origin(url: str) -> str:
    """Gives scheme, host and port of an URL, in lower case, the port spelled out."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def may_carry_token(url: str) -> bool:
    """Says whether a token is safe on the way to an URL: over https, or to this very machine."""
    return urlsplit(url).scheme == "https" or is_loopback(url)
