"""The guard: it admits our own hosts, our own pages, and callers that have the token."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from acr_tasks_emulator.address import Address
from acr_tasks_emulator.routes import webhooks
from acr_tasks_emulator.routes.http import is_arm
from acr_tasks_emulator.routes.middleware.errors import error_answer
from acr_tasks_emulator.routes.sign_in import is_sign_in
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.sign_in.identities import TENANT_ID
from acr_tasks_emulator.services.sign_in.sign_in import basic_password

_SAFE = {"GET", "HEAD", "OPTIONS"}
_ELSEWHERE = {"cross-site", "same-site"}  # another port of this machine is the same site, but another program


class Guard:
    """A middleware that refuses foreign hosts (DNS rebinding), writes by pages of other sites, and missing tokens."""

    def __init__(self, app: ASGIApp, address: Address, services: Services) -> None:
        self._app = app
        self._address = address
        self._callers = services.sign_in
        self._authority = f"{address.endpoint}/{TENANT_ID}"
        self._webhooks_are_secret = services.webhooks.are_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        error = self._refusal(scope, Headers(scope=scope))
        if error is None:
            await self._app(scope, receive, send)
        else:
            await error_answer(error)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> errors.ServiceError | None:
        host = headers.get("host", "")
        if not self._address.answers_for(host):
            return errors.FOREIGN_HOST(host=host)
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        if scope["method"] not in _SAFE and (foreign or headers.get("sec-fetch-site") in _ELSEWHERE):
            return errors.FOREIGN_ORIGIN(origin=origin or "another site")
        # A blob's link carries its own signature; a caller that signs in has no token yet.
        if not self._callers.demanded or scope["path"].startswith("/blobs/") or is_sign_in(scope):
            return None
        if self._webhooks_are_secret and scope["path"].startswith(webhooks.FOLDER):
            return None  # git hosts have no token: the webhooks check their secret
        return self._sign_in(headers.get("authorization", ""), scope["path"])

    def _sign_in(self, authorization: str, path: str) -> errors.ServiceError | None:
        # Browsers and docker can send the token only as a password, so Basic is accepted too.
        basic = {"WWW-Authenticate": 'Basic realm="acr-tasks-emulator", charset="UTF-8"'}
        challenge = {"WWW-Authenticate": f'Bearer authorization_uri="{self._authority}", error="invalid_token"'}
        challenge = challenge if is_arm(path) else basic
        if not authorization:
            return errors.AUTHENTICATION_FAILED(headers=challenge)
        kind, _, shown = authorization.partition(" ")
        if kind.lower() == "basic":
            shown = basic_password(authorization)
        if not self._callers.accepts(shown.strip()):
            return errors.INVALID_AUTHENTICATION_TOKEN(headers=challenge)
        return None
