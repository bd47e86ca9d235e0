"""The registries that a process works with: each is asked for once, and its absence is proved, not guessed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.http.deadlines import held
from pulumi_acr_tasks.errors import NotFoundError, RegistryNotFoundError, SubscriptionNotFoundError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId


@dataclass
class _Known:
    """One registry: what the service says of it, or the words for what is gone."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    said: dict[str, Any] = field(default_factory=dict)
    gone: str = ""


class Registries:
    """A cache of registries for one process. Safe for any number of threads; an error is never remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[RegistryId, _Known] = {}

    def get(self, client: Client, registry: RegistryId, make: Callable[[], None] | None = None) -> dict[str, Any]:
        """Return the registry as the service describes it. Raise what the request raises.

        `make` makes a registry that does not exist; without it, the absence is an error.
        """
        known = self._entry(registry)
        with held(known.lock):
            if not known.said:
                try:
                    known.said = client.registries.get(registry)
                except (RegistryNotFoundError, SubscriptionNotFoundError):
                    if make is None:
                        raise
                    make()
                    known.said = client.registries.get(registry)
                known.gone = ""
            return known.said

    def gone(self, client: Client, registry: RegistryId) -> str:
        """Return the words for what is gone, such as `registry contoso`; an empty string when the registry exists.

        Only Resource Manager's own words about the registry or its resource group prove absence. Everything else
        raises: a 404 without these words, an unknown subscription, a missing permission, no answer.
        """
        known = self._entry(registry)
        with held(known.lock):
            if known.said or known.gone:
                return known.gone
            try:
                known.said = client.registries.get(registry)
            except NotFoundError as error:
                if not isinstance(error, RegistryNotFoundError) and error.code != "ResourceNotFound":
                    raise
                if error.code == "ResourceGroupNotFound":
                    known.gone = f"resource group {registry.resource_group_name}"
                else:
                    known.gone = f"registry {registry.registry_name}"
            return known.gone

    def _entry(self, registry: RegistryId) -> _Known:
        with self._lock:
            return self._known.setdefault(registry, _Known())
