"""The admin users with which docker signs in to the login server."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.store.registries import RegistryRow


class AdminUsers:
    """The passwords of admin users, derived from the data folder's key.

    With a `token`, both passwords are that token: the emulator accepts no other, and the caller has shown it.
    """

    def __init__(self, key: bytes, token: str | None) -> None:
        self._key = key
        self._token = token

    def credentials(self, row: RegistryRow) -> dict[str, Any]:
        """Return user name and both passwords. Raises ServiceError when the admin user is not enabled."""
        if row.document.get("properties", {}).get("adminUserEnabled") is not True:
            raise errors.ADMIN_USER_DISABLED(resource=row.id)
        names = ("password", "password2")
        return {
            "username": row.name,
            "passwords": [{"name": name, "value": self._password(row, name)} for name in names],
        }

    def _password(self, row: RegistryRow, name: str) -> str:
        if self._token is not None:
            return self._token
        return hmac.new(self._key, f"{row.key}/{row.creation_date}/{name}".encode(), hashlib.sha256).hexdigest()
