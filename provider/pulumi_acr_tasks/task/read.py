"""The reads of a task: of one that the state has, in a refresh, and of one to be imported, by its id alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.ids import RegistryId, parse_task_id
from pulumi_acr_tasks.errors import ForbiddenError, NotFoundError, RegistryNotFoundError, ValidationError
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.secrets import MASK, secret_values
from pulumi_acr_tasks.task.drift import PURE_OUTPUTS, inputs_of, observed, outputs
from pulumi_acr_tasks.task.placeholders import unfilled, with_placeholders

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Task
    from pulumi_acr_tasks.service import Service

_TASK = Kind("Task")


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
