"""What becomes of many runs, asked of the service in as few requests as it understands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from pulumi_acr_tasks.errors import (
    AcrTasksError,
    AnswerError,
    CanceledError,
    SignInError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.run.wait.status import RunLike

R = TypeVar("R", bound=RunLike)

GROUP = 15
"""Runs in one question: a filter of more comparisons may be refused (`facts/acr-tasks-api.md`, notes on use)."""

# What may pass: it says nothing of the run. (A token is asked for at another server, which may be lost too.)
_BUSY = (ThrottledError, UnavailableError, TransportError, SignInError)


class Question(Generic[R]):
    """Asks for runs: one by its id with `get`, several with `find`, a list filtered by their ids.

    A filter that is refused, or an answer that is none to it, is the last one that was tried: from then on every run is
    asked for by itself. `unanswered` says why the last question had no answer for some of its runs; None when it had
    them all.
    """

    def __init__(self, get: Callable[[str], R], find: Callable[[Sequence[str]], Iterable[R]] | None = None) -> None:
        self._get, self._find = get, find
        self.unanswered: AcrTasksError | None = None

    def ask(self, ids: Sequence[str]) -> dict[str, R | AcrTasksError]:
        """The runs by id, or why one cannot be read. A run that is left out may be asked for again: the service was
        busy, or did not answer, or not in a way that is understood.

        Raises CanceledError when the update is cancelled meanwhile.
        """
        answers: dict[str, R | AcrTasksError] = {}
        self.unanswered = None
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
                run_id, _ = run.properties.run_id, run.properties.status
                if run_id not in group:
                    # The filter was not understood. The rest may be every run that the registry ever had.
                    self._find = None
                    return found
                found[run_id] = run
        except CanceledError:
            raise
        except AnswerError:
            self._find = None  # not understood: asking by id may still work
        except _BUSY as error:
            self.unanswered = error
            return None
        except Exception:
            # Deliberately any: refused, or not to be understood in whatever way. Asking by id may still work.
            self._find = None
        return found

    def _read(self, run_id: str) -> R | AcrTasksError | None:
        try:
            run = self._get(run_id)
            _ = run.properties.status
            return run
        except CanceledError:
            raise
        except _BUSY as error:
            self.unanswered = error
        except AcrTasksError as error:
            return error
        except Exception as error:
            # Deliberately any: whatever a proxy may have answered in place of the service.
            words = f"the answer is not understood ({type(error).__name__})"
            self.unanswered = TransportError(f"read run {run_id}: {words}")
        return None


def _groups(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), GROUP):
        yield ids[start : start + GROUP]
