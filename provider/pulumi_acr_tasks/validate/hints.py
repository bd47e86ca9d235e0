"""Hints for names that are not known here: misspelled ones, and members of other versions of the API."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from pulumi_acr_tasks.schema.definitions import snake_case

_CUTOFF = 0.6  # difflib's ratio; below it a name is another name, and no misspelling

_PREVIEW_2019 = "2019-06-01-preview"
_PREVIEW_2025 = "2025-03-01-preview"

_LATER = {
    ("BaseImageTrigger", "updateTriggerEndpoint"): (_PREVIEW_2019, "leave it out"),
    ("BaseImageTrigger", "updateTriggerPayloadType"): (_PREVIEW_2019, "leave it out (Default is the default)"),
    ("Task", "agentPoolName"): (_PREVIEW_2019, "leave it out; runs go to the service's own agents"),
    ("Task", "isSystemTask"): (_PREVIEW_2019, "leave it out"),
    ("Task", "logTemplate"): (_PREVIEW_2019, "leave it out"),
    ("SourceRegistryCredentials", "identity"): (
        _PREVIEW_2025,
        "leave it out; a task of a registry with ABAC permissions is made with az acr task",
    ),
}
_OF_REQUESTS = dict.fromkeys(("agentPoolName", "logTemplate"), (_PREVIEW_2019, "leave it out"))

LATER_NAMES = frozenset({*(name for _, name in _LATER), *_OF_REQUESTS, "taskId", "overrideTaskStepProperties"})
"""The members that only other versions of the API have."""


def plain(name: str) -> str:
    """Return a name in lower case, without `_` and `-`."""
    return re.sub(r"[\W_]", "", name).lower()


def nearest(name: str, known: Iterable[str], cutoff: float = _CUTOFF) -> str | None:
    """Return the known name that is most like `name`; None when no name is like it."""
    spelled = {plain(item): item for item in known}
    close = difflib.get_close_matches(plain(name), spelled, n=1, cutoff=cutoff)
    return spelled[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], spell: Callable[[str], str] = str) -> str:
    """Return `; did you mean X?` for the nearest known name, spelled by `spell`; empty when no name is like it."""
    meant = nearest(name, known)
    return f"; did you mean {spell(meant)}?" if meant is not None else ""


def hint(definition: str, name: str, value: object) -> str | None:
    """Return what to write in place of a member of another version of the API; None for any other member."""
    if (definition, name) == ("TaskRunRequest", "taskId"):
        task = value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else ""
        return f"belongs to later versions of the API; give task_name{f' ({task!r})' if task else ''} in place of it"
    if (definition, name) == ("TaskRunRequest", "overrideTaskStepProperties"):
        return f"belongs to {_PREVIEW_2019}; under 2019-04-01 only values can be overridden: give values"
    version, cure = _LATER.get((definition, name), (None, ""))
    if version is None and definition.endswith("Request"):
        version, cure = _OF_REQUESTS.get(name, (None, ""))
    return None if version is None else f"belongs to {version} of the API, not to 2019-04-01: {cure}"


def is_hinted(definition: str, name: str, members: object) -> bool:
    """Return whether a missing member needs no problem of its own, because the hint for another member names it."""
    return (definition, snake_case(name)) == ("TaskRunRequest", "task_name") and "taskId" in (
        members if isinstance(members, dict) else {}
    )
