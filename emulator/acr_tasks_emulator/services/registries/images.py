"""The registry behind the login server."""

from __future__ import annotations

from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry, RegistryError
from acr_tasks_emulator.services import errors


class Images:
    """Starts the registry when it is first needed."""

    def __init__(self, registry: OciRegistry) -> None:
        self._registry = registry

    def address(self) -> str:
        """Return the registry's host:port on this machine. Raises ServiceError when there is none or it fails."""
        try:
            address = self._registry.address()
        except RegistryError as error:
            raise errors.IMAGE_REGISTRY_FAILED(reason=error) from None
        if address is None:
            raise errors.NO_IMAGE_REGISTRY()
        return address
