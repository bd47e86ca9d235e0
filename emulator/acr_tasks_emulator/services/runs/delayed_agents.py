"""A delay before agents take a run, as when the service is busy."""

from __future__ import annotations

import threading

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.services.runs.runs import Agents


class DelayedAgents:
    """A queue that hands jobs to the agents after `seconds`."""

    def __init__(self, agents: Agents, seconds: float) -> None:
        self._agents = agents
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: dict[str, threading.Timer] = {}

    def submit(self, job: Job) -> None:
        """Put a job at the end of the agents' queue after the delay."""
        timer = threading.Timer(self._seconds, self._hand_on, (job,))
        timer.daemon = True
        with self._lock:
            self._waiting[job.run_id] = timer
        timer.start()

    def cancel(self, run_id: str) -> bool:
        """Cancel a run at the agents. For a run that still waits here, drop it and return False: the caller ends it."""
        with self._lock:
            timer = self._waiting.pop(run_id, None)
        if timer is not None:
            timer.cancel()
            return False
        return self._agents.cancel(run_id)

    def close(self) -> None:
        """Drop the waiting runs; the next start resumes them from the store."""
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
        for timer in waiting:
            timer.cancel()

    def _hand_on(self, job: Job) -> None:
        with self._lock:
            if self._waiting.pop(job.run_id, None) is not None:
                self._agents.submit(job)
