"""A task's YAML: found in the source or in the request, rendered with the run's values, and read."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from acr_tasks_emulator.execution.graph import DEFAULT_VERSION, Graph, GraphError, read_graph
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.source import SourceError, file_in
from acr_tasks_emulator.execution.templates import TemplateError, render, replace_aliases, run_variables

LIMIT_BYTES = 1024 * 1024
ALIASES_SINCE = (1, 1, 0)

_FAILED = "failed to unmarshal task before running"
_ALIAS_BLOCK = re.compile(r"^alias:[^\n]*(?:\n(?:[ \t][^\n]*|[ \t]*(?:#[^\n]*)?(?=\n)))*", re.MULTILINE)
_VERSION = re.compile(r"^version:\s*['\"]?([^\s'\"#]+)", re.MULTILINE)


class TaskFileError(ValueError):
    """The task file cannot be run; the text is the agent's, for the run's log."""


def load(job: Job, source: Path) -> Graph:
    """The graph of a FileTask or EncodedTask step, rendered with `{{.Run}}` and `{{.Values}}`.

    source: the folder of the unpacked source. Raises TaskFileError, SourceError.
    """
    step = job.step
    if job.kind == "FileTask":
        text = _read(source, str(step.get("taskFilePath") or ""))
        given = _read(source, str(step["valuesFilePath"])) if step.get("valuesFilePath") else ""
    else:
        text = _decoded(str(step.get("encodedTaskContent") or ""), "encodedTaskContent")
        given = _decoded(str(step.get("encodedValuesContent") or ""), "encodedValuesContent")
    return read(
        text, {**run_variables(job)}, {**_values(given), **{str(v["name"]): v["value"] for v in job.set_values()}}
    )


def read(text: str, run: Mapping[str, str], values: Mapping[str, Any]) -> Graph:
    """The graph of a task file's text: aliases, then templates, then YAML, as the agent does. Raises TaskFileError."""
    try:
        if aliases_enabled(text):
            text = replace_aliases(text, run, _own_aliases(text))
        return read_graph(_yaml(render(text, {"Run": run, "Values": values})))
    except (GraphError, TemplateError, YAMLError, RecursionError) as error:
        raise TaskFileError(f"{_FAILED}: {_in_one_line(error)}") from error


def aliases_enabled(text: str) -> bool:
    """Whether the file's version knows aliases: v1.1.0 and later."""
    match = _VERSION.search(text)
    numbers = re.findall(r"\d+", match.group(1) if match else DEFAULT_VERSION)
    return tuple(int(number) for number in numbers[:3]) >= ALIASES_SINCE


def _own_aliases(text: str) -> dict[str, str]:
    """The task's `alias.values`; they are read before the rest of the file, which they change."""
    block = _ALIAS_BLOCK.search(text)
    alias = (_yaml(block.group()) if block else {}).get("alias") or {}
    if not isinstance(alias, Mapping) or not isinstance(alias.get("values") or {}, Mapping):
        raise GraphError("alias has to be a mapping with `values`")
    if alias.get("src"):
        raise GraphError("the emulator does not read aliases from other files: write them below alias.values")
    values = {str(name): "" if value is None else str(value) for name, value in (alias.get("values") or {}).items()}
    for name in values:
        if not name.isascii() or not name.isalnum():
            raise GraphError(f"alias {name!r} can hold letters and digits only")
    return values


def _values(text: str) -> dict[str, Any]:
    try:
        values = _yaml(text) if text.strip() else {}
    except (YAMLError, RecursionError) as error:
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


def _yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
