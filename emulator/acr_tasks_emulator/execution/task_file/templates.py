"""Rendering of the templates of a run, such as `{{.Run.ID}}` and `{{.Values.name}}`.

The agent renders the whole text of a task file before it reads the text as YAML. Of a Docker request it renders the
image names and the arguments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from acr_tasks_emulator.execution.build.dockerfile import own_platform
from acr_tasks_emulator.execution.job import Job

_SHELL_UNSAFE = re.compile(r"[^\w_^@=+%,:./-]", re.ASCII)


def run_variables(job: Job) -> dict[str, str]:
    """Return the values of `{{.Run.*}}` for a job.

    Commit, Branch and Repository are empty unless the source is a repository; GitTag is always empty.
    """
    return {
        "ID": job.run_id,
        "SharedVolume": f"acb_vol_{job.run_id}",
        "Registry": job.login_server,
        "RegistryName": job.registry_name,
        "Date": datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%Sz"),
        "OS": str((job.platform or {}).get("os") or "linux").lower(),
        "OSVersion": "",
        "Architecture": str((job.platform or {}).get("architecture") or own_platform().partition("/")[2]).lower(),
        **{name: job.git.get(name, "") for name in ("Commit", "Branch", "Repository")},
        "GitTag": "",
        "TriggeredBy": job.triggered_by,
        "TaskName": job.task_name or "quickrun",
    }


def render_objects(run: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the objects that templates may name."""
    return {
        "Build": {"ID": run.get("ID", "")},  # the older name
        "Run": dict(run),
        "Values": dict(values),
        "Secrets": {},  # they are in a Key Vault, which is refused later
        "RunJSON": _in_quotes(_json(dict(run))),
        "ValuesJSON": _in_quotes(_json(dict(values))),
    }


def _json(value: Any) -> str:
    """Return a value as Go writes it in JSON: sorted, whole floats without a point, and no signs that HTML knows."""
    found = json.dumps(_whole(value), separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match.group()):04x}", found)


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _in_quotes(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'" if _SHELL_UNSAFE.search(text) else text
