"""The sign-in ring, and the credentials of azure-identity behind it."""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx

from pulumi_acr_tasks.arm.connection import authorities, distrust, is_loopback, open_http
from pulumi_acr_tasks.errors import SignInError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.operation import Send

# Of Entra ID in the public, the US government's and the Chinese cloud.
_MICROSOFTS = (".microsoftonline.com", ".microsoftonline.us", ".chinacloudapi.cn")
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
        given = {"tenant_id": tenant_id, "client_id": client_id, "token_file_path": oidc_token_file}
        return identity.WorkloadIdentityCredential(**{key: item for key, item in given.items() if item}, **cloud)
    if name == "client-secret":
        _demand(name, tenantId=tenant_id, clientId=client_id, clientSecret=client_secret)
        return identity.ClientSecretCredential(tenant_id or "", client_id or "", client_secret or "", **cloud)
    if name == "oidc":
        _demand(name, tenantId=tenant_id, clientId=client_id)
        assertion = _assertion(oidc_token, oidc_token_file, oidc_request_url, oidc_request_token)
        return identity.ClientAssertionCredential(tenant_id or "", client_id or "", assertion, **cloud)
    return identity.DefaultAzureCredential(**cloud)


def _demand(name: str, **values: str | None) -> None:
    missing = [f"acr-tasks:{key}" for key, value in values.items() if not value]
    if missing:
        raise SignInError(f"the credential {name!r} needs {', '.join(missing)}")


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
    if token:
        return lambda: token
    raise SignInError(
        "the credential 'oidc' needs ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH, or ARM_OIDC_REQUEST_URL with "
        "ARM_OIDC_REQUEST_TOKEN in the environment"
    )


def sign_in(send: Send, credential: TokenCredential, audience: str, endpoint: str) -> Send:
    """Gives every request a token; one token for all threads, renewed before it ends or when a 401 asks for claims.

    A request to another origin than the endpoint's, or over plain http to another machine, gets none: it is refused.
    """
    tokens = _Tokens(credential, f"{audience.rstrip('/')}/.default")
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

    def __init__(self, credential: TokenCredential, scope: str) -> None:
        self._credential, self._scope = credential, scope
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def get(self, claims: str | None = None) -> str:
        with self._lock:
            if self._token is None or claims is not None or self._token.expires_on - _EARLY < time.time():
                self._token = self._ask(claims)
            return self._token.token

    def _ask(self, claims: str | None) -> AccessToken:
        from azure.core.exceptions import AzureError

        try:
            return self._credential.get_token(self._scope, **({"claims": claims} if claims else {}))
        except (AzureError, httpx.HTTPError, OSError, ValueError) as error:
            said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            reason = distrust(error) or said
            raise SignInError(f"cannot sign in for {self._scope}: {reason}") from error


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
