"""The wiring of the emulator: the only file that knows every part."""

from __future__ import annotations

import base64
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from acr_tasks_emulator.address import Address
from acr_tasks_emulator.clock import SystemClock
from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.execution.agents import Agents
from acr_tasks_emulator.execution.executor import ExecutorError, choose
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.process import orphans
from acr_tasks_emulator.process.supervisor import Supervisor
from acr_tasks_emulator.routes import admin, blobs, dashboard, metadata, oci, sign_in, webhooks
from acr_tasks_emulator.routes.arm import (
    agent_pools,
    long_running,
    registries,
    resource_groups,
    runs,
    subscriptions,
    tasks,
)
from acr_tasks_emulator.routes.middleware import errors
from acr_tasks_emulator.routes.middleware.faults import FaultInjection
from acr_tasks_emulator.routes.middleware.guard import Guard
from acr_tasks_emulator.routes.middleware.recorder import Recorder
from acr_tasks_emulator.routes.middleware.throttle import Throttle
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.blobs.blobs import BlobsService
from acr_tasks_emulator.services.blobs.sas import Signer
from acr_tasks_emulator.services.conditions.long_running import Operations
from acr_tasks_emulator.services.conditions.quota import Quota
from acr_tasks_emulator.services.conditions.request_log import RequestLog
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.services.registries.login_server import AdminUsers, Images
from acr_tasks_emulator.services.registries.registries import RegistriesService, id_of
from acr_tasks_emulator.services.registries.removal import Removal
from acr_tasks_emulator.services.registries.resource_groups import ResourceGroupsService
from acr_tasks_emulator.services.runs.delayed_agents import DelayedAgents
from acr_tasks_emulator.services.runs.runs import RunsService
from acr_tasks_emulator.services.runs.states import RunStates
from acr_tasks_emulator.services.sign_in.access_tokens import AccessTokens
from acr_tasks_emulator.services.sign_in.identities import TENANT_ID
from acr_tasks_emulator.services.sign_in.sign_in import SignIn
from acr_tasks_emulator.services.tasks.tasks import TasksService
from acr_tasks_emulator.services.triggers.notifications import Notifications
from acr_tasks_emulator.services.triggers.timers import Timers
from acr_tasks_emulator.services.triggers.triggers import TriggersService
from acr_tasks_emulator.services.triggers.webhooks import Webhooks
from acr_tasks_emulator.settings import Settings
from acr_tasks_emulator.store.blobs import BlobStore
from acr_tasks_emulator.store.database import Database, DatabaseError, StorageFullError
from acr_tasks_emulator.store.registries import RegistryStore
from acr_tasks_emulator.store.resource_groups import ResourceGroupStore
from acr_tasks_emulator.store.runs import RunStore
from acr_tasks_emulator.store.tasks import TaskStore


@dataclass(frozen=True)
class Application:
    """An emulator without its socket. about: the content of the ready line. asgi: the app that answers requests."""

    asgi: ASGIApp
    about: dict[str, Any]
    services: Services
    recorder: Recorder
    warning: str | None
    _closing: contextlib.ExitStack

    def idle_seconds(self) -> float:
        """Return the seconds since the last request or the end of the last run; 0 while a run is active."""
        return 0.0 if self.services.runs.active_count() else self.recorder.idle_seconds()

    def close(self) -> None:
        """End every run and child process, then close the data folder."""
        self.services.closing.set()
        self._closing.close()


def build(settings: Settings, address: Address) -> Application:
    """Open the data folder and wire an emulator that clients will reach at `address`.

    Raises SettingsError when the folder or the executor cannot be used.
    """
    with contextlib.ExitStack() as opened:
        try:
            application = _wire(settings, address, opened)
        except (DatabaseError, ExecutorError) as error:
            raise SettingsError(str(error)) from error
        except OSError as error:
            raise SettingsError(f"The data folder {settings.data} cannot be used: {error.strerror}.") from error
        opened.pop_all()
        return application


