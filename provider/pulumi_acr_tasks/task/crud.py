"""Create, update and delete of a task; its read has a file of its own. Values are flat camelCase dicts, as in state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.ids import RegistryId, parse_task_id
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    ForbiddenError,
    NotFoundError,
    RegistryNotFoundError,
    TaskExistsError,
    UpdateError,
    ValidationError,
)
from pulumi_acr_tasks.journal.journal import TASK, request_hash
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.equality import identity_type, same_member
from pulumi_acr_tasks.schema.secrets import masked
from pulumi_acr_tasks.task.diff import LOOK_UP, PATCH, PUT, REPLACE, Plan, diff
from pulumi_acr_tasks.task.drift import PURE_OUTPUTS, observed, outputs, with_identity
from pulumi_acr_tasks.task.placeholders import filled
from pulumi_acr_tasks.task.requests import lost, merged_body, patch_body, put_body

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Task
    from pulumi_acr_tasks.service import Service

_TASK = Kind("Task")

UNCONFIRMED = "Creating"
"""The `provisioningState` in the state of a task whose create was never answered."""


def create(service: Service, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Create the task and return its id and outputs.

    A task of that name is taken over, and changed only where it differs, when the inputs say `adopt` or the journal
    says that a killed `up` of this URN made it. Otherwise raises TaskExistsError.
    """
    registry, name = RegistryId.parse(inputs["registryId"]), inputs["taskName"]
    id_, urn = registry.task(name), engine.current_request().urn
    owner = service.claims().manager(urn, service.claim_key(id_))
    if owner is not None:
        raise TaskExistsError(
            f"task {name} of registry {registry.registry_name} belongs to another resource of this program\n"
            f"give this one another task name, or remove the other one ({owner})"
        )
    actual_location = _location(service, registry, inputs)
    tasks = service.tasks(registry)
    existing = tasks.find(name)
    if existing is None:
        if not tasks.claim(name):
            raise TaskExistsError(
                f"task {name} of registry {registry.registry_name} is another resource of this program"
            )
        answer = _make(service, registry, inputs, actual_location)
    else:
        answer = _adopt(service, registry, inputs, existing, _origin(service, registry, inputs))
    service.journal().returned()
    service.keep(id_)
    return id_, outputs(inputs, answer.raw)


def _make(service: Service, registry: RegistryId, inputs: dict[str, Any], actual_location: str) -> Task:
    """Send the PUT of a new task. The journal has its entry from before the request until the engine has its id."""
    name, journal, tasks = inputs["taskName"], service.journal(), service.tasks(registry)
    entry = journal.begin(
        TASK,
        endpoint=service.endpoint_name,
        resource_id=registry.task(name),
        content_hash=request_hash(masked(inputs, _TASK)),
    )
    try:
        return _put(service, registry, name, put_body(inputs, actual_location))
    except BaseException as error:
        tasks.release(name)
        if isinstance(error, AcrTasksError) and not error.uncertain:
            journal.end(entry)
        elif isinstance(error, AcrTasksError):
            id_ = registry.task(name)
            error.add(f"task {name} may have been made all the same ({id_})")
            error.unconfirmed = id_, {**inputs, "provisioningState": UNCONFIRMED}
        raise


def _put(service: Service, registry: RegistryId, name: str, body: dict[str, Any]) -> Task:
    """Send a PUT of the task, and keep the answer in the cache."""
    answer = service.client().tasks.create(registry, name, body)
    service.tasks(registry).wrote(name, answer)
    return answer


def _origin(service: Service, registry: RegistryId, inputs: dict[str, Any]) -> str:
    """Return why an existing task may be taken over, in words; raise TaskExistsError if it may not."""
    name = inputs["taskName"]
    id_ = registry.task(name)
    if service.journal().find(TASK, endpoint=service.endpoint_name, resource_id=id_):
        return "was made by an earlier update that did not end"
    if inputs.get("adopt"):
        return "exists already"
    raise TaskExistsError(
        f"task {name} exists already in registry {registry.registry_name}\n"
        "if the resource had another name or parent before, give it the option aliases; if it is to be replaced "
        "(--replace, taint), the option deleteBeforeReplace; otherwise set adopt to take the task over, or delete it "
        f"first ({id_})"
    )


def _adopt(service: Service, registry: RegistryId, inputs: dict[str, Any], existing: Task, origin: str) -> Task:
    """Change an existing task where it differs from the inputs; replace it whole without permission for listDetails."""
    client, name = service.client(), inputs["taskName"]
    try:
        live = client.tasks.get_details(registry, name).raw
    except ForbiddenError:
        engine.console().warning(f"task {name} is adopted unseen (listDetails is not permitted): all of it is replaced")
        return _put(service, registry, name, put_body(inputs, _location(service, registry, inputs), replacing=True))
    # As a refresh sees it: a default of the service that the program does not write is no difference.
    seen = observed(inputs, live, clear=True)
    plan = diff(seen, inputs)
    engine.console().info(f"task {name} {origin}, and is taken over: {plan}")
    return _change(service, registry, plan, seen, inputs, live) or existing


