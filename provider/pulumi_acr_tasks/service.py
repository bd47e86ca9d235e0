"""The service as one provider process knows it: its client, opened when first needed, and what many resources ask."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import host
from pulumi_acr_tasks.arm.http.deadlines import held
from pulumi_acr_tasks.errors import AcrTasksError, EndpointError, ThrottledError, TransportError, UnavailableError
from pulumi_acr_tasks.journal.backend import backend_of
from pulumi_acr_tasks.journal.journal import TASK, Journal, hand_over
from pulumi_acr_tasks.registries import Registries
from pulumi_acr_tasks.run.schedule.schedule import Scheduler
from pulumi_acr_tasks.run.wait.poller import Poller, poller_of
from pulumi_acr_tasks.settings.settings import EMBEDDED, Settings, pulumi_home
from pulumi_acr_tasks.task.cache import Inventory
from pulumi_acr_tasks.task.claims import Claims, withdraw

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.clock import EventClock
    from pulumi_acr_tasks.arm.http.sign_in import TokenCredential
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run

_ENOUGH = 3


class Service:
    """Is the service at the settings' endpoint, shared by all resources of a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._client: Client | None = None
        self._registries = Registries()
        self._inventories: dict[RegistryId, Inventory] = {}
        self._pollers: dict[RegistryId, Poller[Run]] = {}
        self._schedulers: dict[RegistryId, Scheduler] = {}
        self._unread: list[AcrTasksError] = []
        self._backend: str | None = None
        self.organization = ""
        """The stack's organisation, once a `check` has told it; empty for backends without any."""
        self._told_left: set[str] = set()
        self._claims: dict[Path | None, Claims] = {}
        self.kept_names: dict[str, Any] = {}
        """The names of tasks that exist, by URN, for a check that is asked without the old inputs."""
        self.recorded_runs: set[str] = set()
        host.on_cancel(hand_over)
        host.on_cancel(withdraw)

    @property
    def endpoint_name(self) -> str:
        """Is what a resource's state says of where it lives: `embedded`, or the URL."""
        return self.settings.endpoint

    def note_recorded_run(self, id_: str) -> None:
        """Take note of the ARM id of a run that stands in the engine's state."""
        self.recorded_runs.add(id_.lower())

    def refuse_other_endpoint(self, kind: str, state: dict[str, Any]) -> None:
        """Raise EndpointError when a resource's state says that it was made at another endpoint than this.

        The embedded emulator of another stack is another endpoint too: after `pulumi stack rename` the data of the
        former name is not looked for under the new one.
        """
        lives_at = state.get("endpoint")
        if isinstance(lives_at, str) and lives_at.rstrip("/").lower() != self.endpoint_name.lower():
            raise EndpointError(
                f"this {kind} lives at {lives_at}; the stack now points to {self.endpoint_name}\n"
                f"point acr-tasks:endpoint back to {lives_at}, or destroy it there first"
            )
        if lives_at == EMBEDDED and not self.settings.embedded_data:
            _refuse_missing_data(embedded_data(self.settings, host.current_request().urn), kind)

    def client(self, urn: str | None) -> Client:
        """Gives the client. The first call opens it, and for the embedded endpoint starts the emulator."""
        with held(self._opening):
            if self._client is None:
                self._client = self._open(urn)
            return self._client

    def registry(self, registry: RegistryId, urn: str | None, location: str | None = None) -> dict[str, Any]:
        """Return the registry as the service describes it, asked once however many threads wait for it.

        The embedded emulator gets a registry that it does not have, at `location`.
        """
        client = self.client(urn)

        def make() -> None:
            from pulumi_acr_tasks.embedded import make_registry

            make_registry(client, registry, location)
            host.console(None).info(f"the embedded emulator has got the registry {registry.registry_name}")

        return self._registries.get(client, registry, make if self.settings.is_embedded else None)

    def gone(self, registry: RegistryId, urn: str | None) -> str:
        """Return `registry contoso` or `resource group builds` when that is proved to be gone; else an empty string.

        Raises what the request raises when nothing proves either.
        """
        return self._registries.gone(self.client(urn), registry)

    def inventory(self, registry: RegistryId, urn: str | None) -> Inventory:
        """Gives what this process knows of the registry's tasks."""
        client = self.client(urn)
        with self._lock:
            return self._inventories.setdefault(registry, Inventory(client, registry))

    def poller(self, registry: RegistryId, urn: str | None, clock: EventClock) -> Poller[Run]:
        """Return the poller of a registry, which all runs that are awaited in this process share."""
        client = self.client(urn)
        with self._lock:
            return self._pollers.setdefault(registry, poller_of(client, registry, clock))

    def scheduler(self, registry: RegistryId, urn: str | None, clock: EventClock) -> Scheduler:
        """Return the scheduler of a registry, which knows every run that this process has scheduled."""
        client = self.client(urn)
        with self._lock:
            return self._schedulers.setdefault(registry, Scheduler(client, registry, clock, self.recorded_runs))

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Fail the reads of a refresh at once after three in a row that got no answer.

        Each of hundreds would otherwise wait for its own retries. The next command asks again.
        """
        with self._lock:
            if len(self._unread) >= _ENOUGH:
                raise self._unread[-1]
        try:
            yield
        except (ThrottledError, TransportError, UnavailableError) as error:
            with self._lock:
                self._unread.append(error)
            raise
        with self._lock:
            self._unread.clear()

    def journal(self, urn: str | None) -> Journal:
        """Open the journal of the stack that the resource is in."""
        home = pulumi_home(os.environ)
        if self._backend is None:
            self._backend = backend_of(os.environ, home, Path.cwd())
        return Journal.open(
            home, urn, backend=self._backend, organization=self.organization, warn=host.console(None).warning
        )

    def claims(self, urn: str | None) -> Claims:
        """Return what is known in this command of the tasks that the stack's resources have."""
        folder = self.journal(urn).folder
        with self._lock:
            return self._claims.setdefault(folder, Claims(folder, host.command()))

    def tell_left(self, urn: str | None) -> None:
        """Warn, once, of tasks that killed updates may have left and that neither state nor program know.

        Call it for a resource that is deleted: where the program declares it, it is only replaced.
        """
        declared = self.claims(urn).declares
        if declared(urn):
            return
        for entry in self.journal(urn).left(TASK):
            known = declared(entry.urn) or entry.urn == urn or entry.endpoint.lower() != self.endpoint_name.lower()
            with self._lock:
                told = known or entry.urn in self._told_left
                self._told_left.add(entry.urn)
            if not told:
                host.console(None).warning(
                    f"{entry.urn.rpartition('::')[2]} may have been made by an update that did not end, and the state "
                    f"does not know it; if it exists and nobody needs it, delete it: {entry.resource_id}"
                )

    def claim_key(self, task_id: str, urn: str | None) -> str:
        """Return what names a task in `claims`: where its service is, and its ARM id."""
        place = str(embedded_data(self.settings, urn)) if self.settings.is_embedded else self.endpoint_name
        return f"{place} {task_id}"

    def keep(self, urn: str | None, task_id: str) -> None:
        """Note that the resource has the task of that id, and keeps it."""
        self.claims(urn).manage(urn, self.claim_key(task_id, urn))

    def _open(self, urn: str | None) -> Client:
        from pulumi_acr_tasks.arm.http.transport import open_client

        settings = self.settings
        endpoint, start = _start_emulator(settings, urn) if settings.is_embedded else (settings.endpoint, None)
        return open_client(
            endpoint,
            None if settings.is_embedded else _credential(settings),
            audience=settings.audience,
            log=_wire_log(settings),
            verbose=settings.log_level == "debug",
            stop=host.canceled,
            start=start,
        )


