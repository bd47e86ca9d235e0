"""Room for as many requests at once as the engine sends.

The dynamic server has a pool of four threads for every request of a stack (`facts/pulumi.md` section 2.3): forty
builds of ten minutes would take a hundred minutes, and a ^C would wait behind them.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

LOST = "more than four resources at a time"

WORKERS = 512
"""Threads: never the limit. The engine's own parallelism is 4 x cores unless `--parallel` says otherwise, and a
thread that is not needed is never started."""


def attach() -> None:
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
    """The pool of which the calling thread is a worker: its outermost frames hold a weak reference to it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        reference = frame.f_locals.get("executor_reference") if frame.f_code.co_name == "_worker" else None
        if reference is not None:
            pool = reference()
            return pool if isinstance(pool, ThreadPoolExecutor) else None
        frame = frame.f_back
    return None
