"""Names that were misspelt, and the names that were meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

_CUTOFF = 0.6


def plain(name: str) -> str:
    """Return a name without what people confuse: case, `_` and `-`."""
    return re.sub(r"[\W_]", "", name).lower()


def nearest(name: str, known: Iterable[str], cutoff: float = _CUTOFF) -> str | None:
    """Return the known name that comes nearest to `name`; None when all are too far away."""
    spelled = {plain(item): item for item in known}
    close = difflib.get_close_matches(plain(name), spelled, n=1, cutoff=cutoff)
    return spelled[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], spell: Callable[[str], str] = str) -> str:
    """Return `; did you mean X?` for the nearest known name, spelled by `spell`; empty when all are too far away."""
    meant = nearest(name, known)
    return f"; did you mean {spell(meant)}?" if meant is not None else ""
