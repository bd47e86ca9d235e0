"""What becomes of a run when its arguments change: pure functions of plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pulumi_acr_tasks.plan.definitions import snake_case
from pulumi_acr_tasks.plan.values import contains_unknown
from pulumi_acr_tasks.validate.task_yaml import decoded

# What the service fetches itself: an address of git, of an archive, or of an OCI artifact (facts, section 7).
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/).+", re.IGNORECASE)

# A step that pushes. Not by parsing: templates may make the file one that is no YAML yet.
_PUSH = re.compile(r"^[ \t]*(?:-[ \t]+)?push[ \t]*:", re.MULTILINE)

# The one thing that the service changes in a run that exists (Runs_Update).
ARCHIVE = "isArchiveEnabled"

# What each property does. `context` is only the way to the files; what they hold is in `contextHash`.
REPLACING = ("registryId", "runRequest", "contextHash", "triggers")
LOCAL = ("context", "wait", "queueTimeout", "logs", "cancelOnDelete")


@dataclass(frozen=True)
class RunDiff:
    """What has changed: `replaces`, the properties that force a new run; `reasons`, the same for people.

    `archive`: `is_archive_enabled` has changed, which is a PATCH of the run. `local`: the properties that change
    nothing at the service.
    """

    replaces: list[str]
    reasons: list[str]
    archive: bool
    local: list[str]

    @property
    def summary(self) -> str:
        """What will be done, in a few words; empty when nothing is."""
        if self.replaces:
            return f"new run ({', '.join(self.reasons)} changed)"
        return "PATCH is_archive_enabled" if self.archive else ""


def diff_run(olds: dict[str, Any], news: dict[str, Any]) -> RunDiff:
    """Compare the old outputs with the new inputs; something unknown counts as changed."""
    replacing, local = list(REPLACING), list(LOCAL)
    if is_address(olds.get("context")) or is_address(news.get("context")):
        # There is no hash of what lies elsewhere: another address is another context.
        replacing.append("context")
        local.remove("context")
    replaces = [name for name in replacing if _changed(name, olds.get(name), news.get(name))]
    reasons: list[str] = []
    for name in replaces:
        if name == "runRequest":
            reasons += _request_reasons(olds.get(name), news.get(name))
        else:
            reasons.append("context" if name == "contextHash" else snake_case(name))
    return RunDiff(
        replaces=replaces,
        reasons=reasons,
        archive=archive_of(olds) != archive_of(news),
        local=[name for name in local if olds.get(name) != news.get(name)],
    )


def pushes(request: dict[str, Any]) -> bool:
    """Whether a request carries a task file that pushes images, as far as its text shows."""
    content = request.get("encodedTaskContent")
    return isinstance(content, str) and _PUSH.search(decoded(content) or "") is not None


def is_address(context: Any) -> bool:
    """Whether a context is an address that the service fetches, and no folder or archive of this machine."""
    return isinstance(context, str) and _ADDRESS.fullmatch(context) is not None


def archive_of(inputs: dict[str, Any]) -> bool:
    """Whether the run is to be archived; the specification's default is false."""
    request = inputs.get("runRequest")
    return bool(isinstance(request, dict) and request.get(ARCHIVE))


def _changed(name: str, old: Any, new: Any) -> bool:
    if name == "runRequest" and isinstance(old, dict) and isinstance(new, dict):
        old, new = _without_archive(old), _without_archive(new)
    if contains_unknown(new):
        return True
    if name == "registryId":
        # Ids compare without case.
        return str(old).lower() != str(new).lower()
    return bool(old != new)


def _without_archive(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != ARCHIVE}


def _request_reasons(old: Any, new: Any) -> list[str]:
    """The members of the request that differ, as Python spells them; never their values."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ["run_request"]
    names = sorted({*old, *new} - {ARCHIVE})
    return [snake_case(name) for name in names if contains_unknown(new.get(name)) or old.get(name) != new.get(name)]
