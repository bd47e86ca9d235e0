"""Who we are at the service: what our token says of its owner, to compare with a resource's `systemData`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

# A user is shown by name, an application or a managed identity by one of its ids.
_NAMES, _IDS = ("upn", "unique_name", "preferred_username"), ("oid", "appid", "azp")


class Caller:
    """The identity that signed our last request; nothing is known of it without a token, or with an opaque one."""

    def __init__(self) -> None:
        self._authorization = ""

    def note(self, request: httpx.Request) -> None:
        """Learn from a request that was sent."""
        self._authorization = request.headers.get("authorization", "") or self._authorization

    def names(self) -> set[str]:
        """Return the names and ids under which `systemData` may show us; empty when the token says none."""
        claims = _claims(self._authorization.rpartition(" ")[2])
        # A guest's name is written in several ways (`live.com#…`, `…#EXT#@…`), which cannot be compared.
        return {
            str(claims[name])
            for name in (*_NAMES, *_IDS)
            if claims.get(name) and not (name in _NAMES and "#" in str(claims[name]))
        }


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JSON Web Token, empty for any other token. The signature is the service's affair."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
