"""The log of requests, for tests that count them."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote_plus

KEPT = 20_000
# The signature of a link. The others belong into the body of a sign-in; some clients put them into the query.
_SECRET = {"sig", "client_secret", "client_assertion", "password", "code", "refresh_token", "access_token"}


@dataclass(frozen=True)
class RequestEntry:
    """One request. `query` is redacted; `status` is 0 when the connection was closed without an answer."""

    time: str
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    correlationId: str | None  # noqa: N815 - the interface's word


class RequestLog:
    """A log of the last requests in memory, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[RequestEntry] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, int]] = Counter()
        self.cleared = 0
        """How often the log was cleared."""

    def add(self, entry: RequestEntry, cleared: int) -> None:
        """Add a request, unless the log was cleared since it began; when the log is full the oldest one is dropped.

        cleared: the log's `cleared` when the request began.
        """
        if cleared != self.cleared:
            return
        self._entries.append(entry)
        self._counts[entry.method, entry.status] += 1

    def all(self) -> list[dict[str, Any]]:
        """Return the requests as plain dicts."""
        return [asdict(entry) for entry in self._entries]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of requests by method and status; dropped ones count too."""
        found: dict[str, dict[str, int]] = {}
        for (method, status), count in sorted(self._counts.items()):
            found.setdefault(method, {})[str(status)] = count
        return found

    def clear(self) -> None:
        """Remove every request, those in flight too."""
        self.cleared += 1
        self._entries.clear()

    def reset(self) -> None:
        """Remove every request, and the counts."""
        self.clear()
        self._counts.clear()


def without_signature(query: str) -> str:
    """Return a query string with its secrets redacted, however their names are spelled."""
    return "&".join(map(_redacted, query.split("&")))


def _redacted(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}=REDACTED" if equals and unquote_plus(name).lower() in _SECRET else parameter