def _credential(settings: Settings) -> TokenCredential | None:
    """Gives what signs requests at an endpoint that is not the embedded emulator's."""
    from pulumi_acr_tasks.arm.http.sign_in import credential_for

    return credential_for(
        settings.credential,
        tenant_id=settings.tenant_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        authority=settings.authority,
        oidc_token=settings.oidc_token,
        oidc_token_file=settings.oidc_token_file,
        oidc_request_url=settings.oidc_request_url,
        oidc_request_token=settings.oidc_request_token,
    )


def _start_emulator(settings: Settings, urn: str | None) -> tuple[str, Callable[[], bool]]:
    """Start the embedded emulator, and say where it is and how to stop it.

    Returns its URL, and a function that starts it again when it has died.
    """
    from pulumi_acr_tasks import embedded

    data = embedded_data(settings, urn)
    host.console(urn).status("starting the embedded emulator")
    emulator = embedded.start(data, host.canceled)
    host.console(None).info(
        f"embedded emulator: dashboard {emulator.dashboard}; stop it with: acr-tasks-emulator stop --data {data}"
    )
    if emulator.executor == "simulated":
        host.console(None).warning("the embedded emulator simulates runs here: nothing is built, no digest comes out")
    return emulator.endpoint, embedded.Revival(emulator, data, host.canceled, host.console(None).warning)


def _refuse_missing_data(data: Path, kind: str) -> None:
    """Raise EndpointError when the folder of this stack does not exist, and those of other stacks of the project do."""
    if data.exists():
        return
    try:
        others = sorted(str(each) for each in data.parent.iterdir() if each.is_dir())
    except OSError:
        return  # none: the emulator's data was removed, and begins anew
    if others:
        raise EndpointError(
            f"this {kind} lives at the embedded emulator, and there is no data of this stack in {data}\n"
            f"if the stack was renamed: acr-tasks-emulator stop --data FORMER && mv FORMER {data}\n"
            f"with FORMER one of {', '.join(others)}\n"
            f"if its data was removed on purpose, begin with an empty folder: mkdir {data}"
        )


def embedded_data(settings: Settings, urn: str | None) -> Path:
    """Gives the embedded emulator's folder: the configured one, or one for the stack in Pulumi's home."""
    if settings.embedded_data:
        return Path(settings.embedded_data).expanduser().absolute()
    home = pulumi_home(os.environ)
    try:
        parsed = host.Urn.parse(urn or "")
    except ValueError:
        # Only where the SDK hides the request: then one emulator serves all stacks of the project.
        return home / "acr-tasks-emulator" / os.environ.get("PULUMI_PROJECT", "project")
    return home / "acr-tasks-emulator" / parsed.project / parsed.stack


def _wire_log(settings: Settings) -> Callable[[str], None] | None:
    return host.console(None).info if settings.log_level != "off" else None


@functools.cache
def service_for(settings: Settings) -> Service:
    """Gives the one Service of this process for these settings."""
    return Service(settings)
