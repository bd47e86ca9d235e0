"""Reading of many runs in as few requests as the service accepts."""

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
from pulumi_acr_tasks.run.wait.terms import RunLike

R = TypeVar("R", bound=RunLike)

GROUP = 15
"""Runs in one list request. The service may refuse a filter of more comparisons."""

# Failures that may pass and say nothing of the run. A sign-in asks another server, which may be lost too.
_TRANSIENT = (ThrottledError, UnavailableError, TransportError, SignInError)


class BatchReader(Generic[R]):
    """A reader of runs: a single one by `get`, several by `find`, a list filtered by their ids.

    After the service refuses or misunderstands a filter once, every run is read by its own id. `failure` is why the
    last read got no answer for some of its runs; None when it got all of them.
    """

    def __init__(self, get: Callable[[str], R], find: Callable[[Sequence[str]], Iterable[R]] | None = None) -> None:
        self._get, self._find = get, find
        self.failure: AcrTasksError | None = None

    def read(self, ids: Sequence[str]) -> dict[str, R | AcrTasksError]:
        """Return each run by its id, or the error of a run that cannot be read.

        A run without an entry may be read again later: the request for it failed in a way that may pass.
        Raises CanceledError when the update is canceled meanwhile.
        """
        answers: dict[str, R | AcrTasksError] = {}
        self.failure = None
        for group in _groups(ids):
            found = self._list(group) if len(group) > 1 else {}
            if found is None:
                continue
            answers.update(found)
            # A list may lag behind: a run that is missing in it is not gone.
            missing = [run_id for run_id in group if run_id not in found]
            seen = {run_id: answer for run_id in missing if (answer := self._read(run_id)) is not None}
            exist = any(not isinstance(answer, AcrTasksError) for answer in seen.values())
            if len(group) > 1 and missing == list(group) and exist:
                self._find = None  # the list knows none of the runs, although they exist
            answers.update(seen)
        return answers

    def requests(self, count: int) -> int:
        """Return the number of requests that reading so many runs takes."""
        return count if self._find is None else -(-count // GROUP)

    def _list(self, group: Sequence[str]) -> dict[str, R] | None:
        """Return the runs of a group that the list has; None when the request failed in a way that may pass."""
        found: dict[str, R] = {}
        if self._find is None:
            return found
        try:
            for run in self._find(group):
                run_id, _ = run.properties.run_id, run.properties.status
                if run_id not in group:
                    # The service ignores the filter. The rest may be every run that the registry ever had.
                    self._find = None
                    return found
                found[run_id] = run
        except CanceledError:
            raise
        except AnswerError:
            self._find = None  # an answer that cannot be read; reading by id may still work
        except _TRANSIENT as error:
            self.failure = error
            return None
        except Exception:
            # Deliberately any: whatever is wrong with the list, reading by id may still work.
            self._find = None
        return found

    def _read(self, run_id: str) -> R | AcrTasksError | None:
        try:
            run = self._get(run_id)
            _ = run.properties.status
            return run
        except CanceledError:
            raise
        except _TRANSIENT as error:
            self.failure = error
        except AcrTasksError as error:
            return error
        except Exception as error:
            # Deliberately any: whatever a proxy may have answered in place of the service.
            words = f"the answer is not understood ({type(error).__name__})"
            self.failure = TransportError(f"read run {run_id}: {words}")
        return None


def _groups(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), GROUP):
        yield ids[start : start + GROUP]
