"""What was asked of the emulator, for tests that count requests."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote_plus

KEPT = 20_000
# A shared access signature; the others belong into the body of a sign-in, but not everybody knows.
_SECRET = {"sig", "client_secret", "client_assertion", "password", "code", "refresh_token", "access_token"}


@dataclass(frozen=True)
class RequestEntry:
    """One request. `query` has no signature in it; `status` is 0 when the connection was closed without an answer."""

    time: str
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    correlationId: str | None  # noqa: N815 - the interface's word


class RequestLog:
    """The last requests, oldest first; they are not kept on disk."""

    def __init__(self) -> None:
        self._entries: deque[RequestEntry] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, int]] = Counter()

    def add(self, entry: RequestEntry) -> None:
        """Keep a request; the oldest one goes when there are too many."""
        self._entries.append(entry)
        self._counts[entry.method, entry.status] += 1

    def all(self) -> list[dict[str, Any]]:
        """Return the requests as plain dicts."""
        return [asdict(entry) for entry in self._entries]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many requests there were, by method and status; those that were forgotten count too."""
        found: dict[str, dict[str, int]] = {}
        for (method, status), count in sorted(self._counts.items()):
            found.setdefault(method, {})[str(status)] = count
        return found

    def clear(self) -> None:
        """Forget every request."""
        self._entries.clear()

    def reset(self) -> None:
        """Forget the counts as well."""
        self.clear()
        self._counts.clear()


def without_signature(query: str) -> str:
    """Return a query string whose signature, and whatever else is secret, is redacted, however its name is spelled."""
    return "&".join(map(_redacted, query.split("&")))


def _redacted(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}=REDACTED" if equals and unquote_plus(name).lower() in _SECRET else parameter
