"""Refusals of correct requests, chosen by switches: missing rights, subscriptions without tasks, webhooks."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.switches import Switches

CALLER = "user@emulator.local"


def check_change_of_task(switches: Switches, registry: RegistryRow) -> None:
    """Refuse changes in a subscription that may not have tasks. Raises ServiceError."""
    if switches.tasks_operations == "none":
        raise errors.TASKS_OPERATIONS_NOT_ALLOWED(registry=registry.name, subscription=registry.subscription_id)


def check_run(switches: Switches, registry: RegistryRow) -> None:
    """Refuse runs in a subscription that may not have them. Raises ServiceError."""
    if switches.tasks_operations != "allowed":
        raise errors.TASKS_OPERATIONS_NOT_ALLOWED(registry=registry.name, subscription=registry.subscription_id)


def check_agent_pool(switches: Switches, registry: RegistryRow, pool: str | None) -> None:
    """Refuse a run on an agent pool: the emulator has no pools. Raises ServiceError."""
    if pool and switches.agent_pools == "refused":
        raise errors.AGENT_POOL_NOT_FOUND(
            resource=f"{registry.name}/agentPools/{pool}", group=registry.resource_group_name
        )


def check_list_details(switches: Switches, registry: RegistryRow, task_name: str) -> None:
    """Refuse to show secrets. Raises ServiceError."""
    if switches.list_details == "refused":
        action = "Microsoft.ContainerRegistry/registries/tasks/listDetails/action"
        raise errors.AUTHORIZATION_FAILED(
            caller=CALLER, action=action, scope=f"{registry.id}/tasks/{task_name.lower()}"
        )


def check_webhooks(switches: Switches, properties: dict[str, Any]) -> None:
    """Refuse the source triggers of a request: the repository rejects the webhook. Raises ServiceError."""
    triggers = (properties.get("trigger") or {}).get("sourceTriggers") or []
    if switches.source_trigger_check == "accepted" or not triggers:
        return
    repository = triggers[0].get("sourceRepository") or {}
    is_github = (repository.get("sourceControlType") or "Github").lower() == "github"
    refusal = errors.WEBHOOK_FORBIDDEN if switches.source_trigger_check == "409" else errors.WEBHOOK_NOT_FOUND
    error = refusal(repository=repository.get("repositoryUrl", ""))
    error.target = "GitHub" if is_github else "VisualStudioTeamService"
    raise error
