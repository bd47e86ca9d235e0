"""The hash of a local context, for programs that name images by their content."""

from __future__ import annotations

import os

import pulumi

from pulumi_acr_tasks.program.declaration import program_error


def context_hash(
    context: str | os.PathLike[str],
    *,
    docker_file_path: str | None = "Dockerfile",
    task_file_path: str | None = None,
    values_file_path: str | None = None,
) -> str:
    """Return the hash of a local context, 64 hexadecimal digits: a Run's `context_hash` without its `sha256:`.

    A Run is scheduled again when the hash changes, so a tag made of it changes exactly with the image's content:
    `image_names=[f"web:{context_hash('app')[:12]}"]`. The hash covers the files that the Run would send. Windows has
    no executable bits, so a context that needs them has another hash there.

    :param context: what the Run's `context` is: a folder relative to the program, or an archive of one.
    :param docker_file_path: the request's. Its ignore file counts, and it may lie outside of the context. None for a
        request without one: an EncodedTaskRunRequest, or a FileTaskRunRequest.
    :param task_file_path: the request's, for a FileTaskRunRequest; there is no `docker_file_path` then.
    :param values_file_path: the request's, for a FileTaskRunRequest.
    :raises ValidationError: the folder or a file does not exist, or cannot be read.
    """
    # Imported here: most programs name no image by its content.
    from pulumi_acr_tasks.run.check import local_context_hash
    from pulumi_acr_tasks.settings.settings import EMBEDDED, Settings

    if not isinstance(context, (str, os.PathLike)):
        raise program_error(f"context is {type(context).__name__}; context_hash reads a folder at once: give its path")
    files = {"taskFilePath": task_file_path, "valuesFilePath": values_file_path}
    files["dockerFilePath"] = docker_file_path if task_file_path is None else None
    request = {name: file for name, file in files.items() if file is not None}
    # The emulator's own folder never belongs to a context, wherever the stack has it.
    settings = Settings(EMBEDDED, embedded_data=pulumi.Config("acr-tasks").get("embeddedData"))
    hash_, problems = local_context_hash(os.fspath(context), request, settings)
    for problem in problems:
        raise program_error(str(problem))
    return hash_
