"""The difference between a run's old outputs and its new inputs: what forces a new run, and what does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pulumi_acr_tasks.arm.ids import moved_registry
from pulumi_acr_tasks.schema.context_tree import changed_paths
from pulumi_acr_tasks.schema.definitions import variant
from pulumi_acr_tasks.schema.equality import same_member, without_sign_in
from pulumi_acr_tasks.schema.values import change_of, changed_lines, contains_unknown, decoded

# A context that the service fetches itself: an address of git, of an archive, or of an OCI artifact.
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/).+", re.IGNORECASE)

# A step that pushes. The text is not parsed, because with templates it may not be YAML yet.
_PUSH = re.compile(r"^[ \t]*(?:-[ \t]+)?push[ \t]*:", re.MULTILINE)

# The only property that the service can change in a run (Runs_Update).
ARCHIVE = "isArchiveEnabled"
# Credentials do not change the result of a run: a rotated password is for the next run.
CREDENTIALS = "credentials"

# The final statuses of a run that did not succeed.
FAILED = ("Failed", "Canceled", "Error", "Timeout")

_ROOM = 40  # characters of the Info column for the paths of changed files

# The effect of each property. `context` is only the path of the files; `contextHash` stands for their contents.
REPLACING = ("registryId", "runRequest", "contextHash", "triggers")
LOCAL = ("context", "wait", "queueTimeout", "logs", "cancelOnDelete")


@dataclass(frozen=True)
class RunDiff:
    """The difference of a run.

    `replaces`: the properties that force a new run. `reasons`: the same in words. `archive`: `isArchiveEnabled` has
    changed, which is a PATCH of the run. `local`: the changed properties that need no request. `awaits`: the recorded
    run is to be awaited now. `failed`: the status of the recorded run if it failed without being awaited; it is run
    again.
    """

    replaces: list[str]
    reasons: list[str]
    archive: bool
    local: list[str]
    awaits: bool = False
    failed: str = ""

    @property
    def summary(self) -> str:
        """What the update will do, in a few words; empty when it does nothing."""
        if self.failed:
            return f"new run (the last one ended as {self.failed})"
        if self.replaces:
            return f"new run ({'; '.join(self.reasons)})"
        doing = [("PATCH isArchiveEnabled", self.archive), ("await the recorded run", self.awaits)]
        return ", ".join(words for words, done in doing if done)


def diff_run(olds: dict[str, Any], news: dict[str, Any]) -> RunDiff:
    """Compare the old outputs with the new inputs; an unknown value counts as changed."""
    replacing, local = list(REPLACING), list(LOCAL)
    if is_address(olds.get("context")) or is_address(news.get("context")):
        # A remote context has no hash: another address is another context.
        replacing.append("context")
    replaces = [name for name in replacing if _changed(name, olds.get(name), news.get(name))]
    differing = [name for name in local if name not in replaces and _differs(olds.get(name), news.get(name))]
    if _differs(_credentials(olds), _credentials(news)):
        differing.append("runRequest")
    failed = str(olds.get("status")) if not replaces and _failed_unawaited(olds, news) else ""
    return RunDiff(
        replaces=[*replaces, "status"] if failed else replaces,
        reasons=_reasons(replaces, olds, news),
        archive=archive_of(olds) != archive_of(news),
        awaits=awaits(olds, news),
        failed=failed,
        local=differing,
    )


def details(plan: RunDiff, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, str]:
    """Return the kind of each change (add, delete or update) by its path."""
    names = [name for name in (*plan.replaces, *plan.local) if name != "runRequest"]
    found = {name: change_of(olds.get(name), news.get(name)) for name in names}
    if plan.failed:
        found["status"] = "update"
    old, new = olds.get("runRequest"), news.get("runRequest")
    if not isinstance(old, dict) or not isinstance(new, dict):
        return {**found, "runRequest": "update"} if "runRequest" in plan.replaces else found
    members = _changed_members(old, new) if "runRequest" in plan.replaces else []
    members += [CREDENTIALS] * _differs(old.get(CREDENTIALS), new.get(CREDENTIALS)) + [ARCHIVE] * plan.archive
    return {**found, **{f"runRequest.{name}": change_of(old.get(name), new.get(name)) for name in members}}


def awaits(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """Return whether a run that was not awaited is to be awaited now, unless it is known to have succeeded."""
    return olds.get("wait") is False and news.get("wait") is not False and olds.get("status") != "Succeeded"


def _failed_unawaited(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """Return whether a refresh has found that a run failed without being awaited.

    An update that awaits the run fails instead.
    """
    return olds.get("wait") is False and olds.get("status") in FAILED and not awaits(olds, news)


def pushes(request: dict[str, Any]) -> bool:
    """Return whether a request carries a task file that pushes images, as far as its text shows."""
    content = request.get("encodedTaskContent")
    return isinstance(content, str) and _PUSH.search(decoded(content) or "") is not None


def is_address(context: Any) -> bool:
    """Return whether a context is an address that the service fetches, and not a folder or archive of this machine."""
    return isinstance(context, str) and _ADDRESS.fullmatch(context) is not None


def archive_of(inputs: dict[str, Any]) -> bool:
    """Return whether the run is to be archived; the specification's default is false."""
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
    """Return the members that differ between two requests, as ARM spells them."""
    definition = variant("RunRequest", new)
    if definition != variant("RunRequest", old):
        return ["type"]
    names = sorted({*old, *new} - {ARCHIVE, CREDENTIALS})
    return [name for name in names if not same_member(definition, name, old.get(name), new.get(name))]


def _reasons(replaces: list[str], olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    """Return the reasons for a new run, with names as ARM spells them; never a value of the request."""
    changed, unknown, moved, files = list[str](), list[str](), list[str](), list[str]()
    for name in replaces:
        old, new = olds.get(name), news.get(name)
        if name == "registryId" and not contains_unknown(new):
            moved.append(moved_registry(str(old), str(new)))
        elif name == "contextHash" and (paths := changed_paths(olds.get("contextTree"), news.get("contextTree"))):
            files.append(f"context changed: {_first(paths)}")
        elif name == "runRequest" and isinstance(old, dict) and isinstance(new, dict):
            for member in _changed_members(old, new):
                lines = changed_lines(old.get(member), new.get(member)) if member == "encodedTaskContent" else ""
                where = f" ({lines})" if lines else ""
                (unknown if contains_unknown(new.get(member)) else changed).append(f"{member}{where}")
        else:
            spelled = {"contextHash": "context", "registryId": "registry"}.get(name, name)
            (unknown if contains_unknown(new) else changed).append(spelled)
    reasons = [*moved]
    reasons += [f"{', '.join(changed)} changed"] if changed else []
    reasons += [f"{', '.join(unknown)} not known yet"] if unknown else []
    return reasons + files


def _first(paths: list[str]) -> str:
    """Return the first paths, as many as fit into a line, and the number of the others."""
    shown = 1
    while shown < len(paths) and sum(map(len, paths[: shown + 1])) <= _ROOM:
        shown += 1
    return ", ".join([*paths[:shown], *([f"+{len(paths) - shown}"] if len(paths) > shown else [])])
