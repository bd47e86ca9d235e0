"""The check of a task: its name, what is wrong with its inputs, and whether another resource declares the same task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import host
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.task import check as validate
from pulumi_acr_tasks.validate.problem import Problem, errors

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service


def check(
    service: Service, olds: dict[str, Any], news: dict[str, Any], urn: str | None
) -> tuple[dict[str, Any], list[Problem]]:
    """Complete a task's inputs and say everything that is wrong with them; `olds` is empty before the task is made.

    Makes no request.
    """
    by_default = news.get("taskName") is None and not olds
    news = _named(service, olds, news, urn)
    inputs, problems = validate.check(news, service.settings.registry_defaults, service.endpoint_name)
    if by_default:
        problems = [_by_default(problem) for problem in problems]
    if errors(problems) or not all(isinstance(inputs.get(member), str) for member in ("registryId", "taskName")):
        return inputs, problems
    registry, name = RegistryId.parse(inputs["registryId"]), inputs["taskName"]
    adopts = inputs.get("adopt") is True
    twins = service.claims(urn).want(urn, service.claim_key(registry.task(name), urn), adopts=adopts)
    where = f"in registry {registry.registry_name} (the case of names does not count)"
    for twin in twins:
        host.console(twin).error(f"task_name: is {name!r}; {urn} declares the same task {where}")
        problems.append(Problem("task_name", f"is {name!r}; {twin} declares the same task {where}"))
    if adopts and not olds and not twins:
        host.console(urn).info(f"task {name} of registry {registry.registry_name} is taken over if it exists")
    return inputs, problems


def _by_default(problem: Problem) -> Problem:
    """Return a problem of the task's name with where the name comes from, others as they are."""
    if problem.path != "task_name":
        return problem
    return replace(problem, message=f"{problem.message}; it is the resource's name here: give a task_name")


def _named(service: Service, olds: dict[str, Any], news: dict[str, Any], urn: str | None) -> dict[str, Any]:
    """Return the inputs with a task name: the program's, else the one that the task has, else the resource's name.

    So a task keeps its name when its resource gets another one (an alias, another parent, `pulumi state rename`).
    Before a replacement that `diff` asks for, the engine asks once with the old inputs and once without: the name stays
    too. Before one that the user asks for (`--replace`, taint) it asks only without, as for a new resource.
    """
    names = service.kept_names
    if news.get("taskName") is None:
        kept = olds.get("taskName") or names.get(urn or "")
        news = {**news, "taskName": kept or (urn or "").rpartition("::")[2]}
    if urn and olds.get("taskName"):
        names[urn] = news["taskName"]
    return news
