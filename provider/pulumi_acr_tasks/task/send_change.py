"""The requests that change an existing task: one PATCH, or a PUT that starts from what the service has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.errors import ForbiddenError, UpdateError, ValidationError
from pulumi_acr_tasks.schema.equality import same_member
from pulumi_acr_tasks.task.diff import LOOK_UP, PATCH, PUT, Plan, diff
from pulumi_acr_tasks.task.drift import observed
from pulumi_acr_tasks.task.requests import lost, merged_body
from pulumi_acr_tasks.task.request_bodies import patch_body, put_body

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Task
    from pulumi_acr_tasks.service import Service


def change(
    service: Service,
    registry: RegistryId,
    plan: Plan,
    old: dict[str, Any],
    new: dict[str, Any],
    live: dict[str, Any] | None = None,
) -> Task | None:
    """Send the one request that `plan` needs, the difference of `old` and `new`; return the task, None without one.

    How PATCH merges is documented in places only: a change that its answer does not show is put, once. `live` is the
    answer of listDetails, where it is known already. Raises UpdateError when the PUT does not help either.
    """
    name, client = new["taskName"], service.client()
    if any(each.route == LOOK_UP for each in plan.changes):
        location(service, registry, new)
    if plan.route not in (PATCH, PUT):
        return None
    if plan.route == PATCH:
        answer = client.tasks.update(registry, name, patch_body(plan, old, new))
        unmet = _unmet(plan, new, answer)
        if not unmet:
            service.tasks(registry).wrote(name, answer)
            return answer
        engine.console().info(f"PUT (PATCH did not change {unmet})")
        live = None
    answer = client.tasks.create(registry, name, _put_body(service, registry, plan, old, new, live))
    service.tasks(registry).wrote(name, answer)
    unmet = _unmet(plan, new, answer)
    if unmet:
        raise UpdateError(f"task {name}: the service accepted the update, and its answer shows the old {unmet}")
    return answer


def location(service: Service, registry: RegistryId, inputs: dict[str, Any]) -> str:
    """Return the registry's location; raise ValidationError when the inputs name another one."""
    declared = inputs.get("location")
    actual = str(service.registry(registry, declared).get("location") or "")
    if declared is not None and not same_member("Task", "location", declared, actual):
        raise ValidationError(
            [
                f"location: {declared!r} is not the location of registry {registry.registry_name}, {actual!r}; "
                "leave it out, a task is always where its registry is"
            ]
        )
    return actual


def _put_body(
    service: Service,
    registry: RegistryId,
    plan: Plan,
    old: dict[str, Any],
    new: dict[str, Any],
    live: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return the PUT's body: the service's task, changed; the program's task where listDetails is not permitted."""
    client, name = service.client(), new["taskName"]
    try:
        return merged_body(live or client.tasks.get_details(registry, name).raw, old, new)
    except ForbiddenError:
        visible = client.tasks.get(registry, name).raw
    gone = lost(plan, visible, new)
    engine.console().warning(
        f"task {name} is put from the program alone, because listDetails is not permitted; "
        + (f"not kept: {', '.join(gone)}" if gone else "nothing that can be seen is lost")
    )
    return put_body(new, visible.get("location") or location(service, registry, new), replacing=True)


def _unmet(plan: Plan, new: dict[str, Any], answer: Task) -> str:
    """Return the paths of `plan` that the answer shows unchanged; empty when all is as asked."""
    asked = {each.path for each in plan.changes}
    left = diff(observed(new, answer.raw), new).changes
    return ", ".join(each.path for each in left if each.path in asked)
