"""A log on a screen: as many lines as one can show, and always the newest."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_acr_tasks.run.wait.clock import Clock, SystemClock

_BURST = 200
"""Lines at once: an ordinary log passes whole, also where each line is printed for good (in CI)."""

_RATE = 40.0  # lines a second after that: more than anybody can read


class Screen:
    """Shows lines, at most so many a second; `show` takes each one that is shown.

    What is left out is counted, and said with the next line that is shown.
    """

    def __init__(self, show: Callable[[str], None], clock: Clock | None = None) -> None:
        self._show, self._clock = show, clock or SystemClock()
        self._room, self._seen = float(_BURST), self._clock.now()
        self._left_out = 0

    def print(self, lines: list[str]) -> None:
        """Show these lines, or the last of them."""
        now = self._clock.now()
        self._room = min(_BURST, self._room + (now - self._seen) * _RATE)
        self._seen = now
        count = max(1, min(len(lines), int(self._room)))
        self._room = max(0.0, self._room - count)
        self._left_out += len(lines) - count if lines else 0
        for line in lines[len(lines) - count :] if lines else []:
            if self._left_out:
                line, self._left_out = f"(… {self._left_out} lines) {line}", 0
            self._show(line)
