"""Cancelling a run whose resource is deleted, and seeing that it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.models import Date
from pulumi_acr_tasks.errors import NotFoundError, RunError, ServiceError
from pulumi_acr_tasks.run.wait.status import TERMINAL

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.run.wait.clock import Clock
    from pulumi_acr_tasks.run.wait.wait import Surroundings
    from pulumi_acr_tasks.service import Service

_PATIENCE, _PAUSE = 30.0, 1.0  # seconds for a run to end that was asked to; seconds between two looks


def cancel_command(registry: RegistryId, run_id: str) -> str:
    """Return how a run is cancelled by hand."""
    return f"By hand: az acr task cancel-run -r {registry.registry_name} --run-id {run_id}"


def cancel(
    service: Service, registry: RegistryId, run_id: str, state: dict[str, Any], around: Surroundings, clock: Clock
) -> None:
    """Cancel a run if it has not ended, and see that it ends.

    The answer to the request has no body, so only the run itself tells that the request has reached it.
    """
    client = service.client(around.urn)
    try:
        run = client.runs.get(registry, run_id)
        if is_another(state, run):
            around.console.info(f"run {run_id} was gone already")
            return
        if run.properties.status in TERMINAL:
            return
        refused = _ask_to_end(client, registry, run_id)
        until = clock.now() + (0.0 if refused else _PATIENCE)
        while (status := client.runs.get(registry, run_id).properties.status or "Queued") not in TERMINAL:
            if clock.now() >= until or clock.wait(around.stop, _PAUSE):
                break
    except NotFoundError:
        around.console.info(f"{service.gone(registry, around.urn) or f'run {run_id}'} was gone already")
        return
    if status in TERMINAL:
        around.console.status(f"{run_id} is {status.lower()}")
        return
    if refused is not None and not isinstance(refused, NotFoundError):
        raise refused
    answer = "the service answered 404 when it was cancelled" if refused else "its cancellation was accepted"
    raise RunError(
        f"Run {run_id} in registry {registry.registry_name} is still {status}, although {answer}. It stays in state: "
        f"run the same command again. {cancel_command(registry, run_id)}",
        run_id=run_id,
        status=status,
    ) from refused


def _ask_to_end(client: Client, registry: RegistryId, run_id: str) -> ServiceError | None:
    """Ask for the end of a run; return the refusal, if there is one."""
    try:
        client.runs.cancel(registry, run_id)
    except ServiceError as error:
        return error
    return None


def is_another(state: dict[str, Any], run: Run) -> bool:
    """Whether a run has only the id of the one in state: a registry made anew counts its runs from the beginning."""
    known, created = state.get("createTime"), run.properties.create_time
    return bool(known and created) and Date(known).moment != Date(created).moment
