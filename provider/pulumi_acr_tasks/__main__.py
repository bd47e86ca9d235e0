"""The command line `acr-tasks`: check task files, and print a program for the tasks of a registry.

Each command imports what it needs, so that the others, and `--help`, answer at once.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_acr_tasks.errors import AcrTasksError, SettingsError

if TYPE_CHECKING:
    from pulumi_acr_tasks.settings.settings import Settings

commands = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"{version('pulumi-acr-tasks')}\n")
        raise typer.Exit


@commands.callback(epilog="Inside a Pulumi program: `from pulumi_acr_tasks import Task, Run`.")
def acr_tasks(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Tools for Azure Container Registry Tasks under Pulumi.

    `acr-tasks check acb.yaml` checks task files in CI as `pulumi preview` does, and needs no Pulumi.

    `acr-tasks export --registry ID` writes the program that takes over the tasks of a registry.
    """


@commands.command(epilog="For instance: `acr-tasks check tasks/*.yaml`")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Task files, such as acb.yaml.")],
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings too.")] = False,
) -> None:
    """Report the errors of task files before a run fails on them.

    Each finding is a line `file:line:column: error: …`, as compilers write it, on stdout. A warning is about a
    line that is allowed, but does something else than it seems to.

    Exit status: 0 when no file has an error, 1 when one has, 2 when the command itself is wrong. Makes no request.
    """
    found = [finding for file in files for finding in _findings(file)]
    for at, sentence, warning in found:
        sys.stdout.write(f"{at}: {'warning' if warning else 'error'}: {sentence}\n")
    errors = sum(not warning for _, _, warning in found)
    _note(f"{_count(len(files), 'file')}: {_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}")
    if errors or (strict and found):
        raise typer.Exit(1)


def _findings(file: Path) -> list[tuple[str, str, bool]]:
    """Return the problems of a task file: the place, a sentence, and whether it is a warning."""
    from pulumi_acr_tasks.validate.task_file.file import check_task_file

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        return [(str(file), f"it cannot be read: {error.strerror}", False)]
    except UnicodeDecodeError:
        return [(str(file), "it is not text in UTF-8", False)]
    return [
        (f"{file}:{finding.position[0] + 1}:{finding.position[1] + 1}", finding.sentence, finding.warning)
        for finding in sorted(check_task_file(text))
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@commands.command(
    epilog="For instance: `acr-tasks export --registry /subscriptions/…/registries/contoso > __main__.py`"
)
def export(
    registry: Annotated[
        str,
        typer.Option(metavar="ID", help="The registry's ARM id (`az acr show --name NAME --query id`)."),
    ],
    task: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this task; may be repeated.")] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The Resource Manager's URL; the public cloud's when it is left out."),
    ] = None,
    credential: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How to sign in: default (as azure-identity tries it), cli, managed-identity, workload-identity, "
            "client-secret, oidc or none.",
        ),
    ] = None,
) -> None:
    """Print a Python program that takes over the tasks of a registry; its first `pulumi up` changes nothing.

    Secrets are left to the stack's configuration: stderr says which `pulumi config set --secret` each of them needs.
    Reads with the permission listDetails, and writes nothing. The environment is that of the provider: `ARM_CLIENT_ID`,
    `ARM_TENANT_ID`, `AZURE_CLIENT_ID` …
    """
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.export.program import exported

    try:
        registry_id = RegistryId.parse(registry)
        program = exported(_settings(endpoint, credential), registry_id, task or None, note=_note)
    except (AcrTasksError, ValueError) as error:
        _note(str(error))
        raise typer.Exit(1) from error
    sys.stdout.write(str(program))
    for key in program.secrets:
        _note(f"set it before `pulumi up`: pulumi config set --secret {key}")


def _settings(endpoint: str | None, credential: str | None) -> Settings:
    from pulumi_acr_tasks.settings.settings import Settings

    given = {"endpoint": endpoint, "credential": credential}
    settings = Settings.load(given.get, os.environ)
    if settings.is_embedded:
        raise SettingsError(
            "an embedded emulator is not started here; give --endpoint the URL that `acr-tasks-emulator status` prints"
        )
    return settings


def _note(text: str) -> None:
    """Write to stderr: stdout is for the program, or for findings."""
    sys.stderr.write(f"{text}\n")


def main() -> None:
    """Run the command `acr-tasks`."""
    commands()


if __name__ == "__main__":
    main()
