"""What becomes of many runs, asked of the service in as few requests as it understands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from pulumi_acr_tasks.errors import AcrTasksError, CanceledError, ThrottledError, TransportError, UnavailableError
from pulumi_acr_tasks.follow.status import RunLike

R = TypeVar("R", bound=RunLike)

GROUP = 15
"""Runs in one question: a filter of more comparisons may be refused (`facts/acr-tasks-api.md`, notes on use)."""

_BUSY = (ThrottledError, UnavailableError, TransportError)


class Question(Generic[R]):
    """Asks for runs: one by its id with `get`, several with `find`, a list filtered by their ids.

    A filter that is refused, or an answer that is none to it, is the last one that was tried: from then on every run is
    asked for by itself.
    """

    def __init__(self, get: Callable[[str], R], find: Callable[[Sequence[str]], Iterable[R]] | None = None) -> None:
        self._get, self._find = get, find

    def ask(self, ids: Sequence[str]) -> dict[str, R | AcrTasksError]:
        """The runs by id, or why one cannot be read. A run that is left out may be asked for again: the service was
        busy.

        Raises CanceledError when the update is cancelled meanwhile.
        """
        answers: dict[str, R | AcrTasksError] = {}
        for group in _groups(ids):
            found = self._list(group) if len(group) > 1 else {}
            if found is None:
                continue
            answers.update(found)
            # A list may lag behind what it lists: one that is missing there is not gone.
            missing = [run_id for run_id in group if run_id not in found]
            seen = {run_id: answer for run_id in missing if (answer := self._read(run_id)) is not None}
            there = any(not isinstance(answer, AcrTasksError) for answer in seen.values())
            if len(group) > 1 and missing == list(group) and there:
                self._find = None  # the list knows none of them, and they are there
            answers.update(seen)
        return answers

    def requests(self, count: int) -> int:
        """How many requests it takes to ask for so many runs."""
        return count if self._find is None else -(-count // GROUP)

    def _list(self, group: Sequence[str]) -> dict[str, R] | None:
        """The runs of a group that the list has; None when the service is busy just now."""
        found: dict[str, R] = {}
        if self._find is None:
            return found
        try:
            for run in self._find(group):
                run_id = run.properties.run_id
                if run_id not in group:
                    # The filter was not understood. The rest may be every run that the registry ever had.
                    self._find = None
                    return found
                found[run_id] = run
        except CanceledError:
            raise
        except _BUSY:
            return None
        except (AcrTasksError, ValueError):
            # Refused, or not to be understood (pydantic's errors are ValueErrors): asking by id may still work.
            self._find = None
        return found

    def _read(self, run_id: str) -> R | AcrTasksError | None:
        try:
            return self._get(run_id)
        except CanceledError:
            raise
        except _BUSY:
            return None
        except AcrTasksError as error:
            return error


def _groups(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), GROUP):
        yield ids[start : start + GROUP]
