"""A run that waits for an agent: the service says nothing of why, so after a while we say what it may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_acr_tasks.run.wait.status import QUEUED

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.arm.server_time import ServerTime

_MINUTE = 60


class QueueHint:
    """Tells every minute that a run is still queued; by the service's clock, which dates the run too."""

    def __init__(self, run_id: str, time: ServerTime, show: Callable[[str], None]) -> None:
        self._run_id, self._time, self._show = run_id, time, show
        self._told = 0

    def look(self, run: Run) -> None:
        """Look at the run as the service describes it now."""
        created = run.properties.create_time.moment if run.properties.create_time else None
        now = self._time.now()
        if created is None or now is None or (run.properties.status or QUEUED) != QUEUED:
            return
        minutes = int((now - created).total_seconds() // _MINUTE)
        if minutes > self._told:
            self._told = minutes
            self._show(
                f"{self._run_id} has been Queued for {minutes} min: all agents are busy, "
                "or a firewall of the registry keeps them out"
            )
