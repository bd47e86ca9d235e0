"""What create, read, update and delete do with a task. Inputs and outputs are flat camelCase dicts, as in state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import host
from pulumi_acr_tasks.arm.ids import RegistryId, parse_task_id
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    ForbiddenError,
    NotFoundError,
    RegistryNotFoundError,
    TaskExistsError,
)
from pulumi_acr_tasks.journal.journal import TASK, request_hash
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.equality import identity_type
from pulumi_acr_tasks.schema.secrets import masked, secret_values
from pulumi_acr_tasks.task.change import change, location
from pulumi_acr_tasks.task.diff import diff
from pulumi_acr_tasks.task.drift import observed
from pulumi_acr_tasks.task.outputs import PURE_OUTPUTS, inputs_of, outputs, with_identity
from pulumi_acr_tasks.task.requests import put_body

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Task
    from pulumi_acr_tasks.service import Service

_TASK = Kind("Task")

UNCONFIRMED = "Creating"
"""The `provisioningState` in the state of a task of which no answer says whether it was made."""


def create(service: Service, inputs: dict[str, Any], urn: str | None) -> tuple[str, dict[str, Any]]:
    """Creates the task and gives its id and outputs.

    One that exists already is taken over, and changed only where it differs, when the inputs say `adopt` or the journal
    says that an `up` of this URN made it and was killed; otherwise TaskExistsError.
    """
    registry, name = RegistryId.parse(inputs["registryId"]), inputs["taskName"]
    owner = service.claims(urn).manager(urn, service.claim_key(registry.task(name), urn))
    if owner is not None:
        raise TaskExistsError(
            f"task {name} of registry {registry.registry_name} belongs to another resource of this program\n"
            f"give this one another task_name, or take the other one out ({owner})"
        )
    place = location(service, registry, inputs, urn)
    inventory = service.inventory(registry, urn)
    existing = inventory.find(name)
    if existing is None:
        if not inventory.claim(name):
            raise TaskExistsError(
                f"task {name} of registry {registry.registry_name} is another resource of this program"
            )
        answer = _make(service, registry, inputs, place, urn)
    else:
        whose = _whose(service, registry, inputs, urn)
        answer = _adopt(service, registry, inputs, existing, urn, whose)
    service.journal(urn).returned(urn)
    service.keep(urn, registry.task(name))
    return registry.task(name), outputs(inputs, answer.raw)


def _make(service: Service, registry: RegistryId, inputs: dict[str, Any], place: str, urn: str | None) -> Task:
    """Sends the PUT of a new task, which the journal knows from before until the engine shows it."""
    name, journal, inventory = inputs["taskName"], service.journal(urn), service.inventory(registry, urn)
    entry = journal.begin(
        TASK,
        urn,
        endpoint=service.endpoint_name,
        resource_id=registry.task(name),
        content_hash=request_hash(masked(inputs, _TASK)),
    )
    try:
        answer = service.client(urn).tasks.create(registry, name, put_body(inputs, place))
    except BaseException as error:
        inventory.release(name)
        if isinstance(error, AcrTasksError) and not error.uncertain:
            journal.end(entry)
        elif isinstance(error, AcrTasksError):
            id_ = registry.task(name)
            error.add(f"task {name} may have been made all the same ({id_})")
            error.unconfirmed = id_, {**inputs, "provisioningState": UNCONFIRMED}
        raise
    inventory.wrote(name, answer)
    return answer


def _whose(service: Service, registry: RegistryId, inputs: dict[str, Any], urn: str | None) -> str:
    """Say where a task comes from that is to be adopted or is known to be ours; raise TaskExistsError for any other."""
    name = inputs["taskName"]
    id_ = registry.task(name)
    if service.journal(urn).find(urn, TASK, endpoint=service.endpoint_name, resource_id=id_):
        return "was made by an earlier update that did not end"
    if inputs.get("adopt"):
        return "exists already"
    raise TaskExistsError(
        f"task {name} exists already in registry {registry.registry_name}\n"
        "if the resource had another name or parent before, give it opts=ResourceOptions(aliases=[...]); otherwise "
        f"set adopt=True to take the task over, or delete it first ({id_})"
    )


def _adopt(
    service: Service, registry: RegistryId, inputs: dict[str, Any], existing: Task, urn: str | None, whose: str
) -> Task:
    """Changes an existing task where it differs from the inputs; without permission to see secrets, all of it."""
    client, name = service.client(urn), inputs["taskName"]
    try:
        live = client.tasks.get_details(registry, name).raw
    except ForbiddenError:
        host.console(urn).warning(
            f"task {name} is adopted unseen (listDetails is not permitted): all of it is replaced"
        )
        body = put_body(inputs, location(service, registry, inputs, urn), replacing=True)
        answer = client.tasks.create(registry, name, body)
        service.inventory(registry, urn).wrote(name, answer)
        return answer
    # As a refresh sees it: a default of the service that the program does not write is no difference.
    seen = observed(inputs, live, clear=True)
    host.console(urn).info(f"task {name} {whose}, and is taken over: {diff(seen, inputs)}")
    return change(service, registry, seen, inputs, urn, live) or existing


def update(service: Service, old: dict[str, Any], new: dict[str, Any], urn: str | None) -> dict[str, Any]:
    """Tells the service what has changed, by one request (two for a PUT), and gives the new outputs.

    A task that is gone although its registry exists is created again, and a warning says so. One of which no answer has
    said that it was made is looked for first.
    """
    service.refuse_other_endpoint("task", old)
    registry, name = RegistryId.parse(new["registryId"]), new["taskName"]
    service.journal(urn).confirm(urn, registry.task(name))
    service.keep(urn, registry.task(name))
    if old.get("provisioningState") == UNCONFIRMED:
        place = location(service, registry, new, urn)
        existing = service.inventory(registry, urn).find(name)
        whose = "was made although no answer said so"
        made = _adopt(service, registry, new, existing, urn, whose) if existing else None
        return outputs(new, (made or _make(service, registry, new, place, urn)).raw)
    try:
        answer = change(service, registry, old, new, urn)
    except RegistryNotFoundError:
        raise
    except NotFoundError:
        place = location(service, registry, new, urn)
        lost = "; its system-assigned identity has another principal id" if _has_principal(old) else ""
        host.console(urn).warning(f"task {name} was gone; it is created again{lost}")
        answer = service.client(urn).tasks.create(registry, name, put_body(new, place))
        service.inventory(registry, urn).wrote(name, answer)
    if answer is None:
        kept = {key: old[key] for key in PURE_OUTPUTS if key in old}
        return with_identity({**new, **kept}, old.get("identity"))
    return outputs(new, answer.raw)


def _has_principal(props: dict[str, Any]) -> bool:
    return "System" in identity_type(props.get("identity") or {})


def read(
    service: Service, id_: str, props: dict[str, Any], urn: str | None
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the task's outputs and its inputs; None when it is gone, and a warning says what is gone.

    With `secretDrift` they hold the secrets that the service has, in clear text: to be encrypted by the caller. A task
    that cannot be read is an error, as a green refresh that read nothing would be a lie.
    """
    service.refuse_other_endpoint("task", props)
    service.journal(urn).confirm(urn, id_)
    registry, name = parse_task_id(id_)
    service.claims(urn).read(urn, service.claim_key(id_, urn))
    inputs = inputs_of(props)
    # A read by id (opts.id) has only inputs: nothing that could be gone, and no other reads beside it.
    alone = not any(key in props for key in PURE_OUTPUTS)
    try:
        answer, clear = _seen(service, registry, name, inputs, urn, alone=alone)
    except NotFoundError:
        if alone:
            raise
        gone = service.gone(registry, urn) or f"task {name}"
        host.console(urn).warning(f"{gone} does not exist any more; the task is dropped from the state")
        return None
    ours = {**inputs, "registryId": inputs.get("registryId") or str(registry), "taskName": name}
    seen = observed(ours, answer.raw, clear=clear)
    return outputs(seen, answer.raw), seen


