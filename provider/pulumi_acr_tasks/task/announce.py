"""The check and the diff of a task, and the lines that preview shows of them. Neither makes a request.

The engine calls `check` only before it creates or updates. It calls `diff` in a refresh too, and to find the resources
that depend on a replaced one. No request follows then, so `diff` announces one only right after a `check`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.engine_call import Difference, replaced_by_options
from pulumi_acr_tasks.schema.definitions import members, snake_case
from pulumi_acr_tasks.schema.equality import identity_type
from pulumi_acr_tasks.schema.secrets import MASK
from pulumi_acr_tasks.task.check import check as check_inputs
from pulumi_acr_tasks.task.crud import planned
from pulumi_acr_tasks.task.diff import PUT, REPLACE, Plan
from pulumi_acr_tasks.task.drift import inputs_of
from pulumi_acr_tasks.task.placeholders import known_unknown, unfilled
from pulumi_acr_tasks.validate.problem import Problem, errors

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service


def check(service: Service, olds: dict[str, Any], news: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return a task's completed inputs, and every problem with them; `olds` is empty before the task is made."""
    by_default = news.get("taskName") is None and not olds
    settings, named = service.settings, _named(service, olds, news)
    # A placeholder stands for a secret that was checked when it was given.
    hidden = known_unknown(named, olds)
    inputs, problems = check_inputs(hidden, settings.registry_defaults, settings.endpoint)
    if hidden is not named:
        inputs = {**inputs, **{name: named[name] for name in members("Task") if name in named}}
        left = list(unfilled(hidden, spelled=snake_case))
        problems = [problem for problem in problems if problem.path not in left] + [
            Problem(path, f"is the placeholder of an imported task's secret: write the secret instead of {MASK}")
            for path in left
        ]
    if by_default:
        problems = [_by_default(problem) for problem in problems]
    if not errors(problems) and all(isinstance(inputs.get(member), str) for member in ("registryId", "taskName")):
        problems += _claim(service, inputs, is_new=not olds)
    return inputs, problems


def _claim(service: Service, inputs: dict[str, Any], *, is_new: bool) -> list[Problem]:
    """Note that the resource declares its task; return a problem for each other resource that declares it too."""
    registry, name = RegistryId.parse(inputs["registryId"]), inputs["taskName"]
    urn, adopts = engine.current_request().urn, inputs.get("adopt") is True
    twins = service.claims().want(urn, service.claim_key(registry.task(name)), adopts=adopts)
    where = f"in registry {registry.registry_name} (the case of names does not count)"
    for twin in twins:
        engine.console(twin).error(f"the task name is {name!r}; {urn} declares the same task {where}")
    if adopts and is_new and not twins:
        engine.console().info(f"task {name} of registry {registry.registry_name} is taken over if it exists")
    return [Problem("task_name", f"is {name!r}; {twin} declares the same task {where}") for twin in twins]


def _by_default(problem: Problem) -> Problem:
    """Add to a problem of the task's name that it is the resource's; return other problems unchanged."""
    if problem.path != "task_name":
        return problem
    return replace(problem, message=f"{problem.message}; it is the resource's name here: give a task_name")


def _named(service: Service, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs with a task name: the program's, else the one that the task has, else the resource's name.

    So a task keeps its name when its resource is renamed (an alias, another parent, `pulumi state rename`).
    Before a replacement that `diff` demands, the engine checks once with the old inputs and once without them: the
    name stays too. Before one that the user demands (`--replace`, taint) it checks only without them.
    """
    urn = engine.current_request().urn
    if news.get("taskName") is None:
        news = {**news, "taskName": olds.get("taskName") or service.notes.task_name or urn.rpartition("::")[2]}
    if urn and olds.get("taskName"):
        service.notes.task_name = news["taskName"]
    return news


def diff(service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Difference:
    """Compare a task's old outputs with its new inputs, and announce the request that follows."""
    given, notes = news, service.notes
    news, plan = planned(service, id_, olds, given)
    paths, notes.replace_on_changes = notes.replace_on_changes, None
    notes.plan = (olds, given, news, plan)
    if plan.route is None:
        return Difference(False)
    if paths is not None:
        _announce(plan, replaced_by_options(paths, inputs_of(olds), news), olds)
    if plan.route == REPLACE:
        return Difference(True, plan.replaces, True, plan.details(olds, news))
    # None: the engine then compares the inputs itself, and replace_on_changes works.
    return Difference(None, (), True, plan.details(olds, news))


def _announce(plan: Plan, by_options: list[str], olds: dict[str, Any]) -> None:
    """Say which request follows, and what it costs."""
    console = engine.console()
    if by_options and plan.route != REPLACE:
        console.status(f"replace ({', '.join(by_options)} changed, see replace_on_changes)")
    elif plan.route == PUT:
        console.info(str(plan))
    else:
        console.status(str(plan))
    if plan.lost_principal:
        console.warning(plan.lost_principal)
    elif (by_options or plan.route == REPLACE) and "System" in identity_type(olds.get("identity") or {}):
        console.warning("the new task's system-assigned identity has another principal id: grant it its roles")
