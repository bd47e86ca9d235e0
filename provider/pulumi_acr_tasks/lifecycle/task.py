"""What create, read, update and delete do with a task. Inputs and outputs are flat camelCase dicts, as in state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import host
from pulumi_acr_tasks.arm.ids import RegistryId, parse_task_id
from pulumi_acr_tasks.errors import (
    ForbiddenError,
    NotFoundError,
    RegistryNotFoundError,
    TaskExistsError,
    ThrottledError,
    TransportError,
    UnavailableError,
    UpdateError,
    ValidationError,
)
from pulumi_acr_tasks.plan.diff import LOOK_UP, PATCH, PUT, Plan, diff
from pulumi_acr_tasks.plan.drift import live_task, observed
from pulumi_acr_tasks.plan.equality import same_member
from pulumi_acr_tasks.plan.patch import patch_body, put_body

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Task
    from pulumi_acr_tasks.lifecycle.service import Service

# What a task has beyond its inputs; an input that is called like one of ARM's own members has both.
PURE_OUTPUTS = ("type", "provisioningState", "creationDate", "baseImageDependencies", "systemData")


def create(service: Service, inputs: dict[str, Any], urn: str | None) -> tuple[str, dict[str, Any]]:
    """Creates the task and gives its id and outputs.

    One that exists already is taken over with `adopt`, changed only where it differs; without it TaskExistsError.
    """
    registry, name = RegistryId.parse(inputs["registryId"]), inputs["taskName"]
    client = service.client(urn)
    location = _location(service, registry, inputs, urn)
    try:
        existing: Task | None = client.tasks.get(registry, name)
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        existing = None
    if existing is None:
        answer = client.tasks.create(registry, name, put_body(inputs, location))
    elif inputs.get("adopt"):
        answer = _adopt(service, registry, inputs, urn)
    else:
        raise TaskExistsError(
            f"task {name} exists already in registry {registry.registry_name}\n"
            f"set adopt=True to take it over, or delete it first ({registry.task(name)})"
        )
    return registry.task(name), outputs(inputs, answer.raw)


def _adopt(service: Service, registry: RegistryId, inputs: dict[str, Any], urn: str | None) -> Task:
    """Changes an existing task where it differs from the inputs; without permission to see secrets, all of it."""
    client, name = service.client(urn), inputs["taskName"]
    try:
        existing = client.tasks.get_details(registry, name)
    except ForbiddenError:
        host.console(urn).warning(
            f"task {name} is adopted unseen (listDetails is not permitted): all of it is replaced"
        )
        return client.tasks.create(registry, name, put_body(inputs, _location(service, registry, inputs, urn)))
    old = {**inputs, **{key: None for key in inputs if key not in ("registryId", "taskName", "endpoint", "location")}}
    changed = _send(service, registry, {**old, **live_task(existing.raw)}, inputs, urn)
    return changed if changed is not None else client.tasks.get(registry, name)


def update(service: Service, old: dict[str, Any], new: dict[str, Any], urn: str | None) -> dict[str, Any]:
    """Tells the service what has changed, by one request, and gives the new outputs.

    A task that is gone although its registry exists is created again, and a warning says so.
    """
    service.refuse_other_endpoint("task", old)
    registry, name = RegistryId.parse(new["registryId"]), new["taskName"]
    try:
        answer = _send(service, registry, old, new, urn)
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        location = _location(service, registry, new, urn)
        host.console(urn).warning(f"task {name} was gone; it is created again")
        answer = service.client(urn).tasks.create(registry, name, put_body(new, location))
    if answer is None:
        kept = {key: old[key] for key in PURE_OUTPUTS if key in old}
        return _with_identity({**new, **kept}, old.get("identity"))
    return outputs(new, answer.raw)


def _send(
    service: Service, registry: RegistryId, old: dict[str, Any], new: dict[str, Any], urn: str | None
) -> Task | None:
    """Sends the one request that a difference needs; None when it needs none.

    How PATCH merges is documented in places only: what its answer shows unchanged is put, once.
    """
    plan, client, name = diff(old, new), service.client(urn), new["taskName"]
    if any(change.route == LOOK_UP for change in plan.changes):
        _location(service, registry, new, urn)
    if plan.route == PATCH:
        answer = client.tasks.update(registry, name, patch_body(plan, old, new))
        unmet = _unmet(plan, new, answer)
        if not unmet:
            return answer
        host.console(urn).info(f"PUT (PATCH did not change {unmet})")
    if plan.route in (PATCH, PUT):
        location = _location(service, registry, new, urn)
        answer = client.tasks.create(registry, name, put_body(new, location, replacing=True))
        unmet = _unmet(plan, new, answer)
        if unmet:
            raise UpdateError(f"task {name}: the service accepted the update, and its answer shows the old {unmet}")
        return answer
    return None


def _unmet(plan: Plan, new: dict[str, Any], answer: Task) -> str:
    """Names what was to change and has not, as far as the answer shows it; empty when all is as asked."""
    asked = {change.path for change in plan.changes}
    left = diff(observed(new, answer.raw), new).changes
    return ", ".join(change.path for change in left if change.path in asked)


def read(
    service: Service, id_: str, props: dict[str, Any], urn: str | None
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Gives the task's outputs and its inputs, or None when it is gone although its registry exists.

    When the service does not let us see it, or is ill, what we know is kept and a warning says why.
    """
    service.refuse_other_endpoint("task", props)
    registry, name = parse_task_id(id_)
    client = service.client(urn)
    inputs = {key: value for key, value in props.items() if key not in PURE_OUTPUTS}
    inputs = _without_service_identity(inputs)
    try:
        answer = client.tasks.get(registry, name)
    except (ForbiddenError, ThrottledError, UnavailableError, TransportError) as error:
        host.console(urn).warning(f"what was known of the task is kept\n{error}")
        return props, inputs
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        # The body of a missing task's 404 is not known: that the registry exists is asked, not guessed.
        client.registries.get(registry)
        if not any(key in props for key in PURE_OUTPUTS):
            raise  # a read by id (opts.id) has nothing that could be gone
        return None
    seen = observed({**inputs, "registryId": inputs.get("registryId") or str(registry), "taskName": name}, answer.raw)
    return outputs(seen, answer.raw), seen


