"""Pages of lists of runs: what a skip token says, and `$top`."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.services import errors


@dataclass(frozen=True)
class RunPage:
    """A page of a list; `skip_token` finds the next one, None at the end."""

    runs: list[dict[str, Any]]
    skip_token: str | None


def read_top(top: str) -> int:
    """Return the number that `$top` is. Raises ServiceError."""
    if not top.isascii() or not top.isdigit() or int(top[:10]) == 0:
        raise errors.INVALID_TOP(top=top)
    return int(top[:10])


def make_skip_token(before: int, left: int | None) -> str:
    """Return what finds the runs of numbers below `before`, of which `left` more are wanted (None: all)."""
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
