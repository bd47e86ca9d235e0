"""Sign-in of applications and managed identities, as Entra ID does it."""

from __future__ import annotations

import base64
import hmac
import uuid
from collections.abc import Mapping
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.sign_in.access_tokens import LIFETIME, AccessTokens
from acr_tasks_emulator.services.sign_in.identities import TENANT_ID

Document = dict[str, Any]
Form = Mapping[str, str]

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEFAULT = "/.default"
MANAGED_IDENTITY = "acr-tasks-emulator"
"""The client id of the managed identity that signs in when a request names no identity."""


class SignIn:
    """An issuer of access tokens.

    Without a `token` every application gets one. With it, the client's secret, its assertion or the header of a managed
    identity must equal that token: the emulator has nothing else to check.
    """

    def __init__(self, tokens: AccessTokens, token: str | None) -> None:
        self._tokens = tokens
        self._token = token
        self.demanded = token is not None
        """Whether callers must show a token."""

    def accepts(self, shown: str) -> bool:
        """Tell whether a bearer token is accepted: it is the configured one, or one that was issued here."""
        return self._is_right(shown) or self._tokens.is_valid(shown)

    def token(self, origin: str, tenant: str, form: Form) -> Document:
        """Answer the token endpoint. Raises ServiceError."""
        client_id = self._client(form)
        scope = _required(form, "scope")
        resource = scope.split(" ")[0].removesuffix(_DEFAULT)
        if not scope.split(" ")[0].endswith(_DEFAULT) or not resource:
            raise errors.INVALID_SCOPE(scope=scope)
        access_token, _ = self._issue(origin, tenant, client_id, resource)
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": access_token,
        }

    def managed_identity(self, origin: str, query: Form, header: str | None) -> Document:
        """Answer the endpoint of managed identities (2019-08-01); `header`: X-IDENTITY-HEADER. Raises ServiceError."""
        if not header:
            raise errors.IDENTITY_HEADER_MISSING()
        if self._token is not None and not self._is_right(header):
            raise errors.IDENTITY_HEADER_WRONG()
        resource = _required(query, "resource")
        client_id = query.get("client_id") or MANAGED_IDENTITY
        access_token, expires_on = self._issue(origin, TENANT_ID, client_id, resource)
        return {
            "access_token": access_token,
            "expires_on": str(expires_on),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": client_id,
        }

    def _client(self, form: Form) -> str:
        """Return the application that signs in. Raises ServiceError."""
        grant = _required(form, "grant_type")
        if grant != "client_credentials":
            raise errors.UNSUPPORTED_GRANT(grant=grant)
        client_id = _required(form, "client_id")
        secret, assertion = form.get("client_secret"), form.get("client_assertion")
        if not secret and not assertion:
            raise errors.CLIENT_SECRET_MISSING()
        if secret and not self._is_right(secret):
            raise errors.CLIENT_SECRET_WRONG(client=client_id)
        if not secret and (form.get("client_assertion_type") != _ASSERTION_TYPE or not self._is_right(assertion or "")):
            raise errors.CLIENT_ASSERTION_WRONG()
        return client_id

    def _is_right(self, shown: str) -> bool:
        return self._token is None or hmac.compare_digest(shown.encode(), self._token.encode())

    def _issue(self, origin: str, tenant: str, client_id: str, resource: str) -> tuple[str, int]:
        tenant_id = tenant if _is_uuid(tenant) else TENANT_ID
        object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant_id}/{client_id}".lower()))
        issuer = f"{origin}/{tenant_id}/"
        return self._tokens.issue(
            {
                "aud": resource,
                "iss": issuer,
                "idp": issuer,
                "appid": client_id,
                "appidacr": "1",
                "idtyp": "app",
                "oid": object_id,
                "sub": object_id,
                "tid": tenant_id,
                "uti": uuid.uuid4().hex[:22],
                "ver": "1.0",
            }
        )


def basic_password(authorization: str) -> str:
    """Return the password of an Authorization header of the kind Basic; empty for any other header."""
    kind, _, shown = authorization.partition(" ")
    try:
        return (
            base64.b64decode(shown.strip(), validate=True).decode().partition(":")[2] if kind.lower() == "basic" else ""
        )
    except ValueError:
        return ""


def _required(form: Form, name: str) -> str:
    value = form.get(name)
    if not value:
        raise errors.PARAMETER_MISSING(name=name)
    return value


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