def _wire(settings: Settings, address: Address, opened: contextlib.ExitStack) -> Application:
    clock, switches = SystemClock(), settings.switches
    closing = contextlib.ExitStack()
    opened.callback(closing.close)
    was_killed = closing.enter_context(orphans.end_orphans(settings.data))
    database = Database(settings.data / "emulator.sqlite")
    closing.callback(database.close)
    registry_store, run_store = RegistryStore(database), RunStore(database)
    signing_key = base64.b64decode(
        registry_store.setting("sasKey", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    )
    groups = ResourceGroupsService(ResourceGroupStore(database))
    known = RegistriesService(registry_store, groups, clock, address.login_server)
    known.open(settings.registries)
    blob_store = BlobStore(settings.data / "blobs", database)
    if was_killed:
        blob_store.prune()
    blob_service = BlobsService(
        blob_store,
        Signer(signing_key, clock, switches.sas_seconds),
        clock,
        switches,
    )
    task_store = TaskStore(database)
    task_service = TasksService(task_store, clock, switches)
    states = RunStates(run_store, task_store, blob_service, clock)

    supervisor = Supervisor()
    closing.callback(supervisor.close)
    oci_registry = OciRegistry(settings.data, supervisor)
    closing.callback(oci_registry.close)
    executor = choose(settings.executor, settings.data, oci_registry, supervisor)
    agents = Agents(settings.agents, executor, states)
    closing.callback(agents.close)
    delayed = DelayedAgents(agents, switches.agent_delay)
    closing.callback(delayed.close)

    about = {
        "endpoint": address.endpoint,
        "loginServer": address.login_server,
        "dashboard": f"{address.endpoint}/",
        "caCert": address.ca_cert,
        "registries": [id_of(row) for row in known.all()],
        "executor": executor.name,
    }
    queue = delayed if switches.agent_delay else agents
    run_service = RunsService(
        run_store,
        registry_store,
        address.login_server,
        task_service,
        blob_service,
        states,
        queue,
        clock,
        switches,
    )
    triggers = TriggersService(task_store, run_service, known, clock)
    webhooks = Webhooks(triggers, settings.webhook_secret)
    notifications = Notifications(triggers.image_pushed)
    closing.callback(notifications.close)
    oci_registry.notify(notifications.url, notifications.secret)
    services = Services(
        registries=known,
        resource_groups=groups,
        removal=Removal(known, groups, task_service, run_service),
        admin_users=AdminUsers(signing_key, settings.token),
        sign_in=SignIn(AccessTokens(signing_key, settings.token, clock), settings.token),
        tasks=task_service,
        runs=run_service,
        triggers=triggers,
        webhooks=webhooks,
        blobs=blob_service,
        quota=Quota(clock, settings.throttle == "arm"),
        request_log=RequestLog(),
        images=Images(oci_registry),
        clock=clock,
        about=about,
        switches=switches,
        operations=Operations(clock, switches, settings.mode == "lro"),
    )
    run_service.resume()
    closing.callback(Timers(triggers, clock).close)
    whole: ASGIApp = _starlette(services)
    throttled: ASGIApp = Throttle(FaultInjection(whole, services.faults), services.quota, settings.latency)
    authority = f"{address.endpoint}/{TENANT_ID}"
    throttled, whole = (
        Guard(app, settings.host, services.sign_in, authority, address.is_named, webhooks.are_secret)
        for app in (throttled, whole)
    )
    recorder = Recorder(throttled, whole, services)
    return Application(recorder, about, services, recorder, getattr(executor, "why", None), closing)


def _starlette(services: Services) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as client:  # noqa: S113 - any push
            app.state.registry_client = client
            yield

    app = Starlette(
        routes=[
            *(*metadata.ROUTES, *sign_in.ROUTES),  # first: the guard checks no token for a request that they match
            *(*long_running.ROUTES, *tasks.ROUTES, *runs.ROUTES, *registries.ROUTES, *blobs.ROUTES),
            *(*subscriptions.ROUTES, *resource_groups.ROUTES, *agent_pools.ROUTES),
            *(*oci.ROUTES, *admin.ROUTES, *webhooks.ROUTES, *dashboard.ROUTES),
        ],
        exception_handlers={
            ServiceError: errors.service_error,
            HTTPException: errors.http_error,
            StorageFullError: errors.storage_full,
            Exception: errors.unexpected_error,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.services = services
    return app
