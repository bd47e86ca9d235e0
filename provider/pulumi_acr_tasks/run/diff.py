"""What becomes of a run when its arguments change: pure functions of plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pulumi_acr_tasks.arm.ids import moved_registry
from pulumi_acr_tasks.schema.context_tree import changed_paths
from pulumi_acr_tasks.schema.definitions import snake_case, variant
from pulumi_acr_tasks.schema.encoded_text import changed_lines, decoded
from pulumi_acr_tasks.schema.equality import same_member, without_sign_in
from pulumi_acr_tasks.schema.values import contains_unknown

# What the service fetches itself: an address of git, of an archive, or of an OCI artifact (facts, section 7).
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/).+", re.IGNORECASE)

# A step that pushes. Not by parsing: templates may make the file one that is no YAML yet.
_PUSH = re.compile(r"^[ \t]*(?:-[ \t]+)?push[ \t]*:", re.MULTILINE)

# The one thing that the service changes in a run that exists (Runs_Update).
ARCHIVE = "isArchiveEnabled"
# How a run signs in says nothing of what it makes: a rotated password is for the next run.
CREDENTIALS = "credentials"

# The final statuses of a run that did not do what it was for.
FAILED = ("Failed", "Canceled", "Error", "Timeout")

_ROOM = 40  # characters of the Info column for the paths of changed files

# What each property does. `context` is only the way to the files; what they hold is in `contextHash`.
REPLACING = ("registryId", "runRequest", "contextHash", "triggers")
LOCAL = ("context", "wait", "queueTimeout", "logs", "cancelOnDelete")


@dataclass(frozen=True)
class RunDiff:
    """What has changed: `replaces`, the properties that force a new run; `reasons`, the same for people.

    `archive`: `is_archive_enabled` has changed, which is a PATCH of the run. `awaits`: the recorded run is to be
    awaited now. `failed`: how the recorded run ended, when it did not succeed and nobody awaited it; it is run again.
    `local`: the properties that change nothing at the service.
    """

    replaces: list[str]
    reasons: list[str]
    archive: bool
    local: list[str]
    awaits: bool = False
    failed: str = ""

    @property
    def summary(self) -> str:
        """What will be done, in a few words; empty when nothing is."""
        if self.failed:
            return f"new run (the last one ended as {self.failed})"
        if self.replaces:
            return f"new run ({'; '.join(self.reasons)})"
        doing = [("PATCH is_archive_enabled", self.archive), ("await the recorded run", self.awaits)]
        return ", ".join(words for words, done in doing if done)


def diff_run(olds: dict[str, Any], news: dict[str, Any]) -> RunDiff:
    """Compare the old outputs with the new inputs; something unknown counts as changed."""
    replacing, local = list(REPLACING), list(LOCAL)
    if is_address(olds.get("context")) or is_address(news.get("context")):
        # There is no hash of what lies elsewhere: another address is another context.
        replacing.append("context")
    replaces = [name for name in replacing if _changed(name, olds.get(name), news.get(name))]
    differing = [name for name in local if name not in replaces and _differs(olds.get(name), news.get(name))]
    if _differs(_credentials(olds), _credentials(news)):
        differing.append("runRequest")
    failed = str(olds.get("status")) if not replaces and _failed_unseen(olds, news) else ""
    return RunDiff(
        replaces=[*replaces, "status"] if failed else replaces,
        reasons=_reasons(replaces, olds, news),
        archive=archive_of(olds) != archive_of(news),
        awaits=awaits(olds, news),
        failed=failed,
        local=differing,
    )


def awaits(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """Whether a run that nobody has awaited is to be awaited now; one that is known to have succeeded need not be."""
    return olds.get("wait") is False and news.get("wait") is not False and olds.get("status") != "Succeeded"


def _failed_unseen(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """Whether a run that nobody awaited has failed, as a refresh has told. An update that awaits it fails instead."""
    return olds.get("wait") is False and olds.get("status") in FAILED and not awaits(olds, news)


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


def _credentials(inputs: dict[str, Any]) -> Any:
    request = inputs.get("runRequest")
    return request.get(CREDENTIALS) if isinstance(request, dict) else None


def _differs(old: Any, new: Any) -> bool:
    return contains_unknown(new) or bool(old != new)


def _changed(name: str, old: Any, new: Any) -> bool:
    if name == "runRequest" and isinstance(old, dict) and isinstance(new, dict):
        return bool(_changed_members(old, new))
    if contains_unknown(new):
        return True
    if name == "registryId":
        return not same_member("Task", "registryId", old, new)
    if name == "context" and isinstance(old, str) and isinstance(new, str):
        return without_sign_in(old) != without_sign_in(new)
    return bool(old != new)


def _changed_members(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the members that make another request of it, as ARM spells them."""
    definition = variant("RunRequest", new)
    if definition != variant("RunRequest", old):
        return ["type"]
    names = sorted({*old, *new} - {ARCHIVE, CREDENTIALS})
    return [name for name in names if not same_member(definition, name, old.get(name), new.get(name))]


def _reasons(replaces: list[str], olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    """Say what makes the run a new one, as Python spells it; never a value of the request."""
    changed, unknown, moved, files = list[str](), list[str](), list[str](), list[str]()
    for name in replaces:
        old, new = olds.get(name), news.get(name)
        if name == "registryId" and not contains_unknown(new):
            moved.append(moved_registry(str(old), str(new)))
        elif name == "contextHash" and (paths := changed_paths(olds.get("contextTree"), news.get("contextTree"))):
            files.append(f"context changed: {_first(paths)}")
        elif name == "runRequest" and isinstance(old, dict) and isinstance(new, dict):
            for member in _changed_members(old, new):
                where = changed_lines(old.get(member), new.get(member)) if member == "encodedTaskContent" else ""
                told_member = f"{snake_case(member)} ({where})" if where else snake_case(member)
                (unknown if contains_unknown(new.get(member)) else changed).append(told_member)
        else:
            spelled = {"contextHash": "context", "registryId": "registry"}.get(name, snake_case(name))
            (unknown if contains_unknown(new) else changed).append(spelled)
    told = [*moved]
    told += [f"{', '.join(changed)} changed"] if changed else []
    told += [f"{', '.join(unknown)} not known yet"] if unknown else []
    return told + files


def _first(paths: list[str]) -> str:
    """Return the first paths, as many as a line has room for, and how many follow."""
    shown = 1
    while shown < len(paths) and sum(map(len, paths[: shown + 1])) <= _ROOM:
        shown += 1
    return ", ".join([*paths[:shown], *([f"+{len(paths) - shown}"] if len(paths) > shown else [])])
