"""Create, read, update and delete of a task. Inputs and outputs are flat camelCase dicts, as in state."""

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
    ValidationError,
)
from pulumi_acr_tasks.journal.journal import TASK, request_hash
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.equality import identity_type
from pulumi_acr_tasks.schema.secrets import MASK, masked, secret_values
from pulumi_acr_tasks.task.diff import Plan, diff
from pulumi_acr_tasks.task.drift import PURE_OUTPUTS, inputs_of, observed, outputs, with_identity
from pulumi_acr_tasks.task.placeholders import filled, unfilled, with_placeholders
from pulumi_acr_tasks.task.request_bodies import put_body
from pulumi_acr_tasks.task.send_change import change, location

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
    actual_location = location(service, registry, inputs)
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
        answer = service.client().tasks.create(registry, name, put_body(inputs, actual_location))
    except BaseException as error:
        tasks.release(name)
        if isinstance(error, AcrTasksError) and not error.uncertain:
            journal.end(entry)
        elif isinstance(error, AcrTasksError):
            id_ = registry.task(name)
            error.add(f"task {name} may have been made all the same ({id_})")
            error.unconfirmed = id_, {**inputs, "provisioningState": UNCONFIRMED}
        raise
    tasks.wrote(name, answer)
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
        answer = client.tasks.create(
            registry, name, put_body(inputs, location(service, registry, inputs), replacing=True)
        )
        service.tasks(registry).wrote(name, answer)
        return answer
    # As a refresh sees it: a default of the service that the program does not write is no difference.
    seen = observed(inputs, live, clear=True)
    plan = diff(seen, inputs)
    engine.console().info(f"task {name} {origin}, and is taken over: {plan}")
    return change(service, registry, plan, seen, inputs, live) or existing


