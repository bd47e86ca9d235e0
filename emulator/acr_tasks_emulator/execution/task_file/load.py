"""Loading of a task file from the source or the request: rendered with the run's values, and read."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.paths import file_in
from acr_tasks_emulator.execution.task_file.aliases import read_aliases, separated
from acr_tasks_emulator.execution.task_file.graph import Graph, GraphError
from acr_tasks_emulator.execution.task_file.graph_reader import read_graph
from acr_tasks_emulator.execution.task_file.templates import render_objects, run_variables
from acr_tasks_emulator.execution.task_file.yaml_document import DocumentError, read_document, read_tree
from acr_tasks_emulator.execution.template.evaluator import render
from acr_tasks_emulator.execution.template.nodes import TemplateError

LIMIT_BYTES = 1024 * 1024
"""How long a task file or a file of values may be."""
WITH_ALIASES = "v1.1.0"
"""The version that knows aliases, as a task file has to spell it."""

_ENABLED = (
    "Alias support enabled for version >= 1.1.0, please see https://aka.ms/acr/tasks/task-aliases for more information."
)
_FAILED = "failed to unmarshal task before running"
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_VERSION = re.compile(r"^(['\"]?)version\1[ \t]*:[ \t]*(['\"]?)([^\s'\"]*)\2[ \t]*(?:#.*)?$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#[^\n]*(?:\n|\Z)", re.MULTILINE)


class TaskFileError(ValueError):
    """The task file cannot be run; the text is the agent's, for the run's log."""


def load(job: Job, source: Path, fetch: Callable[[str], str] | None = None) -> Graph:
    """Return the graph of a FileTask or EncodedTask step, rendered with `{{.Run}}` and `{{.Values}}`.

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
    """Return the graph of a task file's text, in the agent's order: comments, aliases, templates, YAML.

    read_file: gives the text of a file of aliases. Raises TaskFileError.
    """
    objects = render_objects(run, values)
    text = _COMMENT.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n"))
    try:
        if not aliases_enabled(text):
            return read_graph(read_tree(render(text, objects)))
        block, rest = separated(text)
        aliases = read_aliases(render(block, objects), run, read_file or _nothing)
        graph = read_graph(read_tree(render(aliases.replaced(rest), objects)), aliases.values)
        return replace(graph, remarks=(_ENABLED, *graph.remarks))
    except (GraphError, TemplateError, SourceError, DocumentError) as error:
        raise TaskFileError(f"{_FAILED}: {_in_one_line(error)}") from error


def aliases_enabled(text: str) -> bool:
    """Tell whether the text itself says the version that knows aliases, at the beginning of a line."""
    match = _VERSION.search(text)
    return match is not None and match.group(3) == WITH_ALIASES


def _nothing(name: str) -> str:
    raise GraphError(f"there is no file {name}")


def _values(text: str) -> dict[str, Any]:
    try:
        values = read_document(text) if text.strip() else {}
    except DocumentError as error:
        raise TaskFileError(f"{_FAILED}: the values are no YAML: {_in_one_line(error)}") from error
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise TaskFileError(f"{_FAILED}: the values are not a mapping of names to values")
    if any(map(_holds_a_mapping, values.values())):
        raise TaskFileError(
            f"{_FAILED}: failed to serialize Values: json: unsupported type: map[interface {{}}]interface {{}}: values "
            "are plain, or lists of plain ones"
        )
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
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise TaskFileError(f"{_FAILED}: {name} is not text in base64") from error


def _holds_a_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(map(_holds_a_mapping, value)))


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
