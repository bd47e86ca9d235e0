"""The thread that lets timers fire."""

from __future__ import annotations

import logging
import threading

from acr_tasks_emulator.clock import Clock
from acr_tasks_emulator.services.triggers.triggers import TriggersService

MINUTE = 60.0
_logger = logging.getLogger(__name__)


class Timers:
    """A thread that checks timers at the start of each minute until it is closed. Schedules have no seconds."""

    def __init__(self, triggers: TriggersService, clock: Clock) -> None:
        self._triggers = triggers
        self._clock = clock
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="timers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, after a check in progress has ended."""
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed.wait(MINUTE - self._clock.now().timestamp() % MINUTE):
            try:
                self._triggers.fire_timers()
            except Exception:  # the next check may succeed
                _logger.exception("timers could not be checked")