def update(service: Service, id_: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Change the task by one request (two for a PUT), and return the new outputs.

    A task that is gone although its registry exists is created again, and a warning says so. A task whose create was
    never confirmed is looked for first.
    """
    noted, service.notes.plan = service.notes.plan, None
    if noted is not None and noted[:2] == (old, new):
        _, _, new, plan = noted
    else:
        new, plan = planned(service, id_, old, new)
    registry, name = RegistryId.parse(new["registryId"]), new["taskName"]
    if old.get("provisioningState") == UNCONFIRMED:
        actual_location = _location(service, registry, new)
        existing = service.tasks(registry).find(name)
        if existing is not None:
            answer = _adopt(service, registry, new, existing, "was made although no answer said so")
        else:
            answer = _make(service, registry, new, actual_location)
        return outputs(new, answer.raw)
    try:
        changed = _change(service, registry, plan, old, new)
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        changed = _make_again(service, registry, old, new)
    if changed is None:
        kept = {key: old[key] for key in PURE_OUTPUTS if key in old}
        return with_identity({**outputs(new, {}), **kept}, old.get("identity"))
    return outputs(new, changed.raw)


def planned(service: Service, id_: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], Plan]:
    """Return the new inputs with a secret in place of each placeholder, and how they differ from the old outputs.

    The engine has the task in its state: the journal's entry is confirmed, and the task is the resource's own unless it
    is replaced.
    """
    service.refuse_other_endpoint("task", old)
    new = filled(new, old)
    plan = diff(old, new)
    service.journal().confirm(id_)
    if plan.route != REPLACE:
        service.keep(id_)
    return new, plan


def _change(
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
    name = new["taskName"]
    if any(each.route == LOOK_UP for each in plan.changes):
        _location(service, registry, new)
    if plan.route not in (PATCH, PUT):
        return None
    if plan.route == PATCH:
        answer = service.client().tasks.update(registry, name, patch_body(plan, old, new))
        unmet = _unmet(plan, new, answer)
        if not unmet:
            service.tasks(registry).wrote(name, answer)
            return answer
        engine.console().info(f"PUT (PATCH did not change {unmet})")
        live = None
    answer = _put(service, registry, name, _whole_body(service, registry, plan, old, new, live))
    unmet = _unmet(plan, new, answer)
    if unmet:
        raise UpdateError(f"task {name}: the service accepted the update, and its answer shows the old {unmet}")
    return answer


def _location(service: Service, registry: RegistryId, inputs: dict[str, Any]) -> str:
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


def _whole_body(
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
    return put_body(new, visible.get("location") or _location(service, registry, new), replacing=True)


def _unmet(plan: Plan, new: dict[str, Any], answer: Task) -> str:
    """Return the paths of `plan` that the answer shows unchanged; empty when all is as asked."""
    asked = {each.path for each in plan.changes}
    left = diff(observed(new, answer.raw), new).changes
    return ", ".join(each.path for each in left if each.path in asked)


def _make_again(service: Service, registry: RegistryId, old: dict[str, Any], new: dict[str, Any]) -> Task:
    """Create a task that was gone, with a warning."""
    name, actual_location = new["taskName"], _location(service, registry, new)
    has_principal = "System" in identity_type(old.get("identity") or {})
    cost = "; its system-assigned identity has another principal id" if has_principal else ""
    engine.console().warning(f"task {name} was gone; it is created again{cost}")
    return _put(service, registry, name, put_body(new, actual_location))


def delete(service: Service, id_: str, props: dict[str, Any]) -> None:
    """Delete the task. A task that is gone already, with its registry or without, is a success; a message says so.

    A task that another resource of the program has or will adopt stays, and a message says so.
    """
    service.refuse_other_endpoint("task", props)
    registry, name = parse_task_id(id_)
    claims, journal, urn = service.claims(), service.journal(), engine.current_request().urn
    _warn_of_unrecorded(service, urn)
    claims.release(urn)
    heir = claims.heir(urn, service.claim_key(id_))
    if heir is not None:
        journal.confirm(id_)
        engine.console().info(f"task {name} is not deleted: it belongs to {heir.rpartition('::')[2]} now ({heir})")
        return
    gone = ""
    try:
        if not service.client().tasks.delete(registry, name):
            gone = f"task {name}"
    except NotFoundError:
        gone = service.gone(registry) or f"task {name}"
    journal.confirm(id_)
    service.tasks(registry).wrote(name, None)
    if gone:
        engine.console().info(f"{gone} was gone already")


def _warn_of_unrecorded(service: Service, urn: str) -> None:
    """Warn, once, of tasks that killed updates may have left and that neither state nor program know.

    There is no warning when the program still declares the resource: its deletion is part of a replacement.
    """
    claims, endpoint = service.claims(), service.endpoint_name.lower()
    if claims.declares(urn):
        return
    for entry in service.journal().remaining(TASK):
        known = claims.declares(entry.urn) or entry.urn == urn or entry.endpoint.lower() != endpoint
        if not known and service.is_first_warning(entry.urn):
            engine.stack_console().warning(
                f"{entry.urn.rpartition('::')[2]} may have been made by an update that did not end, and the state "
                f"does not know it; if it exists and nobody needs it, delete it: {entry.resource_id}"
            )
