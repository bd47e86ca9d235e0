"""Fixes of the dynamic server: a wider thread pool, ^C that cancels calls in flight, and short error messages.

* A pool of four threads serves every request of a stack: forty builds of ten minutes would take a hundred minutes,
  and a ^C would wait behind them. The pool is widened.
* The server answers Cancel without ending any call, and the engine then waits for calls in flight without a limit. The
  handler was bound when the server started, so its code is replaced, not the method.
* The server never says which inputs differ. The CLI then shows every one, the hashes of a context's files among them.
  A shim of the answer's class adds the names that belong on the screen.
* The server answers every exception with `traceback.format_exc()`, which it looks up in its own module. There a shim
  replaces it, which returns an `AcrTasksError` as its own text.
"""

from __future__ import annotations

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any

from pulumi_acr_tasks.engine.log import shown
from pulumi_acr_tasks.engine.request import WORKERS
from pulumi_acr_tasks.errors import AcrTasksError


def widen_pool() -> None:
    """Widen the pool whose thread calls this to `WORKERS` threads.

    Raises LookupError when the pool cannot be found, AttributeError when it is not built as expected.
    """
    pool = _pool_of_this_thread()
    if pool is None:
        raise LookupError("the calling thread belongs to no thread pool")
    if not isinstance(pool._max_workers, int):
        raise AttributeError("the pool's size is not a number")
    # submit() compares with this each time that it finds no idle thread; there is no public way to change it.
    pool._max_workers = max(pool._max_workers, WORKERS)


def _pool_of_this_thread() -> ThreadPoolExecutor | None:
    """Return the pool of the calling thread: the thread's outermost frames hold a weak reference to it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        reference = frame.f_locals.get("executor_reference") if frame.f_code.co_name == "_worker" else None
        if reference is not None:
            pool = reference()
            return pool if isinstance(pool, ThreadPoolExecutor) else None
        frame = frame.f_back
    return None


def _cancel(self: Any, request: Any, context: Any) -> Any:
    """End the command, then answer as the stock method does. Runs with the server's globals, so it imports what it
    needs."""
    from google.protobuf import empty_pb2

    from pulumi_acr_tasks.engine.cancel import end_command

    end_command()
    return empty_pb2.Empty()


def listen_to_cancel() -> None:
    """Make the server's Cancel set `canceled`.

    Raises AttributeError when the server has no such method, ValueError when its code cannot be replaced.
    """
    method = sys.modules["__main__"].DynamicResourceProviderServicer.Cancel
    method.__code__ = _cancel.__code__


class ReadableTraceback:
    """The module `traceback`, except that an `AcrTasksError` formats as its own text.

    Any other exception is a defect and keeps its traceback. No text shows the secrets of an address.
    """

    def format_exc(self, *args: Any, **kwargs: Any) -> str:
        """Format the exception that is being handled."""
        error = sys.exc_info()[1]
        if isinstance(error, AcrTasksError):
            # It may quote a log, a proxy or a service: no control sequence of theirs reaches the terminal.
            return shown(str(error))
        return shown(traceback.format_exc(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


def shorten_tracebacks() -> None:
    """Replace `traceback` in the dynamic server's module.

    Raises AttributeError when the server does not use it.
    """
    server: Any = sys.modules["__main__"]
    if not isinstance(server.traceback, ModuleType | ReadableTraceback):
        raise AttributeError("the server's `traceback` is not the module of that name")
    server._abort_with_traceback  # noqa: B018 - raises where the server formats errors otherwise: the shim would do nothing there
    server.traceback = ReadableTraceback()


class Replaced(list[str]):
    """The properties that force a replacement; `differing` are all inputs whose differences the CLI shows."""

    differing: tuple[str, ...] = ()


class NamingDiffResponse:
    """The class `DiffResponse`, except that an answer with `Replaced` properties names what differs."""

    def __init__(self, stock: Any) -> None:
        self._stock = stock

    def __call__(self, **fields: Any) -> Any:
        """Return the answer."""
        replaces = fields.get("replaces")
        return self._stock(**fields, **({"diffs": replaces.differing} if isinstance(replaces, Replaced) else {}))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)


def name_differences() -> None:
    """Make the server's answers to `diff` name the inputs that differ in a replacement.

    Raises AttributeError when the server has no such class, ValueError when the class has no such member.
    """
    server: Any = sys.modules["__main__"]
    proto = server.proto
    proto.DiffResponse(diffs=["context"])
    server.proto = SimpleNamespace(**{**vars(proto), "DiffResponse": NamingDiffResponse(proto.DiffResponse)})
