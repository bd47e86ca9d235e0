"""Whether a run of a registry was started by a request of ours that got no answer, judged by what the service tells.

A run shows no key of its request: neither its source location nor its arguments nor a correlation id
(`facts/acr-tasks-api.md` sections 1, 3, 5 and 6). So what it shows is compared: who asked, when, for what. That can
rule a run out. Only what it has built, or the task that it ran, can prove that it is the request's.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.run.diff import pushes
from pulumi_acr_tasks.run.wait.status import TERMINAL
from pulumi_acr_tasks.schema.encoded_text import decoded

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Run

_EARLY = timedelta(seconds=2)  # the service tells its time in whole seconds
_LATE = timedelta(seconds=60)  # a gateway may hand a request on after the connection has broken
_AT_ONCE = timedelta(seconds=5)
_TRIGGERS = ("timerTrigger", "sourceTrigger", "imageUpdateTrigger")
_TEMPLATE = re.compile(r"(\{\{.*?\}\})")
_RUN_ID = re.compile(r"\{\{-?\s*\.(?:Run|Build)\.ID\s*-?\}\}")


class Verdict(enum.Enum):
    """What can be said of a run."""

    OTHER = "something shows that another request has started it"
    PROVED = "the request has started it"
    OPEN = "its images will tell when it has ended"
    UNPROVED = "nothing tells"


@dataclass(frozen=True)
class Asked:
    """A request without an answer.

    `since` and `until` bound the time in which the service can have received it, by the service's clock; None when
    that is not known. `principals` are the names and ids of who sent it, as far as they are known.
    """

    request: dict[str, Any] = field(repr=False)
    since: datetime | None
    until: datetime | None
    principals: frozenset[str] = frozenset()


def judge(run: Run, asked: Asked) -> Verdict:
    """Return what the service's words on a run say of a request."""
    said = run.raw.get("properties") or {}
    created = run.properties.create_time or run.properties.last_updated_time
    moment = created.moment if created else None
    if (
        moment is None
        or (asked.since is not None and moment < asked.since - _EARLY)
        or (asked.until is not None and moment > asked.until + _LATE)
        or _is_stranger(principals_of(run), asked.principals)
        or any(said.get(trigger) for trigger in _TRIGGERS)
        or bool(said.get("isArchiveEnabled")) != bool(asked.request.get("isArchiveEnabled"))
        or not _fits_type(said, asked.request)
        or not _fits_platform(said, asked.request)
    ):
        return Verdict.OTHER
    verdict = _by_what_it_builds(run, said, asked, moment)
    if verdict is Verdict.PROVED and asked.since is None:
        return Verdict.UNPROVED  # it may be a run of last week
    return verdict


def principals_of(run: Run) -> set[str]:
    """Return who made the run, or touched it last; right after scheduling the service tells only the latter."""
    told = run.raw.get("systemData") or {}
    return {str(told[member]) for member in ("createdBy", "lastModifiedBy") if told.get(member)}


def _is_stranger(told: set[str], ours: Iterable[str]) -> bool:
    """Whether a run was certainly started by somebody else. A name and an id of one identity cannot be compared."""
    has, known = {name.lower() for name in told}, {name.lower() for name in ours}
    comparable = {name for name in known if any(("@" in name) == ("@" in other) for other in has)}
    return bool(has and comparable) and not has & known


def _fits_type(said: dict[str, Any], request: dict[str, Any]) -> bool:
    """Whether run type and task are those that the request leads to (facts, section 5.1)."""
    kind, run_type, task = str(request.get("type", "")).lower(), said.get("runType"), said.get("task")
    if kind == "taskrunrequest":
        expected: tuple[str, ...] = ("QuickRun", "QuickBuild")
        other = task is not None and str(task).lower() != str(request.get("taskName", "")).lower()
    else:
        expected = ("QuickBuild",) if kind == "dockerbuildrequest" else ("QuickRun",)
        other = task is not None
    return not other and (run_type is None or run_type in expected)


def _fits_platform(said: dict[str, Any], request: dict[str, Any]) -> bool:
    """Whether platform, agent and foreign registries are the request's, where both tell them."""
    asked, has = request.get("platform") or {}, said.get("platform") or {}
    pairs = [(asked.get(member), has.get(member)) for member in ("os", "architecture", "variant")]
    pairs.append(
        ((request.get("agentConfiguration") or {}).get("cpu"), (said.get("agentConfiguration") or {}).get("cpu"))
    )
    hosts = {str(host).lower() for host in (request.get("credentials") or {}).get("customRegistries") or {}}
    shown = {str(host).lower() for host in said.get("customRegistries") or []}
    if shown and shown != hosts and str(request.get("type", "")).lower() != "taskrunrequest":
        return False
    return all(one is None or other is None or str(one).lower() == str(other).lower() for one, other in pairs)


def _by_what_it_builds(run: Run, said: dict[str, Any], asked: Asked, moment: datetime) -> Verdict:
    request, kind = asked.request, str(asked.request.get("type", "")).lower()
    if kind == "taskrunrequest":
        # Two runs of one task without values of their own are the same work.
        at_once = asked.until is not None and moment <= asked.until + _AT_ONCE
        return Verdict.PROVED if said.get("task") and not request.get("values") and at_once else Verdict.UNPROVED
    names = _image_names(request)
    if not names and not pushes(request):
        pushed_none = kind != "dockerbuildrequest" or not said.get("outputImages")
        return Verdict.UNPROVED if pushed_none else Verdict.OTHER
    status = said.get("status") or ""
    if status != "Succeeded":
        return Verdict.UNPROVED if status in TERMINAL else Verdict.OPEN
    built = [image for image in said.get("outputImages") or [] if image.get("repository")]
    if not built:
        return Verdict.UNPROVED
    if names:
        return Verdict.PROVED if _are(built, names, run) else Verdict.OTHER
    text = _task_text(request)
    return Verdict.PROVED if all(str(image["repository"]) in text for image in built) else Verdict.UNPROVED


def _image_names(request: dict[str, Any]) -> list[str]:
    """Return the names under which a build request pushes its image."""
    names = request.get("imageNames")
    if request.get("isPushEnabled") is False or not isinstance(names, list):
        return []
    return [name for name in names if isinstance(name, str)]


def _are(built: list[dict[str, Any]], names: list[str], run: Run) -> bool:
    """Whether the images that a run has pushed are exactly those names."""
    patterns = [_pattern(name, run) for name in names]
    said = [f"{image.get('registry')}/{image['repository']}:{image.get('tag') or 'latest'}" for image in built]
    every_name = all(any(pattern.fullmatch(image) for image in said) for pattern in patterns)
    return every_name and all(any(pattern.fullmatch(image) for pattern in patterns) for image in said)


def _pattern(name: str, run: Run) -> re.Pattern[str]:
    """Return what an image name becomes, with or without its registry. The run's own id is known; any other template
    may become anything."""
    name = _RUN_ID.sub(run.properties.run_id or run.name or "", name)
    if ":" not in name.rpartition("/")[2] and not name.endswith("}}"):
        name += ":latest"
    parts = (".+" if part.startswith("{{") else re.escape(part) for part in _TEMPLATE.split(name))
    return re.compile(f"(?:[^/]+/)?{''.join(parts)}")


def _task_text(request: dict[str, Any]) -> str:
    """Return the text in which the images of an encoded task are named: its content and its values."""
    values = [str(item.get("value")) for item in request.get("values") or [] if isinstance(item, dict)]
    contents = [decoded(request.get(member) or "") or "" for member in ("encodedTaskContent", "encodedValuesContent")]
    return "\n".join([*contents, *values])
