"""Lost answers to `scheduleRun`: the request, the evidence that it has started a run, and the message to the user.

A run shows neither the source location nor the arguments of its request, nor a correlation id. So the caller, the time
and the kind of work are compared: they can rule a run out. Only the images that it has built, or the task that it ran,
can prove that the request has started it.
"""

from __future__ import annotations

import enum
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.http.connection import is_loopback
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    CanceledError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.run.diff import pushes
from pulumi_acr_tasks.run.wait.terms import TERMINAL
from pulumi_acr_tasks.schema.values import decoded

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run


TRANSIENT = (ThrottledError, UnavailableError, TransportError, CanceledError)
"""The errors of a list request that may succeed a moment later."""
IN_FLIGHT = timedelta(seconds=100)
"""The time that a request may be under way: the client gives up then."""
SHOWN = 10
"""Runs that a message lists."""


@dataclass(frozen=True, eq=False)
class LostAnswer:
    """A request without an answer: sent at `began` and given up at `until`, by our clock.

    `sent`: the service's time when it was sent, if the journal of an earlier command has it.
    """

    request: dict[str, Any] = field(repr=False)
    began: float
    until: float
    error: AcrTasksError | None = None
    sent: datetime | None = None


@dataclass(frozen=True)
class SearchResult:
    """The result of a search for the run that a request without an answer has started.

    `run`: the run, if it is proved to be the request's. `candidates`: otherwise, the runs that may be. `undecided`: the
    images of a candidate will tell more once it has ended. `error`: why the runs cannot be listed.
    """

    run: Run | None = None
    candidates: tuple[Run, ...] = ()
    undecided: bool = False
    error: AcrTasksError | None = None

    @property
    def ids(self) -> list[str]:
        """The short ids of the candidates."""
        return [run.run_id for run in self.candidates]


@dataclass(frozen=True)
class SearchTerms:
    """The terms of a search that waits for the images of its candidates.

    `cancel`: set on ^C. `wait`: False for a search that never waits. `deadline`: a time of the clock, None without a
    limit. `show`: takes a line for the user.
    """

    cancel: threading.Event
    wait: bool = True
    deadline: float | None = None
    show: Callable[[str], None] = lambda _: None


def describe(found: SearchResult, registry: RegistryId, endpoint: str, since: datetime | None) -> str:
    """Return what the user has to know of a lost answer.

    The text says what may have been started since then, where to look, and what the next update does.
    """
    time = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
    where = f"az acr task list-runs -r {registry.registry_name}"
    if is_loopback(endpoint):
        where = f"{endpoint}/ (the emulator's dashboard)"
    after = "The next pulumi up looks again, and starts another run only when none is found."
    if found.error is not None:
        reason = str(found.error).splitlines()[0]
        seen = f"The run may have been started all the same, and the runs cannot be looked at: {reason}."
    elif found.candidates:
        ids = [f"{run.run_id} ({run.properties.status})" for run in found.candidates]
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        seen = (
            "The run may have been started all the same: it may be one of "
            f"{', '.join(ids[:SHOWN])}{more}, and nothing that the service tells proves it."
        )
        if not found.undecided:
            after = "Cancel a run that is not needed: the next pulumi up starts another run."
    else:
        seen = "The run may have been started all the same, although no run that the service lists since then fits."
    return f"{seen}\n{after}\nThe runs{time}: {where}"


_EARLY = timedelta(seconds=2)  # the service gives its time in whole seconds
_LATE = timedelta(seconds=60)  # a gateway may pass a request on after the connection has broken
_AT_ONCE = timedelta(seconds=5)
_TRIGGERS = ("timerTrigger", "sourceTrigger", "imageUpdateTrigger")
_TEMPLATE = re.compile(r"(\{\{.*?\}\})")
_RUN_ID = re.compile(r"\{\{-?\s*\.(?:Run|Build)\.ID\s*-?\}\}")


class Verdict(enum.Enum):
    """The verdict on a run."""

    OTHER = "another request has started it"
    PROVED = "the request has started it"
    OPEN = "its images will decide when it has ended"
    UNPROVED = "no evidence decides"


@dataclass(frozen=True)
class LostRequest:
    """A request without an answer.

    `since` and `until`: bounds of the time at which the service can have received it, by the service's clock; None when
    unknown. `principals`: the known names and ids of its sender.
    """

    request: dict[str, Any] = field(repr=False)
    since: datetime | None
    until: datetime | None
    principals: frozenset[str] = frozenset()


