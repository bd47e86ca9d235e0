"""Reads the tasks that a program is to declare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pulumi_acr_tasks.export.program import Program
from pulumi_acr_tasks.service import service_for

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.settings.settings import Settings


def exported(
    settings: Settings, registry: RegistryId, names: Sequence[str] | None, *, note: Callable[[str], None]
) -> Program:
    """Gives the program for the tasks of a registry: those named, or all.

    Each is read by listDetails. One that no program can declare, as it has no platform or no step (the service's own
    `quicktask`), is left out, and `note` is told. Raises ServiceError for a task that is not there or may not be read.
    """
    client, program = service_for(settings).client(), Program(str(registry))
    for name in names or [str(task.name) for task in client.tasks.list(registry)]:
        details = client.tasks.get_details(registry, name)
        properties = details.raw.get("properties") or {}
        if properties.get("platform") and properties.get("step"):
            program.add(str(details.name or name), details.raw)
        else:
            note(f"task {name} is left out: it has no platform or no step")
    return program
