"""Lines of a log without the secrets that we know."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pulumi_acr_tasks.schema.secret_urls import MASK

_COLOUR = r"(?:\x1b\[[0-9;:]*m)*"


class Mask:
    """Replaces each of `secrets` in a line; of one with several lines, each of them.

    A build may echo what it was given; the agent masks nothing that it does not know to be secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        lines = {line.strip() for secret in secrets for line in secret.splitlines() if line.strip()}
        # The longest first: a secret may be the beginning of another one.
        ordered = sorted(lines, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_coloured, ordered))) if ordered else None

    def __call__(self, line: str) -> str:
        return self._pattern.sub(MASK, line) if self._pattern else line


def _coloured(secret: str) -> str:
    """A pattern of a secret that may have colours between its characters."""
    return _COLOUR.join(map(re.escape, secret))
