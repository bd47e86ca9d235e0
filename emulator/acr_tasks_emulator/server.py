"""An emulator that serves over TCP from a thread of this process."""

from __future__ import annotations

import logging
import random
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from acr_tasks_emulator.address import Address
from acr_tasks_emulator.app import Application, build
from acr_tasks_emulator.connection import Connection
from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.process.instance import make_data_folder, owned
from acr_tasks_emulator.settings import Settings

if TYPE_CHECKING:
    from acr_tasks_emulator.https.certificates import Certificate

PORT_FILE = "port"
_LASTING_PORTS = range(20000, 32768)  # below Linux's and macOS's ports for outgoing connections
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Emulator:
    """An emulator that answers: `endpoint` and `dashboard` are URLs, `login_server` is host:port, `registries` ARM ids.

    `ca_cert` is the path of the certificate that clients have to trust, None without `tls`. `executor` is the
    name of the executor in use. `warning` says why a better one is not; None when there is nothing to say.
    """

    endpoint: str
    login_server: str
    dashboard: str
    registries: list[str]
    executor: str
    warning: str | None
    ca_cert: str | None
    address: Address
    application: Application

    @property
    def about(self) -> dict[str, Any]:
        """Return the content of the ready line, without the process id."""
        return self.application.services.about

    @property
    def subscription_id(self) -> str:
        """Return the subscription id of the first registry."""
        return self._part(2)

    @property
    def resource_group_name(self) -> str:
        """Return the resource group of the first registry."""
        return self._part(4)

    @property
    def registry_name(self) -> str:
        """Return the name of the first registry."""
        return self._part(8)

    def reset(self) -> None:
        """Remove every task, run, blob and fault, and forget the requests; registries and images stay."""
        self.application.services.reset()

    def _part(self, index: int) -> str:
        return self.registries[0].split("/")[index]


@contextmanager
def running(settings: Settings) -> Iterator[Emulator]:
    """Serve until the block ends; then end every run and child process. Raises SettingsError."""
    with ExitStack() as stack:
        listening = stack.enter_context(_listen(settings))
        address = Address.of(settings.host, listening.getsockname()[1], _certificate(settings))
        encryption = None
        if address.certificate is not None:
            from acr_tasks_emulator.https import tls  # here, so that plain http does not wait for it

            encryption = tls.server_context(address.certificate)
            listening = stack.enter_context(tls.Listening.of(listening))
        application = build(settings, address)
        stack.callback(application.close)
        config = uvicorn.Config(
            application.asgi,
            http=Connection,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=3,
            timeout_keep_alive=75,
        )
        config.load()
        config.ssl = encryption  # uvicorn's own options take files only, and cannot set this context
        stack.enter_context(_serving(uvicorn.Server(config), listening))
        stack.callback(application.services.closing.set)
        about = application.services.about
        yield Emulator(
            endpoint=about["endpoint"],
            login_server=about["loginServer"],
            dashboard=about["dashboard"],
            registries=about["registries"],
            executor=about["executor"],
            warning=application.warning,
            ca_cert=address.ca_cert,
            address=address,
            application=application,
        )


@contextmanager
def serving(data: str | Path | None, **options: Any) -> Iterator[Emulator]:
    """Serve on 127.0.0.1; without `data`, in a folder that is removed afterwards. options: fields of Settings.

    Raises SettingsError.
    """
    with ExitStack() as stack:
        if data is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acr-tasks-emulator-")))
        else:
            folder = Path(data)
            make_data_folder(folder)
            stack.enter_context(owned(folder, of_program=True))
        yield stack.enter_context(running(Settings(data=folder.resolve(), **options)))


def _certificate(settings: Settings) -> Certificate | None:
    # Imported here: plain http does not wait for the imports of certificates.
    if settings.tls:
        from acr_tasks_emulator.https import authority

        return authority.make(settings.data, settings.host)
    if settings.cert is not None and settings.key is not None:
        from acr_tasks_emulator.https import certificates

        return certificates.own(settings.data, settings.cert, settings.key)
    return None


def _listen(settings: Settings) -> socket.socket:
    """Bind the given port; for port 0 the former port of this folder when it is free, else any free port.

    The port stands in the names of images, so it must not change without need.
    """
    remembered = settings.data / PORT_FILE
    if settings.port == 0:
        with suppress(OSError, ValueError):
            return _bind(settings.host, int(remembered.read_text()))
    try:
        listening = _bind(settings.host, settings.port) if settings.port else _bind_any(settings.host)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{settings.host}:{settings.port} cannot be listened on: {reason}.") from error
    remembered.write_text(f"{listening.getsockname()[1]}\n")
    return listening


def _bind_any(host: str) -> socket.socket:
    """Bind a free port outside the range of outgoing connections, if possible.

    An outgoing connection could hold the port when the emulator of this folder starts again.
    """
    for port in random.sample(_LASTING_PORTS, 32):
        with suppress(OSError):
            return _bind(host, port)
    return _bind(host, 0)


def _bind(host: str, port: int) -> socket.socket:
    if host == "localhost":
        host = "127.0.0.1"  # every client tries this address for localhost, and only some try ::1
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # The port can be bound while connections of an earlier emulator are still closing.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except BaseException:
        listening.close()
        raise
    return listening


@contextmanager
def _serving(server: uvicorn.Server, listening: socket.socket) -> Iterator[None]:
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="acr-tasks-emulator", daemon=True
    )
    thread.start()
    while not server.started:  # uvicorn has no event for the moment from which it accepts connections
        thread.join(0.01)
        if not thread.is_alive():
            raise SettingsError("The server could not be started; its log has the reason.")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