def judge(run: Run, lost: LostRequest) -> Verdict:
    """Return whether a request has started a run, by the properties that the service shows of the run."""
    shown = run.raw.get("properties") or {}
    created = run.properties.create_time or run.properties.last_updated_time
    created_at = created.moment if created else None
    if (
        created_at is None
        or (lost.since is not None and created_at < lost.since - _EARLY)
        or (lost.until is not None and created_at > lost.until + _LATE)
        or _is_foreign(run.principals, lost.principals)
        or any(shown.get(trigger) for trigger in _TRIGGERS)
        or bool(shown.get("isArchiveEnabled")) != bool(lost.request.get("isArchiveEnabled"))
        or not _fits_type(shown, lost.request)
        or not _fits_platform(shown, lost.request)
    ):
        return Verdict.OTHER
    verdict = _by_images(run, shown, lost, created_at)
    if verdict is Verdict.PROVED and lost.since is None:
        return Verdict.UNPROVED  # without a time it may be a run of last week
    return verdict


def _is_foreign(principals: set[str], ours: Iterable[str]) -> bool:
    """Return whether another principal has certainly started a run.

    A name and an id of the same identity cannot be compared.
    """
    has, known = {name.lower() for name in principals}, {name.lower() for name in ours}
    comparable = {name for name in known if any(("@" in name) == ("@" in other) for other in has)}
    return bool(has and comparable) and not has & known


def _fits_type(shown: dict[str, Any], request: dict[str, Any]) -> bool:
    """Return whether a run has the run type and the task of the request."""
    kind, run_type, task = str(request.get("type", "")).lower(), shown.get("runType"), shown.get("task")
    if kind == "taskrunrequest":
        expected: tuple[str, ...] = ("QuickRun", "QuickBuild")
        other = task is not None and str(task).lower() != str(request.get("taskName", "")).lower()
    else:
        expected = ("QuickBuild",) if kind == "dockerbuildrequest" else ("QuickRun",)
        other = task is not None
    return not other and (run_type is None or run_type in expected)


def _fits_platform(shown: dict[str, Any], request: dict[str, Any]) -> bool:
    """Return whether platform, agent and custom registries are the request's, where both show them."""
    wanted, has = request.get("platform") or {}, shown.get("platform") or {}
    pairs = [(wanted.get(member), has.get(member)) for member in ("os", "architecture", "variant")]
    pairs.append(
        ((request.get("agentConfiguration") or {}).get("cpu"), (shown.get("agentConfiguration") or {}).get("cpu"))
    )
    hosts = {str(host).lower() for host in (request.get("credentials") or {}).get("customRegistries") or {}}
    used = {str(host).lower() for host in shown.get("customRegistries") or []}
    if used and used != hosts and str(request.get("type", "")).lower() != "taskrunrequest":
        return False
    return all(one is None or other is None or str(one).lower() == str(other).lower() for one, other in pairs)


def _by_images(run: Run, shown: dict[str, Any], lost: LostRequest, created_at: datetime) -> Verdict:
    request, kind = lost.request, str(lost.request.get("type", "")).lower()
    if kind == "taskrunrequest":
        # Two runs of one task without values of their own are the same work.
        at_once = lost.until is not None and created_at <= lost.until + _AT_ONCE
        return Verdict.PROVED if shown.get("task") and not request.get("values") and at_once else Verdict.UNPROVED
    names = _image_names(request)
    if not names and not pushes(request):
        pushed_none = kind != "dockerbuildrequest" or not shown.get("outputImages")
        return Verdict.UNPROVED if pushed_none else Verdict.OTHER
    status = shown.get("status") or ""
    if status != "Succeeded":
        return Verdict.UNPROVED if status in TERMINAL else Verdict.OPEN
    built = [image for image in shown.get("outputImages") or [] if image.get("repository")]
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
    """Return whether the images that a run has pushed are exactly those names."""
    patterns = [_pattern(name, run) for name in names]
    pushed = [f"{image.get('registry')}/{image['repository']}:{image.get('tag') or 'latest'}" for image in built]
    every_name = all(any(pattern.fullmatch(image) for image in pushed) for pattern in patterns)
    return every_name and all(any(pattern.fullmatch(image) for pattern in patterns) for image in pushed)


def _pattern(name: str, run: Run) -> re.Pattern[str]:
    """Return a pattern of an image name with its templates rendered, with or without its registry.

    The run's own id is known; any other template may become anything.
    """
    name = _RUN_ID.sub(run.run_id, name)
    if ":" not in name.rpartition("/")[2] and not name.endswith("}}"):
        name += ":latest"
    parts = (".+" if part.startswith("{{") else re.escape(part) for part in _TEMPLATE.split(name))
    return re.compile(f"(?:[^/]+/)?{''.join(parts)}")


def _task_text(request: dict[str, Any]) -> str:
    """Return the text in which the images of an encoded task are named: its content and its values."""
    values = [str(item.get("value")) for item in request.get("values") or [] if isinstance(item, dict)]
    contents = [decoded(request.get(member) or "") or "" for member in ("encodedTaskContent", "encodedValuesContent")]
    return "\n".join([*contents, *values])
