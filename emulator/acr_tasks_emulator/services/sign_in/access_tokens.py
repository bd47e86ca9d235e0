"""Access tokens: JSON Web Tokens that this emulator signs, and accepts until they expire."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from acr_tasks_emulator.clock import Clock

LIFETIME = 3599
"""Seconds, as in Entra ID's answers."""
_ALGORITHM = "HS256"


class AccessTokens:
    """A signer of claims.

    key: the data folder's own. secret: the token that callers must show; tokens issued under one secret are not valid
    under another.
    """

    def __init__(self, key: bytes, secret: str | None, clock: Clock) -> None:
        digest = hmac.new(key, b"access token\0" + (secret or "").encode(), hashlib.sha256).digest()
        self._key = OctKey.import_key(digest)
        self._clock = clock

    def issue(self, claims: dict[str, Any]) -> tuple[str, int]:
        """Return a token with these claims and its times, and its expiry in seconds of the epoch."""
        now = int(self._clock.now().timestamp())
        times = {"iat": now, "nbf": now, "exp": now + LIFETIME}
        return jwt.encode({"alg": _ALGORITHM}, {**claims, **times}, self._key), now + LIFETIME

    def is_valid(self, token: str) -> bool:
        """Tell whether a text is a token of ours that has not expired."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError):
            return False
        return bool(claims["nbf"] <= self._clock.now().timestamp() < claims["exp"])
