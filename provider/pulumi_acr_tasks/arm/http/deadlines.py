"""Deadlines and cancellation of a thread's work: of each request, pause, upload and wait."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pulumi_acr_tasks.arm.operation import operation_of
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, TransportError

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.operation import Send

T = TypeVar("T")

_SLICE = 0.2  # seconds between two checks for ^C
_GRACE = 5.0
"""Seconds after ^C for the answer to a request that changes something: without it the change may or may not be made."""


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


def interruptible() -> bool:
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


def cancelable(send: Send, stop: threading.Event | None) -> Send:
    """Send a request, and give it up when `stop` is set or at the deadline of this thread.

    A request that only reads is given up at once, any other after five seconds. The latter becomes a TransportError,
    because it may have arrived.
    """

    def cancelable_send(request: httpx.Request) -> httpx.Response:
        operation = operation_of(request)
        doing = f"{operation.action} {operation.resource_id}"
        # A GET that waits for the end of an accepted request is a part of that request.
        reads = request.method in ("GET", "HEAD") and operation.idempotent
        heeded = None if operation.after_cancel else stop
        try:
            return run_cancelable(lambda: send(request), heeded, doing, 0.0 if reads else _GRACE)
        except CanceledError as error:
            if reads:
                raise
            raise TransportError(str(error), lasting=True) from error

    return cancelable_send
