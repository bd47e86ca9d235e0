"""Middleware that signs requests in, and the identity behind a token."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from pulumi_acr_tasks.arm.clock import lock_within_deadline, run_cancelable
from pulumi_acr_tasks.arm.http.connection import certificate_problem, may_carry_token, origin
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, SignInError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.http.transport import Send

# Tokens are renewed this many seconds before they end.
_EARLY = 300
# A user is shown by name, an application or a managed identity by one of its ids.
_NAMES, _IDS = ("upn", "unique_name", "preferred_username"), ("oid", "appid", "azp")


class AccessToken(Protocol):
    """A token of azure-identity, and when it ends (seconds since 1970)."""

    @property
    def token(self) -> str: ...
    @property
    def expires_on(self) -> int: ...


class TokenCredential(Protocol):
    """The protocol of azure-core of the same name."""

    def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken: ...


def sign_in(
    send: Send, credential: TokenCredential, audience: str, endpoint: str, stop: threading.Event | None = None
) -> Send:
    """Put a token into every request: one for all threads, renewed before it ends or when a 401 asks for claims.

    A request to another origin than the endpoint's, or over plain http to another machine, is refused. The wait for a
    token ends when `stop` is set, or at the deadline of the thread.
    """
    tokens = _Tokens(credential, f"{audience.rstrip('/')}/.default", stop)
    home = origin(endpoint)

    def signed(request: httpx.Request) -> httpx.Response:
        if origin(str(request.url)) != home or not may_carry_token(str(request.url)):
            raise SignInError(f"no token is sent to {origin(str(request.url))}: it is not {home} over https")
        request.headers["Authorization"] = f"Bearer {tokens.get()}"
        response = send(request)
        if response.status_code == 401:
            claims = _challenge_claims(response.headers.get("www-authenticate", ""))
            if claims is not None:
                request.headers["Authorization"] = f"Bearer {tokens.get(claims)}"
                response = send(request)
        return response

    return signed


class _Tokens:
    """The one token of a client, renewed in time."""

    def __init__(self, credential: TokenCredential, scope: str, stop: threading.Event | None = None) -> None:
        self._credential, self._scope, self._stop = credential, scope, stop
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def get(self, claims: str | None = None) -> str:
        with lock_within_deadline(self._lock):
            if self._token is None or claims is not None or self._token.expires_on - _EARLY < time.time():
                self._token = self._ask(claims)
            return self._token.token

    def _ask(self, claims: str | None) -> AccessToken:
        try:
            ask = partial(self._credential.get_token, self._scope, **({"claims": claims} if claims else {}))
            return run_cancelable(ask, self._stop, f"sign in for {self._scope}")
        except (CanceledError, DeadlineError):
            raise
        except Exception as error:
            # Any error: credentials run other programs and read whatever files and servers give them.
            reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            untrusted = certificate_problem(error)
            lines = [f"cannot sign in for {self._scope}: {untrusted or reason}"]
            if not untrusted and (cure := getattr(self._credential, "cure", "")):
                lines.append(cure)
            raise SignInError("\n".join(lines)) from error


def _challenge_claims(challenge: str) -> str | None:
    """Return the claims of a Continuous Access Evaluation challenge, or None without any."""
    match = re.search(r'claims="([^"]+)"', challenge)
    if match is None:
        return None
    try:
        return base64.b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def caller_names(authorization: str) -> set[str]:
    """Return the names and ids under which `systemData` may show the sender of a header; empty for an opaque token."""
    claims = _token_claims(authorization.rpartition(" ")[2])
    # A guest's name is written in several ways (`live.com#…`, `…#EXT#@…`), which cannot be compared.
    return {
        str(claims[name])
        for name in (*_NAMES, *_IDS)
        if claims.get(name) and not (name in _NAMES and "#" in str(claims[name]))
    }


def _token_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JSON Web Token, empty for any other token. Only the service verifies the signature."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
