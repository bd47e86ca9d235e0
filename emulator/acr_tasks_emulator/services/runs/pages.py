"""Pages of lists of runs: `$filter`, `$top`, and the skip token that finds the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.odata import Grammar, Test
from acr_tasks_emulator.services.odata import compile_filter as compile_odata
from acr_tasks_emulator.services.versions import STABLE, ApiVersion

Properties = dict[str, Any]


@dataclass(frozen=True)
class RunPage:
    """A page of a list; `skip_token` finds the next one, None at the end."""

    runs: list[dict[str, Any]]
    skip_token: str | None


def _manifests(run: Properties) -> str:
    return ",".join(f"{image.get('repository')}@{image.get('digest')}" for image in run.get("outputImages", []))


_PROPERTIES: dict[str, Callable[[Properties], Any]] = {
    "runid": lambda run: run.get("runId"),
    "runtype": lambda run: run.get("runType"),
    "status": lambda run: run.get("status"),
    "createtime": lambda run: run.get("createTime"),
    "finishtime": lambda run: run.get("finishTime"),
    "outputimagemanifests": _manifests,
    "isarchiveenabled": lambda run: run.get("isArchiveEnabled", False),
    "taskname": lambda run: run.get("task"),
    "agentpoolname": lambda run: run.get("agentPoolName"),
}


def compile_filter(text: str | None, version: ApiVersion = STABLE) -> Test:
    """Return a test of a run's properties. Raises ServiceError when the text is not a filter of that version."""
    unknown = {name.lower() for name in version.unknown_of("RunFilter")}
    properties = {name: read for name, read in _PROPERTIES.items() if name not in unknown}
    grammar = Grammar(properties, {"contains": frozenset(properties)}, dates=frozenset({"createtime", "finishtime"}))
    try:
        return compile_odata(text, grammar)
    except ValueError as error:
        raise errors.INVALID_FILTER(filter=text, problem=error) from None


def read_top(top: str) -> int:
    """Return the number in `$top`. Raises ServiceError."""
    if not top.isascii() or not top.isdigit() or int(top[:10]) == 0:
        raise errors.INVALID_TOP(top=top)
    return int(top[:10])


def make_skip_token(before: int, left: int | None) -> str:
    """Return a token for the runs of numbers below `before`; `left` is how many more are wanted, None for all."""
    return base64.urlsafe_b64encode(f"{before}:{'' if left is None else left}".encode()).decode().rstrip("=")


def read_skip_token(token: str | None) -> tuple[int | None, int | None]:
    """Return what a skip token was made of; (None, None) without one. Raises ServiceError."""
    if token is None:
        return None, None
    try:
        before, _, left = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").partition(":")
        if not before.isdigit() or len(before) > 18:
            raise ValueError(before)
        return int(before), max(0, int(left)) if left else None
    except (ValueError, binascii.Error):
        raise errors.INVALID_SKIP_TOKEN() from None