def _seen(
    service: Service, registry: RegistryId, name: str, inputs: dict[str, Any], urn: str | None, *, alone: bool
) -> tuple[Task, bool]:
    """Read a task, and say whether with its secrets. Only the answer to its own GET raises NotFoundError."""
    client, inventory = service.client(urn), service.inventory(registry, urn)
    drift = service.settings.secret_drift and any(True for _ in secret_values(inputs, _TASK, addresses=False))
    if drift and not inventory.is_masked:
        try:
            return client.tasks.get_details(registry, name), True
        except NotFoundError:
            pass  # the task's own GET is asked below
        except ForbiddenError as error:
            if inventory.refused_details():
                host.console(urn).warning(
                    f"secrets of registry {registry.registry_name} are not compared, although acr-tasks:secretDrift "
                    f"asks for it\n{error}"
                )
    return client.tasks.get(registry, name) if alone else inventory.read(name), False


def delete(service: Service, id_: str, props: dict[str, Any], urn: str | None) -> None:
    """Delete the task. One that is gone already, with its registry or without, is a success, and a message says so.

    A task that another resource of the program has or will adopt is only forgotten, and a message says so.
    """
    service.refuse_other_endpoint("task", props)
    registry, name = parse_task_id(id_)
    service.tell_left(urn)
    claims = service.claims(urn)
    claims.release(urn)
    heir = claims.heir(urn, service.claim_key(id_, urn))
    if heir is not None:
        service.journal(urn).confirm(urn, id_)
        host.console(urn).info(f"task {name} is not deleted: it belongs to {heir.rpartition('::')[2]} now ({heir})")
        return
    gone = ""
    try:
        if not service.client(urn).tasks.delete(registry, name):
            gone = f"task {name}"
    except NotFoundError:
        gone = service.gone(registry, urn) or f"task {name}"
    service.journal(urn).confirm(urn, id_)
    service.inventory(registry, urn).wrote(name, None)
    if gone:
        host.console(urn).info(f"{gone} was gone already")
