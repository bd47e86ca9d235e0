"""A task's YAML: found in the source or in the request, rendered with the run's values, and read."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.aliases import read_aliases
from acr_tasks_emulator.execution.document import DocumentError, read_document
from acr_tasks_emulator.execution.graph import DEFAULT_VERSION, Graph, GraphError
from acr_tasks_emulator.execution.graph_reader import read_graph
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.source import SourceError, file_in
from acr_tasks_emulator.execution.templates import TemplateError, render, run_variables

LIMIT_BYTES = 1024 * 1024
"""How long a task file or a file of values may be."""
STEPS = 500
"""How many steps a task may have: all of them may be under way at once."""
ALIASES_SINCE = (1, 1, 0)

_ENABLED = (
    "Alias support enabled for version >= 1.1.0, please see https://aka.ms/acr/tasks/task-aliases for more information."
)
_FAILED = "failed to unmarshal task before running"
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_VERSION = re.compile(r"^version:\s*['\"]?([^\s'\"#]+)", re.MULTILINE)


class TaskFileError(ValueError):
    """The task file cannot be run; the text is the agent's, for the run's log."""


def load(job: Job, source: Path, fetch: Callable[[str], str] | None = None) -> Graph:
    """The graph of a FileTask or EncodedTask step, rendered with `{{.Run}}` and `{{.Values}}`.

    source: the folder of the unpacked source. fetch: gives the text at an address, for `alias.src`; without it such
    aliases are refused. Raises TaskFileError, SourceError.
    """
    step = job.step
    if job.kind == "FileTask":
        text = _read(source, str(step.get("taskFilePath") or ""))
        given = _read(source, str(step["valuesFilePath"])) if step.get("valuesFilePath") else ""
    else:
        text = _decoded(str(step.get("encodedTaskContent") or ""), "encodedTaskContent")
        given = _decoded(str(step.get("encodedValuesContent") or ""), "encodedValuesContent")
    values = {**_values(given), **{str(v["name"]): v["value"] for v in job.set_values()}}

    def read_file(name: str) -> str:
        if not _ADDRESS.match(name):
            return _read(source, name)
        if fetch is None:
            raise GraphError(f"nothing is fetched from {name.partition('?')[0]}: the run is simulated")
        return fetch(name)

    return read(text, run_variables(job), values, read_file)


def read(
    text: str, run: Mapping[str, str], values: Mapping[str, Any], read_file: Callable[[str], str] | None = None
) -> Graph:
    """The graph of a task file's text: aliases, then templates, then YAML, as the agent does.

    read_file: gives the text of a file of aliases. Raises TaskFileError.
    """
    try:
        images: Mapping[str, str] = {}
        if aliases_enabled(text):
            aliases, text = read_aliases(text, run, read_file or _nothing)
            text, images = aliases.replaced(text), aliases.values
        graph = read_graph(_task(render(text, {"Run": run, "Values": values})), images)
        return replace(graph, remarks=(_ENABLED, *graph.remarks)) if images else graph
    except (GraphError, TemplateError, SourceError, DocumentError) as error:
        raise TaskFileError(f"{_FAILED}: {_in_one_line(error)}") from error


def aliases_enabled(text: str) -> bool:
    """Whether the file's version knows aliases: v1.1.0 and later."""
    match = _VERSION.search(text)
    numbers = re.findall(r"\d{1,9}", match.group(1) if match else DEFAULT_VERSION)
    return tuple(int(number) for number in numbers[:3]) >= ALIASES_SINCE


def _nothing(name: str) -> str:
    raise GraphError(f"there is no file {name}")


def _values(text: str) -> dict[str, Any]:
    try:
        values = read_document(text) if text.strip() else {}
    except DocumentError as error:
        raise TaskFileError(f"{_FAILED}: the values are no YAML: {_in_one_line(error)}") from error
    if not isinstance(values, Mapping):
        raise TaskFileError(f"{_FAILED}: the values are not a mapping of names to values")
    return {str(name): value for name, value in values.items()}


def _read(source: Path, name: str) -> str:
    path = file_in(source, name)
    if path.stat().st_size > LIMIT_BYTES:
        raise SourceError(f"{name} is longer than {LIMIT_BYTES} bytes")
    return path.read_text(errors="replace")


def _decoded(text: str, name: str) -> str:
    if len(text) > 2 * LIMIT_BYTES:
        raise TaskFileError(f"{_FAILED}: {name} is longer than {LIMIT_BYTES} bytes")
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise TaskFileError(f"{_FAILED}: {name} is not text in base64") from error


def _task(text: str) -> Any:
    task = read_document(text)
    steps = task.get("steps") if isinstance(task, Mapping) else None
    if isinstance(steps, list) and len(steps) > STEPS:
        raise GraphError(f"the task has more than {STEPS} steps")
    return task


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
