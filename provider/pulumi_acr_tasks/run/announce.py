"""The engine's `check` and `diff` of a run, and the line that announces a new run. They make no request.

The engine calls `diff` in a refresh too, so a new run is announced only right after a `check`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine_call import Difference, replaced_by_options
from pulumi_acr_tasks.run.check import check as check_inputs
from pulumi_acr_tasks.run.diff import LOCAL, RunDiff, details, diff_run

if TYPE_CHECKING:
    from pulumi_acr_tasks.service import Service
    from pulumi_acr_tasks.validate.problem import Problem


def check(service: Service, olds: dict[str, Any], news: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return a run's inputs, completed, and everything that is wrong with them."""
    return check_inputs(news, service.settings, olds)


def diff(service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Difference:
    """Compare a run's old outputs with its new inputs, and announce the result."""
    service.refuse_other_endpoint("run", olds)
    service.journal().confirm(id_)
    service.note_recorded_run(id_)
    notes, plan = service.notes, diff_run(olds, news)
    paths, notes.replace_on_changes = notes.replace_on_changes, None
    if paths is not None:
        _announce(plan, replaced_by_options(paths, _comparable(olds, news), news))
    if plan.replaces:
        # The new run is made first: if it fails, the old one and its images stay in state.
        return Difference(True, plan.replaces, details=details(plan, olds, news))
    # None: the engine then compares the inputs itself, and replace_on_changes works.
    if plan.archive or plan.local:
        return Difference(None, details=details(plan, olds, news))
    return Difference(False)


def _comparable(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs among a run's old outputs."""
    return {name: value for name, value in olds.items() if name in news or name in LOCAL}


def _announce(plan: RunDiff, by_options: list[str]) -> None:
    """Say what follows. A new run costs minutes, so its reason stays under Diagnostics."""
    if plan.replaces:
        engine.console().info(plan.summary)
    elif by_options and (plan.archive or plan.local):
        engine.console().info(f"new run ({', '.join(by_options)} changed, see replace_on_changes)")
    elif plan.summary:
        engine.console().status(plan.summary)
