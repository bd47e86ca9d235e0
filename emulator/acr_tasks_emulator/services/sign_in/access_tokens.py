"""Access tokens: JSON Web Tokens that this emulator signs, and knows again until they expire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from acr_tasks_emulator.clock import Clock

LIFETIME = 3599
"""Seconds, as Entra ID says them."""
_HEADER = {"typ": "JWT", "alg": "HS256"}


class AccessTokens:
    """Signs claims with HMAC-SHA256. Another key, or another `secret`, makes another signature.

    key: the data folder's own. secret: the token that callers must show, so that what was issued under one token is
    worth nothing under another.
    """

    def __init__(self, key: bytes, secret: str | None, clock: Clock) -> None:
        self._key = hmac.new(key, b"access token\0" + (secret or "").encode(), hashlib.sha256).digest()
        self._clock = clock

    def issue(self, claims: dict[str, Any]) -> tuple[str, int]:
        """Return a token with these claims and its times, and the second of the epoch in which it expires."""
        now = int(self._clock.now().timestamp())
        times = {"iat": now, "nbf": now, "exp": now + LIFETIME}
        signed = f"{_encoded(_spelled(_HEADER))}.{_encoded(_spelled({**claims, **times}))}"
        return f"{signed}.{self._signature(signed)}", now + LIFETIME

    def is_valid(self, token: str) -> bool:
        """Tell whether a text is a token of ours that has not expired. Its header is not asked what to believe."""
        signed, dot, signature = token.rpartition(".")
        if not dot or not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return False
        claims = json.loads(_decoded(signed.partition(".")[2]))
        return bool(claims["nbf"] <= self._clock.now().timestamp() < claims["exp"])

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.new(self._key, signed.encode(), hashlib.sha256).digest())


def _spelled(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
