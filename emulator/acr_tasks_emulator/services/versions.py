"""Which api-versions the 13 operations know."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acr_tasks_emulator.services import errors


@dataclass(frozen=True)
class ApiVersion:
    """One version of the service; what differs between versions becomes a member here."""

    name: str


SUPPORTED: dict[str, ApiVersion] = {version.name: version for version in (ApiVersion("2019-04-01"),)}
# Versions that have tasks and runs only. The registry itself is served under every other one.
_WITHOUT_REGISTRIES = {"2018-09-01", "2019-04-01"}
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def require(version: str | None, kind: str, location: str) -> ApiVersion:
    """Return the version of a request for tasks or runs (`kind` names the resource type). Raises ServiceError."""
    name = well_formed(version)
    if name not in SUPPORTED:
        raise errors.NO_REGISTERED_PROVIDER(
            version=name, kind=f"/{kind}", location=location, known=", ".join(SUPPORTED)
        )
    return SUPPORTED[name]


def require_for_registry(version: str | None, location: str) -> None:
    """Refuse the versions under which the registry itself is not served (facts, notes on use). Raises ServiceError."""
    name = well_formed(version)
    if name in _WITHOUT_REGISTRIES:
        raise errors.NO_REGISTERED_PROVIDER(version=name, kind="", location=location, known="2023-07-01")


def well_formed(version: str | None) -> str:
    """Return any version that looks like one. Raises ServiceError."""
    if not version:
        raise errors.MISSING_API_VERSION()
    if not _FORM.fullmatch(version.lower()):
        raise errors.INVALID_API_VERSION(version=version, known=", ".join(SUPPORTED))
    return version.lower()
