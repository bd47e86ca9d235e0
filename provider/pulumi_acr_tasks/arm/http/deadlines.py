"""How long the work of this thread may take, and whether ^C ends it: for each request, pause, upload and wait alike."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import TypeVar

from pulumi_acr_tasks.errors import CanceledError, DeadlineError

T = TypeVar("T")

_SLICE = 0.2  # seconds in which ^C is noticed


@dataclass
class Limit:
    """The time at which the work is given up; `given_up` is set when a wait was refused for want of time."""

    until: float
    interruptible: bool = True
    given_up: bool = False

    @property
    def left(self) -> float:
        """Seconds; negative when the time is over."""
        return self.until - time.monotonic()

    @property
    def reached(self) -> bool:
        """Whether the limit has ended any work."""
        return self.given_up or self.left <= 0


_NONE = Limit(float("inf"))
_current: ContextVar[Limit] = ContextVar("limit", default=_NONE)


@contextlib.contextmanager
def limited(seconds: float, *, interruptible: bool = True, afresh: bool = False) -> Iterator[Limit]:
    """Limit the work of the block to `seconds`, and to what is left of an outer limit unless it begins `afresh`.

    `interruptible` is False for what is done because of ^C, which must not end it.
    """
    until = time.monotonic() + seconds
    limit = Limit(until if afresh else min(until, _current.get().until), interruptible)
    token = _current.set(limit)
    try:
        yield limit
    finally:
        _current.reset(token)


def affordable(seconds: float) -> bool:
    """Whether a wait of `seconds` ends within the limit; the limit is reached when it does not."""
    limit = _current.get()
    if seconds < limit.left:
        return True
    limit.given_up = True
    return False


@contextlib.contextmanager
def held(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock for the block, behind which others may wait for the service.

    Raises DeadlineError when it is not free within the limit.
    """
    limit = _current.get()
    if not lock.acquire(timeout=-1 if limit is _NONE else max(0.0, limit.left)):
        raise DeadlineError("another resource waited for the service all the time", arrived=False)
    try:
        yield
    finally:
        lock.release()


def await_others(done: threading.Event) -> None:
    """Wait for what another thread asks of the service for this one too.

    Raises DeadlineError when it has not ended within the limit.
    """
    limit = _current.get()
    if not done.wait(None if limit is _NONE else max(0.0, limit.left)):
        raise DeadlineError("another resource waited for the service all the time", arrived=False)


def interruptible() -> bool:
    """Whether ^C ends the work of this thread."""
    return _current.get().interruptible


def attended(
    work: Callable[[], T],
    stop: threading.Event | None,
    doing: str,
    grace: float = 0.0,
    meanwhile: Callable[[], None] = lambda: None,
) -> T:
    """Do `work` in a thread of its own and return what it returns; `meanwhile` is called now and then.

    Raises CanceledError within moments after `stop` is set (`grace` seconds are left to the work), and DeadlineError
    when the limit is reached: the work is left to itself then.
    """
    limit = _current.get()
    if stop is None and limit is _NONE:
        return work()
    result: list[T] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    # A daemon: a server that never answers must not keep the process alive.
    threading.Thread(target=copy_context().run, args=(run,), name=doing, daemon=True).start()
    given, stopped = limit.left, None
    while not done.wait(max(0.0, min(_SLICE, limit.left))):
        if limit.left <= 0:
            raise DeadlineError(f"{doing}: no answer within {max(given, 0.0):.1f} s")
        if stop is not None and stop.is_set() and limit.interruptible:
            stopped = stopped or time.monotonic()
            if time.monotonic() - stopped >= grace:
                raise CanceledError(f"{doing}: the update was canceled, and there was no answer yet")
        meanwhile()
    if failure:
        raise failure[0]
    return result[0]
