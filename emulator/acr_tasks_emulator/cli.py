"""The command line: serve, stop, status."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from acr_tasks_emulator.settings import LOCATION, RegistrySetting, Settings, SettingsError, parse_switches

MEMORY = ":memory:"
_IDLE_CHECK_SECONDS = 0.25

app = typer.Typer(
    name="acr-tasks-emulator",
    help="Azure Container Registry Tasks on your desk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_output = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="The emulator's data folder.")]


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than loopback demands --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes the folder's former one, or any that is free.")] = 0,
    data: Annotated[str, typer.Option(metavar="DIR|:memory:", help="Folder that keeps everything.")] = MEMORY,
    registry: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:LOCATION]", help=f"Registry to have (default emulator:{LOCATION})."),
    ] = None,
    executor: Annotated[str, typer.Option(help="auto, buildah, docker or simulated.")] = "auto",
    agents: Annotated[int, typer.Option(help="How many runs at once.")] = 2,
    token: Annotated[
        str | None, typer.Option(help="Bearer token that callers must show.", envvar="ACR_TASKS_EMULATOR_TOKEN")
    ] = None,
    idle_exit: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="End after so long without a request or a run.")
    ] = None,
    mode: Annotated[str, typer.Option(help="sync as observed, or lro as the specification reads.")] = "sync",
    throttle: Annotated[str, typer.Option(help="off, or arm: 429 as Resource Manager answers.")] = "off",
    latency: Annotated[float, typer.Option(metavar="MS", help="Milliseconds that Resource Manager takes longer.")] = 0,
    switch: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SWITCH=VALUE", help="Answer to an open question about the service."),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https by a certificate that is made.")] = False,
    cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Serve https by this certificate (PEM, with its chain).")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The key of --cert (PEM, no password).")] = None,
    webhook_secret: Annotated[
        str | None,
        typer.Option(help="What git hosts sign with.", envvar="ACR_TASKS_EMULATOR_WEBHOOK_SECRET"),
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Go on in the background, and print where.")] = False,
) -> None:
    """Serve until ended; print one line of JSON when ready."""
    with ExitStack() as stack:
        if data == MEMORY:
            if detach:
                raise SettingsError("--detach needs --data DIR: by that folder the emulator is found again.")
            data = stack.enter_context(TemporaryDirectory(prefix="acr-tasks-emulator-"))
        settings = Settings(
            data=Path(data).resolve(),
            host=host,
            port=port,
            registries=tuple(RegistrySetting.parse(text) for text in registry or ()),
            executor=executor,
            agents=agents,
            token=token,
            idle_exit=idle_exit,
            mode=mode,
            throttle=throttle,
            latency=latency,
            switches=parse_switches(switch or ()),
            tls=tls,
            cert=cert and cert.absolute(),
            key=key and key.absolute(),
            webhook_secret=webhook_secret,
        )
        if detach:
            _detach(settings, [f"--set={text}" for text in switch or ()], _stated(context))
        else:
            _serve(settings)


@app.command()
def stop(data: Data) -> None:
    """End the emulator of a data folder and wait until it is gone."""
    from acr_tasks_emulator.process import instance

    pid = instance.stop(data.resolve())
    if pid is None:
        _output.print(f"No emulator has the data folder {data}.")
    else:
        _output.print(f"The emulator of {data} (process {pid}) has ended.")


@app.command()
def status(
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell where the emulator of a data folder is; exit status 1 when there is none."""
    from acr_tasks_emulator.process import instance

    about = instance.find(data.resolve())
    if as_json:
        instance.print_line({"running": about is not None, **(about or {})})
    elif about is None:
        _output.print(f"No emulator has the data folder {data}.")
    else:
        _output.print(f"The emulator of {data} runs as process {about['pid']}, with the {about['executor']} executor.")
        _output.print(f"  endpoint      {about['endpoint']}")
        _output.print(f"  login server  {about['loginServer']}")
        _output.print(f"  dashboard     {about['dashboard']}")
        if about["caCert"]:
            _output.print(f"  CA            {about['caCert']}")
        for registry in about["registries"]:
            _output.print(f"  registry      {registry}")
    if about is None:
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; what the user got wrong is one sentence and exit status 2."""
    try:
        app()
    except SettingsError as error:
        _say(error)
        sys.exit(2)


def _stated(context: typer.Context) -> frozenset[str]:
    """The options that the command line or the environment gives, each by its name."""
    return frozenset(
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name and getattr(context.get_parameter_source(parameter.name), "name", "DEFAULT") != "DEFAULT"
    )


def _detach(settings: Settings, more: list[str], stated: frozenset[str]) -> None:
    from acr_tasks_emulator.process import instance, running_options
    from acr_tasks_emulator.process.data_folder import make_data_folder

    make_data_folder(settings.data)
    arguments = [f"--host={settings.host}", f"--port={settings.port}", f"--data={settings.data}"]
    arguments += [f"--registry={registry.name}:{registry.location}" for registry in settings.registries]
    arguments += [f"--executor={settings.executor}", f"--agents={settings.agents}"]
    arguments += [f"--mode={settings.mode}", f"--throttle={settings.throttle}", f"--latency={settings.latency}"]
    if settings.idle_exit is not None:
        arguments.append(f"--idle-exit={settings.idle_exit}")
    arguments += ["--tls"] if settings.tls else []
    if settings.cert is not None:
        arguments += [f"--cert={settings.cert}", f"--key={settings.key}"]
    environment = dict(zip(instance.ENVIRONMENT, (settings.token, settings.webhook_secret), strict=True))
    about = instance.find_or_start(settings.data, arguments + more, environment)
    different = running_options.differences(settings, stated, instance.options(settings.data))
    if different:
        raise SettingsError(
            f"The emulator of {settings.data} (process {about['pid']}) runs already, with other options than asked "
            f"for: {', '.join(different)}. Stop it first (acr-tasks-emulator stop --data {settings.data}), or ask for "
            "what it has."
        )
    instance.remember(settings.data, sys.argv[1:])
    instance.print_line(about)


def _serve(settings: Settings) -> None:
    from acr_tasks_emulator.process import instance, running_options
    from acr_tasks_emulator.process.data_folder import make_data_folder
    from acr_tasks_emulator.server import Emulator, running

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    make_data_folder(settings.data)
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())

    def wait(emulator: Emulator) -> None:
        while not asked.wait(_IDLE_CHECK_SECONDS if settings.idle_exit else None):
            if emulator.application.idle_seconds() >= (settings.idle_exit or 0):
                return

    with instance.owned(settings.data), running(settings) as emulator:
        about = {**emulator.about, "pid": os.getpid()}
        if emulator.warning and settings.executor == "auto":
            _say(emulator.warning)
        port = int(about["loginServer"].rpartition(":")[2])
        given = running_options.recorded(settings, emulator.registries, port, emulator.executor)
        with instance.announced(settings.data, about, emulator.address.check, given):
            instance.print_line(about)
            wait(emulator)


def _say(sentence: object) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"acr-tasks-emulator: {sentence}", markup=False)
