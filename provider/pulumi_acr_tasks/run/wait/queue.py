"""Progress messages for a run that waits for an agent. The service never says why it waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_acr_tasks.run.wait.status import QUEUED

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.clock import ServerTime
    from pulumi_acr_tasks.arm.models import Run

_MINUTE = 60


class QueueMessages:
    """A message for each minute that a run is queued, by the service's clock, which also dates the run."""

    def __init__(self, run_id: str, time: ServerTime, show: Callable[[str], None]) -> None:
        self._run_id, self._time, self._show = run_id, time, show
        self._minutes_shown = 0

    def update(self, run: Run) -> None:
        """Show a message when another minute has passed for `run`, as the service has just described it."""
        created = run.properties.create_time.moment if run.properties.create_time else None
        now = self._time.now()
        if created is None or now is None or (run.properties.status or QUEUED) != QUEUED:
            return
        minutes = int((now - created).total_seconds() // _MINUTE)
        if minutes > self._minutes_shown:
            self._minutes_shown = minutes
            self._show(
                f"{self._run_id} has been Queued for {minutes} min: all agents are busy, "
                "or a firewall of the registry keeps them out"
            )
