"""The ids of Azure Resource Manager that this package handles; like the service's own, they compare without case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pulumi_acr_tasks.errors import ValidationError

_REGISTRY = r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.ContainerRegistry/registries/([^/]+)"
_REGISTRY_ID = re.compile(f"{_REGISTRY}/?", re.IGNORECASE)
_TASK_ID = re.compile(f"{_REGISTRY}/tasks/([^/]+)/?", re.IGNORECASE)
_RUN_ID = re.compile(f"{_REGISTRY}/runs/([^/]+)/?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class RegistryId:
    """The id of a registry; `str()` returns the ARM id in its canonical spelling."""

    subscription_id: str
    resource_group_name: str
    registry_name: str

    @classmethod
    def parse(cls, text: str) -> RegistryId:
        """Read `/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/R`, in any case.

        Raise ValueError, with the pattern of an id, for any other text.
        """
        match = _REGISTRY_ID.fullmatch(text)
        if match is None:
            raise ValueError(
                f"{text!r} is not a registry's id, which looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP"
                "/providers/Microsoft.ContainerRegistry/registries/NAME"
            )
        return cls(*match.groups())

    def task(self, name: str) -> str:
        """Return the id of the registry's task `name`."""
        return f"{self}/tasks/{name}"

    def run(self, run_id: str) -> str:
        """Return the id of the registry's run `run_id`."""
        return f"{self}/runs/{run_id}"

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group_name}"
            f"/providers/Microsoft.ContainerRegistry/registries/{self.registry_name}"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegistryId) and str(self).lower() == str(other).lower()

    def __hash__(self) -> int:
        return hash(str(self).lower())


def moved_registry(old: str, new: str) -> str:
    """Return in which parts two ids of registries differ: `registry moves from contoso to fabrikam`."""
    try:
        before, after = RegistryId.parse(old), RegistryId.parse(new)
    except ValueError:
        return "registry moves"
    parts = {
        "registry": (before.registry_name, after.registry_name),
        "resource group": (before.resource_group_name, after.resource_group_name),
        "subscription": (before.subscription_id, after.subscription_id),
    }
    moves = [f"{part} moves from {one} to {two}" for part, (one, two) in parts.items() if one.lower() != two.lower()]
    return ", ".join(moves) or "registry moves"


def parse_task_id(text: str) -> tuple[RegistryId, str]:
    """Return the registry and the name in a task's id. Raise ValidationError for any other text."""
    return _parse_child(_TASK_ID, text, "task")


def parse_run_id(text: str) -> tuple[RegistryId, str]:
    """Return the registry and the run id in a run's id. Raise ValidationError for any other text."""
    return _parse_child(_RUN_ID, text, "run")


def _parse_child(pattern: re.Pattern[str], text: str, kind: str) -> tuple[RegistryId, str]:
    match = pattern.fullmatch(text)
    if match is None:
        like = f"{RegistryId('SUBSCRIPTION', 'GROUP', 'REGISTRY')}/{kind}s/{kind.upper()}"
        raise ValidationError([f"{text!r} is not the id of a {kind}, which looks like {like}"])
    *registry, name = match.groups()
    return RegistryId(*registry), name
