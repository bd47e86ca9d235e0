"""A ban on commands that run `az acr`: Pulumi cannot preview, show or cancel such a build."""

from __future__ import annotations

import re

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy, Severity

from ...place import Place
from ...rule import DOCS

COMMAND = "command:local:Command"
_AZ = re.compile(r"\baz(\.cmd|\.exe)?\s+acr\s+(build|run|task)\b")


def _validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
    if args.resource_type != COMMAND:
        return
    top = Place(args.props)
    for member in ("create", "update"):
        place = top[member]
        found = _AZ.search(place.text() or "") if place.known() else None
        if found:
            use = "Task" if found[2] == "task" else "Run"
            report_violation(
                f"{place.path} runs az acr {found[2]}: declare a {use} of pulumi_acr_tasks instead, "
                "which previews, shows the log and hands on digests.",
                None,
            )


disallow_az_command = ResourceValidationPolicy(
    "acr-run-disallow-az-command",
    "Checks that builds are declared as runs, not hidden in local commands.",
    _validate,
    enforcement_level=EnforcementLevel.ADVISORY,
    severity=Severity.LOW,
    tags=["runs"],
    remediation_steps="Declare a Run with the same context and image names.",
    url=f"{DOCS}container-registry-tasks-overview",
)
