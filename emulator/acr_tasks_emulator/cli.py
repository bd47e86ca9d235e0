"""The command line: serve, stop, status. The options of serve are the fields of Settings."""

from __future__ import annotations

import inspect
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from typer import Option

from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.settings import Settings, metavar_of, option_of, variable_of

MEMORY = ":memory:"
_IDLE_CHECK_SECONDS = 0.25

app = typer.Typer(
    name="acr-tasks-emulator",
    help="Azure Container Registry Tasks on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_output = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path, Option("--data", metavar="DIR", help="The emulator's data folder.")]


def serve(*, context: typer.Context, detach: bool, **options: Any) -> None:
    """Serve until ended; print one line of JSON when ready."""
    with ExitStack() as stack:
        if options["data"] == MEMORY:
            if detach:
                raise SettingsError("--detach needs --data DIR: by that folder the emulator is found again.")
            options["data"] = stack.enter_context(TemporaryDirectory(prefix="acr-tasks-emulator-"))
        paths = {name: Path(options[name]).absolute() for name in ("cert", "key") if options[name]}
        settings = Settings(**{**options, **paths, "data": Path(options["data"]).resolve()})
        if detach:
            _detach(settings, _stated(context))
        else:
            _serve(settings)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add a parameter to `serve` for each field of Settings; typer makes the options and their help of them."""
    kinds: dict[str, Any] = {"data": str, "registries": list[str] | None, "switches": list[str] | None}
    data = Option("--data", metavar=f"DIR|{MEMORY}", help="Folder that keeps everything.")
    found = [("context", typer.Context, inspect.Parameter.empty), ("data", Annotated[str, data], MEMORY)]
    for name, field in Settings.model_fields.items():
        if name == "data":
            continue
        option = Option(option_of(name), metavar=metavar_of(name), envvar=variable_of(name), help=field.description)
        default = None if name in kinds else field.default
        found.append((name, Annotated[kinds.get(name, field.annotation), option], default))
    detach = Option("--detach", help="Go on in the background, and print where.")
    found.append(("detach", Annotated[bool, detach], False))
    command.__annotations__ = {name: kind for name, kind, _ in found}
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # inspect reads it
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, kind, default in found
        ]
    )
    return command


app.command()(_with_options(serve))


@app.command()
def stop(data: Data) -> None:
    """End the emulator of a data folder and wait until it is gone."""
    from acr_tasks_emulator.process import background

    pid = background.stop(data.resolve())
    if pid is None:
        _output.print(f"No emulator has the data folder {data}.")
    else:
        _output.print(f"The emulator of {data} (process {pid}) has ended.")


@app.command()
def status(
    data: Data,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell where the emulator of a data folder is; exit status 1 without one."""
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
    """Run the command line; a wrong option is one sentence on stderr and exit status 2."""
    try:
        app()
    except SettingsError as error:
        _print_error(error)
        sys.exit(2)


def _stated(context: typer.Context) -> frozenset[str]:
    """Return the options that the command line or the environment gives, each by its name."""
    return frozenset(
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name and getattr(context.get_parameter_source(parameter.name), "name", "DEFAULT") != "DEFAULT"
    )


def _detach(settings: Settings, stated: frozenset[str]) -> None:
    from acr_tasks_emulator.process import background, instance, running_options

    instance.make_data_folder(settings.data)
    environment = dict(zip(background.ENVIRONMENT, (settings.token, settings.webhook_secret), strict=True))
    about = background.find_or_start(settings.data, settings.arguments(), environment)
    running = (instance.announcement(settings.data) or {}).get("options", {})
    different = running_options.differences(settings, stated, running)
    if different:
        raise SettingsError(
            f"The emulator of {settings.data} (process {about['pid']}) runs already, with other options than asked "
            f"for: {', '.join(different)}. Stop it first (acr-tasks-emulator stop --data {settings.data}), or ask for "
            "what it has."
        )
    background.remember(settings.data, sys.argv[1:])
    instance.print_line(about)


def _serve(settings: Settings) -> None:
    from acr_tasks_emulator.process import instance, running_options
    from acr_tasks_emulator.server import Emulator, running

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    instance.make_data_folder(settings.data)
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
            _print_error(f"builds and steps are only simulated: {emulator.warning}")
        port = int(about["loginServer"].rpartition(":")[2])
        given = running_options.recorded(settings, emulator.registries, port, emulator.executor)
        with instance.announced(settings.data, about, emulator.address.check, given):
            instance.print_line(about)
            wait(emulator)


def _print_error(sentence: object) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"acr-tasks-emulator: {sentence}", markup=False)