def update(service: Service, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Change the task by one request (two for a PUT), and return the new outputs.

    A task that is gone although its registry exists is created again, and a warning says so. A task whose create was
    never confirmed is looked for first.
    """
    service.refuse_other_endpoint("task", old)
    new = filled(new, old)
    registry, name = RegistryId.parse(new["registryId"]), new["taskName"]
    service.journal().confirm(registry.task(name))
    service.keep(registry.task(name))
    if old.get("provisioningState") == UNCONFIRMED:
        actual_location = location(service, registry, new)
        existing = service.tasks(registry).find(name)
        if existing is not None:
            answer = _adopt(service, registry, new, existing, "was made although no answer said so")
        else:
            answer = _make(service, registry, new, actual_location)
        return outputs(new, answer.raw)
    try:
        changed = change(service, registry, _plan(service, old, new), old, new)
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        changed = _make_again(service, registry, old, new)
    if changed is None:
        kept = {key: old[key] for key in PURE_OUTPUTS if key in old}
        return with_identity({**new, **kept}, old.get("identity"))
    return outputs(new, changed.raw)


def _plan(service: Service, old: dict[str, Any], new: dict[str, Any]) -> Plan:
    """Return the difference that `diff` found for these very values; compare them when it was not asked."""
    noted, service.notes.plan = service.notes.plan, None
    if noted is not None and noted[:2] == (old, new):
        plan: Plan = noted[2]
        return plan
    return diff(old, new)


def _make_again(service: Service, registry: RegistryId, old: dict[str, Any], new: dict[str, Any]) -> Task:
    """Create a task that was gone, with a warning."""
    name, actual_location = new["taskName"], location(service, registry, new)
    has_principal = "System" in identity_type(old.get("identity") or {})
    lost = "; its system-assigned identity has another principal id" if has_principal else ""
    engine.console().warning(f"task {name} was gone; it is created again{lost}")
    answer = service.client().tasks.create(registry, name, put_body(new, actual_location))
    service.tasks(registry).wrote(name, answer)
    return answer


def read(service: Service, id_: str, props: dict[str, Any]) -> tuple[str | None, dict[str, Any], dict[str, Any] | None]:
    """Return the task's id, its outputs, and its inputs where they differ from the state's.

    The id is None when the task is gone; a warning says what is gone. With `secretDrift` the values hold the secrets
    that the service has, in clear text. A task that cannot be read is an error: a refresh
    that read nothing must not look like one that found no change.
    """
    service.refuse_other_endpoint("task", props)
    registry, name = parse_task_id(id_)
    urn = engine.current_request().urn
    service.journal().confirm(id_)
    service.claims().read(urn, service.claim_key(id_))
    inputs = inputs_of(props)
    # A read by id (opts.id) has only inputs: the state has no task to drop, and no other reads to share a request with.
    alone = not any(key in props for key in PURE_OUTPUTS)
    try:
        answer, clear = _read_task(service, registry, name, inputs, alone=alone)
    except NotFoundError:
        if alone:
            raise
        gone = service.gone(registry) or f"task {name}"
        engine.console().warning(f"{gone} does not exist any more; the task is dropped from the state")
        return None, {}, None
    ours = {**inputs, "registryId": inputs.get("registryId") or str(registry), "taskName": name}
    seen = observed(ours, answer.raw, clear=clear)
    # Unchanged inputs stay as they are in state, where secrets are marked leaf by leaf.
    return id_, outputs(seen, answer.raw), None if seen == inputs else seen


def import_(service: Service, id_: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the id, the outputs and the inputs of a task of which only the id is known.

    Only listDetails shows which secrets a task has. The outputs have them in clear text, the inputs have a placeholder
    for each, and a warning names them. Raises ValidationError for an id of anything but a task that a program can
    declare, ServiceError for a task that may not be read.
    """
    registry, answer = _find_task(service, id_)
    name = str(answer.name)
    own = {"registryId": str(registry), "taskName": name, "endpoint": service.settings.endpoint}
    inputs = inputs_of(observed(own, answer.raw, clear=True))
    if not inputs.get("platform") or not inputs.get("step"):
        raise ValidationError([f"task {name} has no platform or no step, so no program can declare it"])
    shown = with_placeholders(inputs)
    if ids := shown.get("identity", {}).get("userAssignedIdentities"):
        shown["identity"] = {**shown["identity"], "userAssignedIdentities": list(ids)}  # as programs write them
    if left := list(unfilled(shown)):
        engine.console().warning(
            f"task {name} has secrets: {', '.join(left)}\n"
            f"the program that pulumi import writes has {MASK} there: replace it by secrets of the configuration; "
            "until then the task keeps its own"
        )
    id_ = registry.task(name)
    service.claims().read(engine.current_request().urn, service.claim_key(id_))
    return id_, outputs(inputs, answer.raw), shown


def _find_task(service: Service, id_: str) -> tuple[RegistryId, Task]:
    """Return the registry and the details of the task that a user names by its id."""
    registry, name = parse_task_id(id_)
    try:
        return registry, service.client().tasks.get_details(registry, name)
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        missing = (
            f"task {name} does not exist in registry {registry.registry_name} of group {registry.resource_group_name}"
        )
        raise ValidationError(
            [f"{missing}; the registry's tasks: az acr task list -r {registry.registry_name}"]
        ) from None
    except ForbiddenError as error:
        error.add("without that permission, take the task over by a resource that sets adopt")
        raise


def _read_task(
    service: Service, registry: RegistryId, name: str, inputs: dict[str, Any], *, alone: bool
) -> tuple[Task, bool]:
    """Read a task; return whether its secrets are shown, too. Only the task's own GET raises NotFoundError."""
    client, tasks = service.client(), service.tasks(registry)
    drift = service.settings.secret_drift and any(True for _ in secret_values(inputs, _TASK, addresses=False))
    if drift and not tasks.is_masked:
        try:
            return client.tasks.get_details(registry, name), True
        except NotFoundError:
            pass  # the task's own GET is asked below
        except ForbiddenError as error:
            if tasks.refused_details():
                engine.console().warning(
                    f"secrets of registry {registry.registry_name} are not compared, although acr-tasks:secretDrift "
                    f"asks for it\n{error}"
                )
    return client.tasks.get(registry, name) if alone else tasks.read(name), False


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
