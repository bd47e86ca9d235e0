"""The display of a run's log: followed in a thread, masked line by line, and shown at a readable rate."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import httpx

from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.http.connection import open_http
from pulumi_acr_tasks.errors import AcrTasksError, CanceledError
from pulumi_acr_tasks.run.log.follow import LogFollower

TAIL = 40
"""Lines of the log that are shown when a run fails."""

_BURST = 200
"""Lines that are shown at once: an ordinary log passes whole, also in CI, where each line stays on the screen."""

_RATE = 40.0  # lines a second after a burst: more than anybody can read


class BackgroundLog:
    """The log of one run, followed in a thread of its own.

    `link`: returns a link to the log. `mask`: returns a line without secrets. `show`: takes new lines. `warn`: takes
    one sentence when the log cannot be read. `on_end`: called at the end of the log, when the run has ended or is about
    to; and when the storage stops answering, which may be the first sign of an outage. None of these may raise.
    """

    def __init__(
        self,
        link: Callable[[], str],
        mask: Callable[[str], str],
        show: Callable[[list[str]], None],
        warn: Callable[[str], None],
        name: str = "log",
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.ended = threading.Event()
        self._on_end = on_end
        self._link, self._mask, self._show, self._warn = link, mask, show, warn
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._finish = threading.Event()
        self._closed = False
        # A daemon: a storage that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)

    def start(self) -> None:
        """Start to follow the log."""
        self._thread.start()

    def finish(self, timeout: float) -> list[str]:
        """Wait `timeout` seconds for the end of the log, read it once more, and return its last lines."""
        self.ended.wait(timeout)
        self._finish.set()
        self._thread.join(timeout)
        # A slow storage may still bring lines: too late for a resource that is done.
        self._closed = True
        return list(self._tail)

    def _follow(self) -> None:
        try:
            with open_http(timeout=httpx.Timeout(20.0, connect=10.0)) as http:
                LogFollower(http, self._link, self._print, on_outage=self._on_end).follow(self._finish)
        except CanceledError:
            # Every wait ends with the command. The resource reports a cancellation.
            pass
        except AcrTasksError as error:
            self._complain(str(error))
        except Exception as error:
            # Deliberately any: the run goes on. The error's text may hold the link, which is a secret.
            self._complain(f"The log cannot be shown: {type(error).__name__}. The run goes on.")
        finally:
            self.ended.set()
            self._on_end()

    def _complain(self, text: str) -> None:
        if not self._closed:
            self._warn(text)

    def _print(self, lines: list[str]) -> None:
        masked = [self._mask(line) for line in lines]
        if not self._closed:
            # The tail has every line, also those that the display leaves out.
            self._tail.extend(masked)
            self._show(masked)


class RateLimitedDisplay:
    """A display of a limited number of lines a second, always the newest.

    `show` takes each line that is shown. The next line that is shown says how many were left out before it.
    """

    def __init__(self, show: Callable[[str], None], clock: Clock | None = None) -> None:
        self._show, self._clock = show, clock or SystemClock()
        self._room, self._last = float(_BURST), self._clock.now()
        self._left_out = 0

    def print(self, lines: list[str]) -> None:
        """Show these lines, or the last of them."""
        now = self._clock.now()
        self._room = min(_BURST, self._room + (now - self._last) * _RATE)
        self._last = now
        count = max(1, min(len(lines), int(self._room)))
        self._room = max(0.0, self._room - count)
        self._left_out += len(lines) - count if lines else 0
        for line in lines[len(lines) - count :] if lines else []:
            if self._left_out:
                line, self._left_out = f"(… {self._left_out} lines) {line}", 0
            self._show(line)
