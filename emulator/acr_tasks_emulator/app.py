"""The wiring of the emulator: the only file that knows every part."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from acr_tasks_emulator.address import Address
from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.execution.executor import Executor, ExecutorError, choose
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.process import orphans
from acr_tasks_emulator.process.supervisor import Supervisor
from acr_tasks_emulator.routes import admin, blobs, dashboard, oci, sign_in, webhooks
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
from acr_tasks_emulator.routes.middleware.conditions import Conditions
from acr_tasks_emulator.routes.middleware.guard import Guard
from acr_tasks_emulator.routes.middleware.recorder import Recorder
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.settings import Settings
from acr_tasks_emulator.store.database import Database, DatabaseError, StorageFullError


@dataclass(frozen=True)
class Application:
    """An emulator without its socket. asgi: the app that answers requests. warning: why builds are only simulated."""

    asgi: Recorder
    services: Services
    warning: str | None
    _opened: contextlib.ExitStack

    def idle_seconds(self) -> float:
        """Return the seconds since the last request or the end of the last run; 0 while a run is active."""
        return 0.0 if self.services.runs.active_count() else self.asgi.idle_seconds()

    def close(self) -> None:
        """End every run and child process, then close the data folder."""
        self.services.closing.set()
        self._opened.close()


def build(settings: Settings, address: Address) -> Application:
    """Open the data folder and wire an emulator that clients will reach at `address`.

    Raises SettingsError when the folder or the executor cannot be used.
    """
    with contextlib.ExitStack() as opened:
        try:
            services, executor = _open(settings, address, opened)
        except (DatabaseError, ExecutorError) as error:
            raise SettingsError(str(error)) from error
        except OSError as error:
            raise SettingsError(f"The data folder {settings.data} cannot be used: {error.strerror}.") from error
        throttled = Conditions(_starlette(services), services, settings.latency)
        recorder = Recorder(Guard(throttled, address, services), services)
        return Application(recorder, services, getattr(executor, "why", None), opened.pop_all())


def _open(settings: Settings, address: Address, opened: contextlib.ExitStack) -> tuple[Services, Executor]:
    """Open the data folder, and start what works in it. opened: gets a callback for each part that has to end."""
    was_killed = opened.enter_context(orphans.end_orphans(settings.data))
    database = Database(settings.data / "emulator.sqlite")
    opened.callback(database.close)
    supervisor = Supervisor()
    opened.callback(supervisor.close)
    registry = OciRegistry(settings.data, supervisor)
    opened.callback(registry.close)
    executor = choose(settings.executor, settings.data, registry, supervisor)
    services = Services(settings, address.login_server, database, registry, executor, opened)
    if was_killed:
        services.blobs.store.prune()
    services.about |= {
        "endpoint": address.endpoint,
        "loginServer": address.login_server,
        "dashboard": f"{address.endpoint}/",
        "caCert": address.ca_cert,
        "registries": [row.id for row in services.registries.all()],
        "executor": executor.name,
    }
    services.begin(opened)
    return services, executor


def _starlette(services: Services) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as client:  # noqa: S113 - any push
            app.state.registry_client = client
            yield

    app = Starlette(
        routes=[
            *sign_in.ROUTES,  # first: the guard checks no token for a request that they match
            *(*long_running.ROUTES, *tasks.ROUTES, *runs.ROUTES, *registries.ROUTES, *blobs.ROUTES),
            *(*subscriptions.ROUTES, *resource_groups.ROUTES, *agent_pools.ROUTES),
            *(*oci.ROUTES, *admin.ROUTES, *webhooks.ROUTES, *dashboard.ROUTES),
        ],
        exception_handlers={
            ServiceError: errors.service_error,
            HTTPException: errors.http_error,
            StorageFullError: errors.storage_full,
            ClientDisconnect: errors.client_disconnected,
            Exception: errors.unexpected_error,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.services = services
    return app