def delete(service: Service, id_: str, props: dict[str, Any], urn: str | None) -> None:
    """Deletes the task; one that is gone already is a success, and a message says so."""
    service.refuse_other_endpoint("task", props)
    registry, name = parse_task_id(id_)
    try:
        there_was_one = service.client(urn).tasks.delete(registry, name)
    except NotFoundError:
        there_was_one = False
    if not there_was_one:
        host.console(urn).info(f"task {name} was gone already")


def outputs(inputs: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Gives a task's outputs: its inputs, which have the secrets that answers hide, and what the service set."""
    properties = answer.get("properties") or {}
    given = {
        "type": answer.get("type"),
        "provisioningState": properties.get("provisioningState"),
        "creationDate": properties.get("creationDate"),
        "baseImageDependencies": (properties.get("step") or {}).get("baseImageDependencies"),
        "systemData": answer.get("systemData"),
    }
    outs = {**inputs, **{key: value for key, value in given.items() if value is not None}}
    return _with_identity(outs, answer.get("identity"))


def _with_identity(outs: dict[str, Any], given: Any) -> dict[str, Any]:
    """Adds to a declared identity the principals that the service gave it."""
    declared = outs.get("identity")
    if not isinstance(declared, dict) or not isinstance(given, dict):
        return outs
    principals = {key: given[key] for key in ("principalId", "tenantId") if given.get(key)}
    identity = {**declared, **principals}
    if isinstance(declared.get("userAssignedIdentities"), dict):
        known = {id_.lower(): item for id_, item in (given.get("userAssignedIdentities") or {}).items()}
        identity["userAssignedIdentities"] = {
            id_: known.get(id_.lower()) or {} for id_ in declared["userAssignedIdentities"]
        }
    return {**outs, "identity": identity}


def _without_service_identity(inputs: dict[str, Any]) -> dict[str, Any]:
    """Takes out of an identity what the service added to it."""
    identity = inputs.get("identity")
    if not isinstance(identity, dict):
        return inputs
    declared = {key: value for key, value in identity.items() if key not in ("principalId", "tenantId")}
    if isinstance(declared.get("userAssignedIdentities"), dict):
        declared["userAssignedIdentities"] = {id_: {} for id_ in declared["userAssignedIdentities"]}
    return {**inputs, "identity": declared}


def _location(service: Service, registry: RegistryId, inputs: dict[str, Any], urn: str | None) -> str:
    """Gives the registry's location; raises ValidationError when the inputs name another one."""
    actual = str(service.registry(registry, urn).get("location") or "")
    declared = inputs.get("location")
    if declared is not None and not same_member("Task", "location", declared, actual):
        raise ValidationError(
            [
                f"location: {declared!r} is not the location of registry {registry.registry_name}, {actual!r}; "
                "leave it out, a task is always where its registry is"
            ]
        )
    return actual
