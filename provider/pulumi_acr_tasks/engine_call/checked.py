"""What the engine is told of a check: failures stop the resource, warnings are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult

from pulumi_acr_tasks import host
from pulumi_acr_tasks.inputs import encrypted, from_plan
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.secret_urls import without_secrets
from pulumi_acr_tasks.validate.problem import Problem, errors

_shown: set[tuple[str | None, str]] = set()
"""The engine checks a resource again when it replaces it; each warning is shown once."""


def check_result(
    urn: str | None, inputs: dict[str, Any], problems: list[Problem], kinds: Mapping[str, Kind]
) -> CheckResult:
    """Return the inputs, secrets marked, and the failures of a check, and show its warnings.

    `kinds` gives the kinds of the resource's arguments.
    """
    for problem in problems:
        if problem.warning and (urn, str(problem)) not in _shown:
            _shown.add((urn, str(problem)))
            host.console(urn).warning(str(problem))
    failures = [CheckFailure("", without_secrets(str(problem))) for problem in errors(problems)]
    return CheckResult(from_plan(encrypted(inputs, kinds, whole_lists=False)), failures)
