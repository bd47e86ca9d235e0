"""The wait for one run: its log is shown, its result judged, and the run canceled on ^C or at a deadline."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.clock import deadline
from pulumi_acr_tasks.errors import AcrTasksError, CanceledError, ServiceError
from pulumi_acr_tasks.run.log.display import BackgroundLog, RateLimitedDisplay
from pulumi_acr_tasks.run.wait.failures import RunFailure, cancel_hint, log_location
from pulumi_acr_tasks.run.wait.terms import QueueMessages, Wait, WaitCanceledError, WaitOutageError, WaitTimeoutError
from pulumi_acr_tasks.schema.secrets import mask_of

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.engine import Console
    from pulumi_acr_tasks.run.schedule.resume import JournaledRun
    from pulumi_acr_tasks.run.wait.poller import Poller
    from pulumi_acr_tasks.service import Service

_LOG_TIMEOUT = 5.0  # seconds for the log of a run that has ended to be complete
_CANCEL_REQUEST = 5.0  # seconds for the service to accept a cancellation, retries included
_CANCEL_TIMEOUT = 2.0  # seconds for a canceled run to show that it has ended
_CANCEL_LOG_TIMEOUT = 0.5  # seconds for the last lines of its log
_TIMEOUT = 3600  # seconds; the specification's default for a request's timeout


@dataclass(frozen=True)
class Call:
    """One call of the engine.

    `console`: shows messages of the resource. `cancel`: set when the user cancels the update. `timeout`: the resource's
    custom timeout in seconds, 0 without one.
    """

    console: Console
    cancel: threading.Event
    timeout: float = 0.0

    @classmethod
    def served(cls) -> Call:
        """Return the call that this thread serves."""
        return cls(engine.console(), engine.canceled, engine.current_request().timeout)


@dataclass(frozen=True)
class AwaitedRun:
    """A scheduled run whose result is awaited.

    `began`: the time of the clock from which the custom timeout counts. `journaled`: the run's journal entry, removed
    when the run is not to be resumed.
    """

    service: Service
    registry: RegistryId
    run_id: str
    inputs: dict[str, Any]
    call: Call
    began: float
    journaled: JournaledRun
    clock: Clock

    def result(self) -> Run:
        """Show the log and return the run once it has succeeded.

        Raises RunError for any other final status, and CanceledError when the user cancels. A cancellation and a
        deadline cancel the run at the service too; a run that has succeeded by then is returned all the same. After any
        other error the run goes on.
        """
        wait = self._wait()
        log = self._log(wait.poll_now)
        if self._streaming:
            log.start()
        try:
            return self._judged(self.poller.wait(self.run_id, wait), log)
        except (WaitCanceledError, CanceledError):
            return self._cancel_for_user(log)
        except WaitTimeoutError as timeout:
            return self._cancel_at_deadline(timeout, log)
        except WaitOutageError as outage:
            raise self._failure(self._tail(log, 0.0)).of_outage(outage.seconds, outage.reason) from None

    def _judged(self, run: Run, log: BackgroundLog) -> Run:
        """Return a run that has succeeded.

        Raises RunError for any other final status.
        """
        status = run.properties.status or ""
        self.journaled.scheduled(run)
        if status != "Succeeded":
            self.journaled.forget()
            raise self._failure(self._tail(log, _LOG_TIMEOUT), run.properties.run_error_message).of_status(status)
        if self._streaming:
            log.finish(_LOG_TIMEOUT)
        self.call.console.status(f"{self.run_id} succeeded")
        return run

    @property
    def client(self) -> Client:
        """The service's client."""
        return self.service.client()

    @property
    def poller(self) -> Poller[Run]:
        """The registry's poller."""
        return self.service.poller(self.registry, self.clock)

    @property
    def _streaming(self) -> bool:
        return bool(self.inputs.get("logs", "stream") == "stream")

    def _wait(self) -> Wait:
        timeout, queue_timeout = self.call.timeout, self.inputs.get("queueTimeout")
        show = self.call.console.status
        queue = QueueMessages(self.run_id, self.client.server_time, show)

        def on_run(run: Run) -> None:
            self.journaled.scheduled(run)
            queue.update(run)

        def on_status(status: str) -> None:
            # A streamed log shows already that the run goes on.
            if not self._streaming or status == "Queued":
                show(f"{self.run_id}: {status}")

        return Wait(
            cancel=self.call.cancel,
            deadline=self.began + timeout if timeout else None,
            queue_deadline=self.clock.now() + queue_timeout if queue_timeout else None,
            on_status=on_status,
            on_run=on_run,
            answer_timeout=self.service.settings.answer_timeout,
            on_outage=self._report_outage,
            on_recovery=lambda seconds: show(f"the service answers again, after {seconds:.0f} s"),
        )

    def _report_outage(self, seconds: float, reason: AcrTasksError) -> None:
        since = datetime.now().astimezone() - timedelta(seconds=seconds)
        timeout = self.service.settings.answer_timeout
        limit = f"; given up after {timeout:g} s" if timeout is not None else ""
        self.call.console.status(
            f"the service has not answered since {since:%H:%M:%S} ({seconds:.0f} s): {_in_short(reason)}; "
            f"{self.run_id} is asked for again{limit}"
        )

    def _log(self, poll_now: threading.Event) -> BackgroundLog:
        console = self.call.console
        display = RateLimitedDisplay(console.status)

        def show(lines: list[str]) -> None:
            if self._streaming:
                display.print([line for line in lines if line.strip()])

        return BackgroundLog(
            link=lambda: self.client.runs.get_log_sas_url(self.registry, self.run_id),
            mask=mask_of(self.inputs),
            show=show,
            warn=console.warning,
            name=f"log of {self.run_id}",
            on_end=poll_now.set,
        )

    def _tail(self, log: BackgroundLog, timeout: float) -> list[str]:
        """Return the last lines of the log; with `on-failure`, read it first."""
        logs = self.inputs.get("logs", "stream")
        if logs == "none":
            return []
        if logs == "on-failure":
            log.start()
        return log.finish(timeout)

    def _failure(self, tail: list[str], message: str | None = None) -> RunFailure:
        return RunFailure(
            run_id=self.run_id,
            registry_name=self.registry.registry_name,
            tail=tail,
            log_location=log_location(self.client.endpoint, self.registry, self.run_id),
            message=mask_of(self.inputs)(message or ""),
            timeout=int(self.inputs["runRequest"].get("timeout") or _TIMEOUT),
        )

    def _cancel_at_deadline(self, timeout: WaitTimeoutError, log: BackgroundLog) -> Run:
        """Cancel the run at the service; return the run if it has succeeded at the last moment.

        Raises RunError otherwise.
        """
        run, refusal = self._cancel()
        if run is not None and (refusal is not None or run.properties.status == "Succeeded"):
            return self._judged(run, log)
        queue_timeout = self.inputs.get("queueTimeout")
        # The log shows where the run hung. A canceled run writes little more.
        failure = self._failure([] if timeout.queued else self._tail(log, _CANCEL_TIMEOUT))
        if timeout.by_queue and queue_timeout:
            raise failure.of_queue_timeout(float(queue_timeout), refusal) from None
        raise failure.of_deadline(self.call.timeout, refusal, queued=timeout.queued) from None

    def _cancel_for_user(self, log: BackgroundLog) -> Run:
        """Cancel the run at the service; return the run if it has succeeded at the last moment.

        Raises CanceledError otherwise.
        """
        self.call.console.status(f"canceling {self.run_id}")
        run, refusal = self._cancel()
        if run is not None and (refusal is not None or run.properties.status == "Succeeded"):
            return self._judged(run, log)
        if self._streaming:
            log.finish(_CANCEL_LOG_TIMEOUT)
        if refusal is not None:
            raise CanceledError(
                f"The update was canceled, and run {self.run_id} could not be: it may still run; "
                f"{cancel_hint(self.client.endpoint, self.registry, self.run_id)}\n{refusal}"
            ) from None
        self.call.console.status(f"{self.run_id} is canceled")
        raise CanceledError(f"Run {self.run_id} was canceled at the service, because the update was.") from None

    def _cancel(self) -> tuple[Run | None, AcrTasksError | None]:
        """Cancel the run and wait a moment for its end.

        Returns the run if it has ended, and the error of a cancellation that the service did not accept.
        Neither ^C nor a timeout interrupts this, because they are the reasons for it; it takes seconds at most.
        """
        refusal = None
        with deadline(_CANCEL_REQUEST, interruptible=False, afresh=True):
            try:
                self.client.runs.cancel(self.registry, self.run_id)
            except AcrTasksError as error:
                refusal = error
        if refusal is None:
            self.journaled.forget()
        elif not isinstance(refusal, ServiceError):
            return None, refusal  # the service does not answer, so another request would not help
        return self._ended_run(), refusal

    def _ended_run(self) -> Run | None:
        """Return the run when it ends within two seconds; None when it does not, or cannot be read."""
        now = threading.Event()
        now.set()
        wait = Wait(cancel=threading.Event(), poll_now=now, deadline=self.clock.now() + _CANCEL_TIMEOUT)
        with deadline(_CANCEL_TIMEOUT, interruptible=False, afresh=True):
            try:
                return self.poller.wait(self.run_id, wait)
            except (AcrTasksError, WaitTimeoutError):
                return None


def _in_short(reason: AcrTasksError) -> str:
    """Return the first line of an error, without the action and the resource at its beginning."""
    line = next(iter(str(reason).splitlines()), "")
    return re.sub(r"^[A-Za-z ]+ (?:/\S+)?: ", "", line)
