"""A log that is followed while something else awaits the run."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import httpx

from pulumi_acr_tasks.arm.http.connection import open_http
from pulumi_acr_tasks.errors import AcrTasksError, CanceledError
from pulumi_acr_tasks.run.log.follow import LogFollower

TAIL = 40
"""Lines of the log that are shown when a run fails."""


class BackgroundLog:
    """Follows the log of one run in a thread of its own.

    `link` gives a link to the log. `mask` makes of each line what may be shown. `show` takes lines, `warn` one sentence
    when the log cannot be read. `at_end` is called when nothing more will come: the run has ended then, or is about
    to. It is also called when the storage stops answering, which may be the first sign of a lost service. None of
    them may raise.
    """

    def __init__(
        self,
        link: Callable[[], str],
        mask: Callable[[str], str],
        show: Callable[[list[str]], None],
        warn: Callable[[str], None],
        name: str = "log",
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.ended = threading.Event()
        self._at_end = at_end
        self._link, self._mask, self._show, self._warn = link, mask, show, warn
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._finish = threading.Event()
        self._silent = False
        # A daemon: a storage that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self, patience: float) -> list[str]:
        """Wait `patience` seconds for the end of the log, then read what is there once more; the last lines that were
        shown."""
        self.ended.wait(patience)
        self._finish.set()
        self._thread.join(patience)
        # A storage that is slow may still bring lines: they come too late for a resource that is done.
        self._silent = True
        return list(self._tail)

    def _follow(self) -> None:
        try:
            with open_log_client() as http:
                LogFollower(http, self._link, self._print, unreachable=self._at_end).follow(self._finish)
        except CanceledError:
            # At the end of every command all waiting is ended; whoever cancelled reads of it from the resource.
            pass
        except AcrTasksError as error:
            self._complain(str(error))
        except Exception as error:
            # Deliberately any: the run goes on. The error's text may hold the link, which is a secret.
            self._complain(f"The log cannot be shown: {type(error).__name__}. The run goes on.")
        finally:
            self.ended.set()
            self._at_end()

    def _complain(self, text: str) -> None:
        if not self._silent:
            self._warn(text)

    def _print(self, lines: list[str]) -> None:
        masked = [self._mask(line) for line in lines]
        if not self._silent:
            # The tail has every line, also those for which the screen has no room.
            self._tail.extend(masked)
            self._show(masked)


def open_log_client() -> httpx.Client:
    """A client for the log storage: no token, no redirects, and no proxy to this very machine."""
    return open_http(timeout=httpx.Timeout(20.0, connect=10.0))
