"""One run awaited: its log shown, its end judged, and given up on when the user or a timeout says so."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.filters import any_of, equals
from pulumi_acr_tasks.arm.http.deadlines import limited
from pulumi_acr_tasks.errors import AcrTasksError, CanceledError, ServiceError
from pulumi_acr_tasks.redaction import mask_of
from pulumi_acr_tasks.run.log.background import BackgroundLog
from pulumi_acr_tasks.run.log.display import Screen
from pulumi_acr_tasks.run.wait.clock import Clock, SystemClock
from pulumi_acr_tasks.run.wait.failures import Ending, cancel_place
from pulumi_acr_tasks.run.wait.poller import Watcher
from pulumi_acr_tasks.run.wait.queue import QueueHint
from pulumi_acr_tasks.run.wait.status import Wait, WaitExpiredError, WaitStoppedError, WaitUnansweredError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.host import Console
    from pulumi_acr_tasks.run.schedule.resume import RememberedRun

_LOG_PATIENCE = 5.0  # seconds for the log of a run that has ended to be complete
_CANCEL_REQUEST = 5.0  # seconds for the service to take a cancellation, retries included
_CANCEL_PATIENCE = 2.0  # seconds for a run that was cancelled to say so
_CANCEL_LOG_PATIENCE = 0.5  # seconds for the last words of its log
_TIMEOUT = 3600  # seconds; the specification's default for a request's timeout


_watchers: weakref.WeakKeyDictionary[Client, dict[RegistryId, Watcher[Run]]] = weakref.WeakKeyDictionary()
_watchers_lock = threading.Lock()


def watcher_of(client: Client, registry: RegistryId, clock: Clock) -> Watcher[Run]:
    """The one watcher of a registry: all runs that are awaited in this process are asked for together."""

    def find(run_ids: Sequence[str]) -> Iterator[Run]:
        return client.runs.list(registry, any_of(*(equals("runId", run_id) for run_id in run_ids)))

    with _watchers_lock:
        watchers = _watchers.setdefault(client, {})
        if registry not in watchers:
            watchers[registry] = Watcher(lambda run_id: client.runs.get(registry, run_id), find, clock)
        return watchers[registry]


@dataclass(frozen=True)
class Surroundings:
    """What the engine gives to one request.

    `urn` names the resource. `console` shows messages of it. `stop` is set when the user cancels. `timeout` is the
    resource's custom timeout in seconds, 0 without one.
    """

    urn: str | None
    console: Console
    stop: threading.Event
    timeout: float = 0.0


@dataclass(frozen=True)
class Awaiting:
    """A run that was scheduled.

    `began` is the moment, on the clock, since which the custom timeout counts. `remembered` is its entry in the
    journal, which goes when the run is not to be taken up again. `silence` is the number of seconds for which the
    service may leave us without an answer.
    """

    client: Client
    registry: RegistryId
    run_id: str
    inputs: dict[str, Any]
    around: Surroundings
    log_place: str
    began: float
    remembered: RememberedRun
    clock: Clock = field(default_factory=SystemClock)
    silence: float | None = None

    def end(self) -> Run:
        """Show the log and return the run once it has succeeded.

        Raises RunError for any other ending, CanceledError when the user cancels; the run is then cancelled at the
        service. One that has succeeded by then is returned all the same. Whatever else ends the waiting leaves the run
        alone.
        """
        wait = self._wait()
        log = self._log(wait.hurry)
        if self._streaming:
            log.start()
        try:
            return self._ended(self._watcher().wait(self.run_id, wait), log)
        except (WaitStoppedError, CanceledError):
            return self._canceled(log)
        except WaitExpiredError as expired:
            return self._given_up(expired, log)
        except WaitUnansweredError as silent:
            raise self._ending(self._tail(log, 0.0)).of_silence(silent.seconds, silent.reason) from None

    def _ended(self, run: Run, log: BackgroundLog) -> Run:
        """Return a run that has succeeded.

        Raises the RunError of any other ending.
        """
        status = run.properties.status or ""
        self.remembered.scheduled(run)
        if status != "Succeeded":
            self.remembered.forget()
            raise self._ending(self._tail(log, _LOG_PATIENCE), run.properties.run_error_message).of_status(status)
        if self._streaming:
            log.finish(_LOG_PATIENCE)
        self.around.console.status(f"{self.run_id} succeeded")
        return run

    @property
    def _streaming(self) -> bool:
        return bool(self.inputs.get("logs", "stream") == "stream")

    def _watcher(self) -> Watcher[Run]:
        return watcher_of(self.client, self.registry, self.clock)

    def _wait(self) -> Wait:
        timeout, queue_timeout = self.around.timeout, self.inputs.get("queueTimeout")

        hint = QueueHint(self.run_id, self.client.server_time, self.around.console.status)

        def look(run: Run) -> None:
            self.remembered.scheduled(run)
            hint.look(run)

        def notice(status: str) -> None:
            # While the log is shown, its lines say more.
            if not self._streaming or status == "Queued":
                self.around.console.status(f"{self.run_id}: {status}")

        return Wait(
            stop=self.around.stop,
            until=self.began + timeout if timeout else None,
            queued_until=self.clock.now() + queue_timeout if queue_timeout else None,
            noticed=notice,
            looked=look,
            silence=self.silence,
            silent=self._tell_silence,
            spoke=lambda seconds: self.around.console.status(f"the service answers again, after {seconds:.0f} s"),
        )

    def _tell_silence(self, seconds: float, reason: AcrTasksError) -> None:
        since = datetime.now().astimezone() - timedelta(seconds=seconds)
        limit = f"; given up after {self.silence:g} s" if self.silence is not None else ""
        self.around.console.status(
            f"the service has not answered since {since:%H:%M:%S} ({seconds:.0f} s): {_in_short(reason)}; "
            f"{self.run_id} is asked for again{limit}"
        )

    def _log(self, hurry: threading.Event) -> BackgroundLog:
        console = self.around.console
        screen = Screen(console.status)

        def show(lines: list[str]) -> None:
            if self._streaming:
                screen.print([line for line in lines if line.strip()])

        return BackgroundLog(
            link=lambda: self.client.runs.get_log_sas_url(self.registry, self.run_id),
            mask=mask_of(self.inputs),
            show=show,
            warn=console.warning,
            name=f"log of {self.run_id}",
            at_end=hurry.set,
        )

    def _tail(self, log: BackgroundLog, patience: float) -> list[str]:
        """The last lines of the log; read now, when only a failure asks for them."""
        logs = self.inputs.get("logs", "stream")
        if logs == "none":
            return []
        if logs == "on-failure":
            log.start()
        return log.finish(patience)

    def _ending(self, tail: list[str], message: str | None = None) -> Ending:
        return Ending(
            run_id=self.run_id,
            registry_name=self.registry.registry_name,
            tail=tail,
            log_place=self.log_place,
            message=mask_of(self.inputs)(message or ""),
            timeout=int(self.inputs["runRequest"].get("timeout") or _TIMEOUT),
        )

    def _given_up(self, expired: WaitExpiredError, log: BackgroundLog) -> Run:
        """Cancel the run at the service.

        Raises what to tell the user of it; returns the run if it has succeeded in the last moment.
        """
        run, refused = self._cancel()
        if run is not None and (refused is not None or run.properties.status == "Succeeded"):
            return self._ended(run, log)
        queue_timeout = self.inputs.get("queueTimeout")
        # What the run wrote until it was cancelled tells where it hung; nothing more will come soon.
        ending = self._ending([] if expired.queued else self._tail(log, _CANCEL_PATIENCE))
        if expired.by_queue and queue_timeout:
            raise ending.of_queue_timeout(float(queue_timeout), refused) from None
        raise ending.of_deadline(self.around.timeout, refused, queued=expired.queued) from None

    def _canceled(self, log: BackgroundLog) -> Run:
        """Cancel the run at the service.

        Raises what to tell the user of it; returns the run if it has succeeded in the last moment.
        """
        self.around.console.status(f"cancelling {self.run_id}")
        run, refused = self._cancel()
        if run is not None and (refused is not None or run.properties.status == "Succeeded"):
            return self._ended(run, log)
        if self._streaming:
            log.finish(_CANCEL_LOG_PATIENCE)
        if refused is not None:
            raise CanceledError(
                f"The update was cancelled, and run {self.run_id} could not be: it may still run; "
                f"{cancel_place(self.client.endpoint, self.registry, self.run_id)}\n{refused}"
            ) from None
        self.around.console.status(f"{self.run_id} is canceled")
        raise CanceledError(f"Run {self.run_id} was canceled at the service, because the update was.") from None

    def _cancel(self) -> tuple[Run | None, AcrTasksError | None]:
        """Ask for the end of the run and wait a moment for it: the run when it is seen to have ended, and why it could
        not be cancelled, None when the service accepted that.

        Neither ^C nor a timeout, which are the reasons for it, interrupt it; it takes seconds at most.
        """
        refused = None
        with limited(_CANCEL_REQUEST, interruptible=False, afresh=True):
            try:
                self.client.runs.cancel(self.registry, self.run_id)
            except AcrTasksError as error:
                refused = error
        if refused is None:
            self.remembered.forget()
        elif not isinstance(refused, ServiceError):
            return None, refused  # there was no answer, and there would be none to another question
        return self._last_look(), refused

    def _last_look(self) -> Run | None:
        """The run when it has ended within two seconds; None when it has not, or cannot be read."""
        hurry = threading.Event()
        hurry.set()
        wait = Wait(stop=threading.Event(), hurry=hurry, until=self.clock.now() + _CANCEL_PATIENCE)
        with limited(_CANCEL_PATIENCE, interruptible=False, afresh=True):
            try:
                return self._watcher().wait(self.run_id, wait)
            except (AcrTasksError, WaitExpiredError):
                return None


def _in_short(reason: AcrTasksError) -> str:
    """What is wrong in one line, without what we were doing to which resource."""
    line = next(iter(str(reason).splitlines()), "")
    return re.sub(r"^[A-Za-z ]+ (?:/\S+)?: ", "", line)
