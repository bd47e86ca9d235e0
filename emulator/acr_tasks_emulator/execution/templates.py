"""Templates in task files and image names: `{{.Run.ID}}`, `{{.Values.name}}`.

The agent renders the whole text of a task file before it reads it as YAML (facts, acr-tasks-api section 14). Its
templates are Go's with Sprig's functions; here values and a few functions are rendered, and everything else is refused
with a sentence.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.template_functions import FunctionError, evaluate

_ACTION = re.compile(r"(\s*)\{\{(-?)(.*?)(-?)\}\}(\s*)", re.DOTALL)
_COMMENT = re.compile(r"/\*.*\*/", re.DOTALL)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


class TemplateError(ValueError):
    """A template cannot be rendered; the text is the agent's, or says what is not supported."""


def run_variables(job: Job, date: datetime | None = None) -> dict[str, str]:
    """What `{{.Run.*}}` gives for a job. Commit, Branch and Repository are empty unless the source is of git; GitTag is
    always empty.
    """
    date = date or datetime.now(timezone.utc)
    machine = platform.machine()
    return {
        "ID": job.run_id,
        "SharedVolume": f"acb_vol_{job.run_id}",
        "Registry": job.login_server,
        "RegistryName": job.registry_name,
        "Date": date.strftime("%Y%m%d-%H%M%Sz"),
        "OS": str((job.platform or {}).get("os") or "linux").lower(),
        "OSVersion": "",
        "Architecture": str((job.platform or {}).get("architecture") or _ARCHITECTURES.get(machine, machine)).lower(),
        **{name: job.git.get(name, "") for name in ("Commit", "Branch", "Repository")},
        "GitTag": "",
        "TriggeredBy": job.triggered_by,
        "TaskName": job.task_name or "quickrun",
    }


def render(text: str, variables: Mapping[str, Any]) -> str:
    """Replace every action by its value; `{{-` and `-}}` trim as in Go.

    variables: such as `{"Run": {...}, "Values": {...}}`. Raises TemplateError for a value that is not there and for
    whatever is no plain value.
    """

    def action(match: re.Match[str]) -> str:
        before, trim_before, body, trim_after, after = match.groups()
        value = "" if _COMMENT.fullmatch(body.strip()) else _value(body.strip(), variables)
        return f"{'' if trim_before else before}{value}{'' if trim_after else after}"

    return _ACTION.sub(action, text)


def _value(body: str, variables: Mapping[str, Any]) -> str:
    try:
        found = evaluate(body, lambda field: _field(field, variables))
    except FunctionError as error:
        raise TemplateError(
            f"template: {{{{{body}}}}}: {error} (values such as {{{{.Run.ID}}}} and some of Sprig's functions are "
            "rendered, no conditions or loops)"
        ) from error
    if isinstance(found, bool):
        return str(found).lower()
    return "<no value>" if found is None else str(found)


def _field(field: str, variables: Mapping[str, Any]) -> Any:
    names = field.split(".")
    if names[:2] == ["Build", "ID"]:  # the older name
        names[0] = "Run"
    found: Any = variables
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            where = f"executing at <.{field}>"
            raise TemplateError(f'template: {where}: map has no entry for key "{name}"')
        found = found[name]
    return found
