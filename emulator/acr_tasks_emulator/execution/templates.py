"""Templates in task files and image names: `{{.Run.ID}}`, `{{.Values.name}}`.

The agent renders the whole text of a task file before it reads it as YAML (facts, acr-tasks-api section 14). Its
templates are Go's with Sprig's functions; here values and a few functions are rendered, and everything else is refused
with a sentence.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.template_functions import FunctionError, evaluate

ACTION_LIMIT = 4096
"""How many characters one action may have."""
LIMIT = 2 * 1024 * 1024
"""How many characters a rendered text may have: a value that is named often is written as often."""
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

    parts: list[str] = []
    size = at = 0
    while (start := text.find("{{", at)) >= 0 and (end := text.find("}}", start + 2)) >= 0:
        body, before = text[start + 2 : end], text[at:start]
        if len(body) > ACTION_LIMIT:
            raise TemplateError(f"template: an action is longer than {ACTION_LIMIT} characters")
        trim_before, trim_after = body.startswith("-"), body.endswith("-") and len(body) > 1
        body = body[trim_before : len(body) - trim_after].strip()
        parts += [before.rstrip() if trim_before else before, "" if _is_comment(body) else _value(body, variables)]
        size += len(parts[-1]) + len(parts[-2])
        if size > LIMIT:
            raise TemplateError(f"template: what is rendered is longer than {LIMIT} characters")
        at = end + 2
        while trim_after and at < len(text) and text[at].isspace():
            at += 1
    return "".join([*parts, text[at:]])


def _is_comment(body: str) -> bool:
    return len(body) > 3 and body.startswith("/*") and body.endswith("*/")


def _value(body: str, variables: Mapping[str, Any]) -> str:
    try:
        found = evaluate(body, lambda field: _field(field, variables))
    except FunctionError as error:
        raise TemplateError(
            f"template: {{{{{body}}}}}: {error} (values such as {{{{.Run.ID}}}} and some of Sprig's functions are "
            "rendered, no conditions or loops)"
        ) from error
    if isinstance(found, (list, Mapping)):
        kind = "list" if isinstance(found, list) else "map"
        raise TemplateError(f"template: {{{{{body}}}}}: the value is a {kind}, not a plain one")
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
