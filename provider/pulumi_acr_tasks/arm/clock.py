"""Clocks, and the deadlines and the cancellation of a thread's work: of each request, pause, upload and wait."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from pulumi_acr_tasks.errors import CanceledError, DeadlineError

if TYPE_CHECKING:
    import httpx


class Clock(Protocol):
    """A clock that tells the time and waits; tests have one of their own, so that they need not wait."""

    def now(self) -> float:
        """Return seconds since some fixed moment; the clock never goes back."""
        ...

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        """Wait `seconds`.

        Raise CanceledError when the update is canceled meanwhile, if `interruptible`. Raise DeadlineError at once when
        the deadline of this thread is nearer.
        """
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set, for `seconds` at most; return whether it is set."""
        ...


class SystemClock:
    """The machine's clock; `stop` is set when the user cancels the update."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        if not fits_deadline(seconds):
            raise DeadlineError("no time is left to wait for the service")
        if not interruptible or not may_interrupt():
            time.sleep(seconds)
        elif self._stop.wait(seconds):
            raise CanceledError("canceled while waiting for the service")


class ServerTime:
    """The service's clock, to about a second: the `Date` of its last answer, and the time since then.

    This machine's clock may be minutes off, and the service dates runs by its own.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: tuple[datetime, float] | None = None

    def update(self, response: httpx.Response) -> None:
        """Set the clock by an answer, if it has a readable `Date`."""
        try:
            date = parsedate_to_datetime(response.headers.get("date", ""))
        except (TypeError, ValueError):
            return
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        with self._lock:
            self._noted = date, self._clock.now()

    def now(self) -> datetime | None:
        """Return the service's time, or None before its first answer."""
        return self.at(self._clock.now())

    def at(self, moment: float) -> datetime | None:
        """Return the service's time at a moment of our own clock, or None before its first answer."""
        with self._lock:
            if self._noted is None:
                return None
            date, seen = self._noted
            return date + timedelta(seconds=moment - seen)


T = TypeVar("T")

_SLICE = 0.2  # seconds between two checks for ^C


@dataclass
class Deadline:
    """The time at which work is given up; `given_up` is set when a wait was refused because it would end later."""

    until: float
    interruptible: bool = True
    given_up: bool = False

    @property
    def left(self) -> float:
        """The seconds left; negative after the deadline."""
        return self.until - time.monotonic()

    @property
    def reached(self) -> bool:
        """True if the deadline has passed, or has ended any work."""
        return self.given_up or self.left <= 0


_NONE = Deadline(float("inf"))
_current: ContextVar[Deadline] = ContextVar("deadline", default=_NONE)


@contextlib.contextmanager
def deadline(seconds: float, *, interruptible: bool = True, afresh: bool = False) -> Iterator[Deadline]:
    """Limit the block to `seconds`, and to the time that an outer deadline leaves unless it begins `afresh`.

    `interruptible` is False for work that is done because of ^C, which must not end it.
    """
    until = time.monotonic() + seconds
    mine = Deadline(until if afresh else min(until, _current.get().until), interruptible)
    token = _current.set(mine)
    try:
        yield mine
    finally:
        _current.reset(token)


def fits_deadline(seconds: float) -> bool:
    """Return whether a wait of `seconds` ends before the deadline; the deadline counts as reached when it does not."""
    current = _current.get()
    if seconds < current.left:
        return True
    current.given_up = True
    return False


@contextlib.contextmanager
def lock_within_deadline(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock for the block. Raise DeadlineError when other threads hold it until the deadline."""
    current = _current.get()
    if not lock.acquire(timeout=-1 if current is _NONE else max(0.0, current.left)):
        raise DeadlineError("another resource waited for the service all the time", arrived=False)
    try:
        yield
    finally:
        lock.release()


def wait_within_deadline(done: threading.Event) -> None:
    """Wait for a request that another thread makes for this one too. Raise DeadlineError at the deadline."""
    current = _current.get()
    if not done.wait(None if current is _NONE else max(0.0, current.left)):
        raise DeadlineError("another resource waited for the service all the time", arrived=False)


def may_interrupt() -> bool:
    """Return whether ^C ends the work of this thread."""
    return _current.get().interruptible


def run_cancelable(
    work: Callable[[], T],
    stop: threading.Event | None,
    doing: str,
    grace: float = 0.0,
    meanwhile: Callable[[], None] = lambda: None,
) -> T:
    """Run `work` in a thread of its own and return its result; call `meanwhile` now and then.

    Raise CanceledError `grace` seconds after `stop` is set, and DeadlineError at the deadline. The work's thread then
    goes on alone.
    """
    current = _current.get()
    if stop is None and current is _NONE:
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
    given, stopped = current.left, None
    while not done.wait(max(0.0, min(_SLICE, current.left))):
        if current.left <= 0:
            raise DeadlineError(f"{doing}: no answer within {max(given, 0.0):.1f} s")
        if stop is not None and stop.is_set() and current.interruptible:
            stopped = stopped or time.monotonic()
            if time.monotonic() - stopped >= grace:
                raise CanceledError(f"{doing}: the update was canceled, and there was no answer yet")
        meanwhile()
    if failure:
        raise failure[0]
    return result[0]
