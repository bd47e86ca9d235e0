"""The command line: `acr-tasks export` prints a program for the tasks of a registry."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pulumi_acr_tasks.errors import AcrTasksError, SettingsError

commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@commands.callback()
def acr_tasks() -> None:
    """Tools for Azure Container Registry Tasks under Pulumi."""


@commands.command()
def export(
    registry: Annotated[str, typer.Option(metavar="ID", help="The registry's ARM id.")],
    task: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this task; may be repeated.")] = None,
    endpoint: Annotated[str | None, typer.Option(metavar="URL", help="The Resource Manager's URL.")] = None,
    credential: Annotated[
        str | None, typer.Option(metavar="NAME", help="default, cli, managed-identity, client-secret, oidc or none.")
    ] = None,
) -> None:
    """Print a Python program that takes over the tasks that exist; its first `pulumi up` changes nothing.

    What is secret is left to the stack's configuration. Needs the permission listDetails. The environment is that of
    the provider: ARM_CLIENT_ID, ARM_TENANT_ID, AZURE_CLIENT_ID …
    """
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.export.tasks import exported

    try:
        registry_id = RegistryId.parse(registry)
        program = exported(_settings(endpoint, credential), registry_id, task or None, note=_note)
    except (AcrTasksError, ValueError) as error:
        _note(str(error))
        raise typer.Exit(1) from error
    sys.stdout.write(str(program))
    for key in program.secrets:
        _note(f"set it before `pulumi up`: pulumi config set --secret {key}")


def _settings(endpoint: str | None, credential: str | None):  # type: ignore[no-untyped-def]
    from pulumi_acr_tasks.settings import Settings

    given = {"endpoint": endpoint, "credential": credential}
    settings = Settings.load(given.get, os.environ)
    if settings.is_embedded:
        raise SettingsError("an embedded emulator is not started here; --endpoint is the URL that its status tells")
    return settings


def _note(text: str) -> None:
    """Writes to stderr: stdout is the program's."""
    sys.stderr.write(f"{text}\n")


def main() -> None:
    """Is the entry point of the command `acr-tasks`."""
    commands()


if __name__ == "__main__":
    main()
