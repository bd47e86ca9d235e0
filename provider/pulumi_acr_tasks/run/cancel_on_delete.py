"""Cancellation of a run whose resource is deleted; an awaited run is canceled where it is awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.models import Date
from pulumi_acr_tasks.errors import NotFoundError, RunError, ServiceError
from pulumi_acr_tasks.run.wait.failures import cancel_command
from pulumi_acr_tasks.run.wait.terms import TERMINAL

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.run.wait.wait import Call
    from pulumi_acr_tasks.service import Service

_TIMEOUT, _PAUSE = 30.0, 1.0  # seconds for a canceled run to end; seconds between two polls


def cancel(
    service: Service, registry: RegistryId, run_id: str, state: dict[str, Any], call: Call, clock: Clock
) -> None:
    """Cancel a run if it has not ended, and wait for its end.

    The service's answer has no body, so only the run's status shows that the cancellation has reached it.
    Raises RunError when the run goes on, ServiceError when the service refuses.
    """
    client = service.client()
    try:
        run = client.runs.get(registry, run_id)
        if is_another(state, run):
            call.console.info(f"run {run_id} was gone already")
            return
        if run.properties.status in TERMINAL:
            return
        refusal = _request_cancellation(client, registry, run_id)
        until = clock.now() + (0.0 if refusal else _TIMEOUT)
        while (status := client.runs.get(registry, run_id).properties.status or "Queued") not in TERMINAL:
            if clock.now() >= until or clock.wait(call.cancel, _PAUSE):
                break
    except NotFoundError:
        call.console.info(f"{service.gone(registry) or f'run {run_id}'} was gone already")
        return
    if status in TERMINAL:
        call.console.status(f"{run_id} is {status.lower()}")
        return
    if refusal is not None and not isinstance(refusal, NotFoundError):
        raise refusal
    answer = "the service answered 404 when it was canceled" if refusal else "its cancellation was accepted"
    raise RunError(
        f"Run {run_id} in registry {registry.registry_name} is still {status}, although {answer}. It stays in state: "
        f"run the same command again. By hand: {cancel_command(registry, run_id)}",
        run_id=run_id,
        status=status,
    ) from refusal


def _request_cancellation(client: Client, registry: RegistryId, run_id: str) -> ServiceError | None:
    """Ask the service to cancel a run; return its refusal, None when it accepts."""
    try:
        client.runs.cancel(registry, run_id)
    except ServiceError as error:
        return error
    return None


def is_another(state: dict[str, Any], run: Run) -> bool:
    """Return whether a run is another one than that in state, with the same id.

    A registry that was made again counts its runs from the beginning.
    """
    known, created = state.get("createTime"), run.properties.create_time
    return bool(known and created) and Date(known).moment != Date(created).moment
