"""The functions of a program: getTask, getRun, listTasks and contextHash. They change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.run.check import local_context_hash
from pulumi_acr_tasks.run.crud import outputs as run_outputs
from pulumi_acr_tasks.schema.definitions import FUNCTIONS, Kind, members, snake_case, variant
from pulumi_acr_tasks.schema.secrets import is_secret
from pulumi_acr_tasks.task.drift import live_task, outputs
from pulumi_acr_tasks.validate.hints import did_you_mean
from pulumi_acr_tasks.validate.members import check_value
from pulumi_acr_tasks.validate.names import check_run_id, check_task_name, resolve_registry
from pulumi_acr_tasks.validate.problem import Problem

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Run, Task
    from pulumi_acr_tasks.service import Service

PREFIX = "acr-tasks:index:"
_REGISTRY = ("registry_id", "subscription_id", "resource_group_name", "registry_name")
_FILES = ("dockerFilePath", "taskFilePath", "valuesFilePath")


def invoke(service: Service, token: str, args: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the results of a function, and everything that is wrong with its arguments: one of the two is empty.

    `token` is `acr-tasks:index:getTask` or the like. Names are ARM's. An argument for the registry that is left out
    comes from the provider's settings. The results have no secret members, but an address in them may carry a secret:
    a host marks it by the kinds in `schema.definitions.RESULTS`.

    Raises NotFoundError with the service's words, any other ServiceError, and TransportError. A function with wrong
    arguments makes no request.
    """
    name = token.removeprefix(PREFIX)
    if name not in FUNCTIONS:
        return {}, [Problem("", f"{token} is not a function{did_you_mean(name, FUNCTIONS)}")]
    args = {argument: value for argument, value in args.items() if value is not None}
    problems = [
        Problem(problem.path.lstrip("."), problem.message)
        for problem in check_value(args, Kind(name), "")
        if problem.path not in _REGISTRY  # checked below
    ]
    if name == "contextHash":
        return _context_hash(service, args, problems)
    resolved, wrong = resolve_registry(args, service.settings.registry_defaults)
    problems += wrong
    for argument, check in (("taskName", check_task_name), ("runId", check_run_id)):
        if isinstance(args.get(argument), str):
            problems += check(args[argument], snake_case(argument))
    if problems:
        return {}, problems
    registry, client = RegistryId.parse(resolved["registryId"]), service.client()
    if name == "getTask":
        return _task(registry, client.tasks.get(registry, args["taskName"])), []
    if name == "getRun":
        return _run(registry, client.runs.get(registry, args["runId"])), []
    return {"tasks": [_task(registry, task) for task in client.tasks.list(registry)]}, []


def _task(registry: RegistryId, task: Task) -> dict[str, Any]:
    """Return a task with the names of its resource's outputs."""
    answer = task.raw or {"name": task.name}
    flat = outputs(live_task(answer), answer)
    named = {"id": task.id or registry.task(str(task.name)), "name": task.name, "registryId": str(registry)}
    return {**named, **_shown(flat, Kind("ListedTask"))}


def _run(registry: RegistryId, run: Run) -> dict[str, Any]:
    shown = _shown(run.raw.get("properties") or {}, Kind("RunProperties"))
    named = {"id": run.id or registry.run(str(run.name)), "name": run.name, "registryId": str(registry)}
    return {**named, **shown, **run_outputs({}, run)}


def _shown(value: Any, of: Kind) -> Any:
    """Return a value of an answer without nulls, without secrets, and without members that the table does not have."""
    if isinstance(value, list):
        return [_shown(item, of.item) for item in value]
    if not isinstance(value, dict) or not of.is_object:
        return value
    if of.container:
        # The service hides the entry of a registry whose credentials are all secret.
        return {key: _shown(item or {}, of.item) for key, item in value.items()}
    definition = variant(of.name, value)
    known = members(definition)
    return {
        name: _shown(item, known[name])
        for name, item in value.items()
        if item is not None and name in known and not is_secret(definition, name, value)
    }


def _context_hash(
    service: Service, args: dict[str, Any], problems: list[Problem]
) -> tuple[dict[str, Any], list[Problem]]:
    if problems:
        return {}, problems
    files = {name: args[name] for name in _FILES if args.get(name)}
    if not {"dockerFilePath", "taskFilePath"} & {*args}:
        files["dockerFilePath"] = "Dockerfile"
    hash_, problems = local_context_hash(args["context"], files, service.settings)
    return {} if problems else {"hash": hash_}, problems
