"""The states of a run from the queue to its end, stored as the agents report them."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip, whole_seconds
from acr_tasks_emulator.execution.agents import CLOSED_MESSAGE
from acr_tasks_emulator.execution.job import Outcome
from acr_tasks_emulator.execution.run_log import COMPLETE_VALUES, LogSink
from acr_tasks_emulator.services.blobs.blobs import COMPLETE, BlobsService
from acr_tasks_emulator.services.tasks.documents import record_base_images
from acr_tasks_emulator.store.runs import RunRow, RunStore
from acr_tasks_emulator.store.tasks import TaskStore

ACTIVE = ("Queued", "Started", "Running")
TERMINAL = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")
_ORDER = (
    *("runId", "status", "lastUpdatedTime", "runType", "agentPoolName", "createTime", "startTime", "finishTime"),
    *("outputImages", "task", "imageUpdateTrigger", "sourceTrigger", "platform", "agentConfiguration"),
    *("sourceRegistryAuth", "customRegistries", "runErrorMessage", "updateTriggerToken", "provisioningState"),
    *("isArchiveEnabled", "timerTrigger"),
)


class RunStates:
    """An observer of agents: runs move Queued -> Running -> a terminal state, which never changes again."""

    def __init__(self, store: RunStore, tasks: TaskStore, blobs: BlobsService, clock: Clock) -> None:
        self._store = store
        self._tasks = tasks
        self._blobs = blobs
        self._clock = clock

    def started(self, run_id: str) -> bool:
        """Note that an agent has taken the run; return False for one that has ended or was removed meanwhile."""
        return self._change(run_id, "Running", startTime=round_trip(self._clock.now()))

    def finished(self, run_id: str, outcome: Outcome) -> None:
        """Note how the run has ended, and the base images that its task depends on from now on."""
        members: dict[str, Any] = {"finishTime": round_trip(self._clock.now())}
        if outcome.output_images:
            members["outputImages"] = outcome.output_images
        if outcome.error_message:
            members["runErrorMessage"] = outcome.error_message
        run = self._store.get(run_id)
        if run is not None:
            task = run.document["properties"].get("task")
            if outcome.status == "Succeeded" and outcome.base_images and task is not None:
                record_base_images(self._tasks, run.registry, task, run.job["step"], outcome.base_images)
            # Log first, status second, as in the service: a reader of the log never waits for an end that is past.
            self._end_log(run, outcome.status)
        self._change(run_id, outcome.status, **members)

    def log(self, run_id: str) -> LogSink:
        """Return where the run's log grows."""
        run = self._store.get(run_id)
        if run is None:
            return _DiscardedLog()
        return self._blobs.open_log(run.registry, run_id)

    def _end_log(self, run: RunRow, status: str) -> None:
        log = self._blobs.find_log(run.registry, run.run_id)
        if log is not None and COMPLETE in log.metadata:
            return
        with_reason = self._blobs.open_log(run.registry, run.run_id)
        if status == "Error":
            with_reason.write(f"\r\nRun ID: {run.run_id} failed. Error: {CLOSED_MESSAGE}\r\n".encode())
        with_reason.complete(COMPLETE_VALUES[status])

    def _change(self, run_id: str, status: str, **members: Any) -> bool:
        """Move a run to a status. Return False when it has ended or does not exist."""
        now = self._clock.now()

        def edit(run: RunRow) -> bool:
            if run.status in TERMINAL:
                return False
            properties = run.document["properties"]
            properties |= {"status": status, "lastUpdatedTime": whole_seconds(now), **members}
            run.document["properties"] = {name: properties[name] for name in _ORDER if name in properties}
            if status in TERMINAL:
                for name in run.job.keys() - {"logTemplate"}:  # the others are read by agents only, and hold secrets
                    del run.job[name]
            return True

        run = self._store.change(run_id, edit)
        return run is not None and run.status == status


class _DiscardedLog:
    """The log of a run that was removed while it ran."""

    def write(self, data: bytes) -> None:
        pass

    def complete(self, value: str) -> None:
        pass
