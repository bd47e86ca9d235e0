"""Shared access signatures: a link permits its holder to read or write one blob until it expires."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from acr_tasks_emulator import clock
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.switches import DEFAULTS

VERSION = "2024-11-04"
PARAMETERS = ("sv", "se", "sr", "sp", "sig")
"""Names of the query parameters in a signed link."""
READ = "r"
CREATE_WRITE = "cw"


class Signer:
    """A signer with one secret key; its links are valid for `seconds`."""

    def __init__(self, key: bytes, time: clock.Clock, seconds: float = DEFAULTS.sas_seconds) -> None:
        self._key = key
        self._clock = time
        self._lifetime = timedelta(seconds=seconds)

    def link(self, container: str, name: str, permissions: str) -> str:
        """Return path and query of a link to a blob, without the emulator's address."""
        expiry = (self._clock.now() + self._lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = self._signature(container, name, permissions, expiry)
        query = {"sv": VERSION, "se": expiry, "sr": "b", "sp": permissions, "sig": signature}
        return f"/blobs/{quote(container)}/{quote(name)}?{urlencode(query)}"

    def check(self, container: str, name: str, query: Mapping[str, str], needed: str) -> None:
        """Refuse a request that its link does not permit; `needed` are permissions of which one is enough.

        Raises ServiceError.
        """
        try:
            version, resource = query["sv"], query["sr"]
            expiry, permissions, signature = query["se"], query["sp"], query["sig"]
        except KeyError:
            raise errors.SAS_MISSING() from None
        genuine = self._signature(container, name, permissions, expiry)
        if (version, resource) != (VERSION, "b") or not hmac.compare_digest(signature.encode(), genuine.encode()):
            raise errors.SAS_INVALID()
        if self._expired(expiry):
            raise errors.SAS_EXPIRED(expiry=expiry)
        if not set(needed) & set(permissions):
            raise errors.SAS_PERMISSION()

    def _expired(self, expiry: str) -> bool:
        expires: datetime = clock.parse(expiry)
        return expires <= self._clock.now()

    def _signature(self, container: str, name: str, permissions: str, expiry: str) -> str:
        text = "\n".join((permissions, expiry, f"/blob/{container}/{name}", VERSION, "b"))
        return base64.b64encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest()).decode()
