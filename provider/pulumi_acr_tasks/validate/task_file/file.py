"""The check of a task file, in base64 or on disk: everything that can be known to be wrong before a run.

The service stores any text; a wrong file fails only in the log of its first run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pulumi_acr_tasks.schema.values import decoded
from pulumi_acr_tasks.validate.problem import Problem
from pulumi_acr_tasks.validate.task_file.steps import check_task
from pulumi_acr_tasks.validate.task_file.text import prepare
from pulumi_acr_tasks.validate.task_file.warnings import task_warnings
from pulumi_acr_tasks.validate.task_file.yaml import LONGEST, Position, load

_ACR = "acr … is the cmd of a step: the file is version: v1.1.0, steps:, and below it   - cmd: acr purge …"

# Text that most YAML has and base64 never.
_PLAIN = re.compile(r":\s|:$|^[ \t]*- ", re.MULTILINE)


def check_encoded_task(value: Any, path: str) -> list[Problem]:
    """Return the errors and warnings of a task file in base64, each with its line and column."""
    if not isinstance(value, str) or not value:
        return []
    text = decoded(value)
    if text is None:
        return [_not_base64(value, path, of="a task file")]
    return [Problem(path, str(finding), finding.warning) for finding in check_task_file(text)]


def check_encoded_values(value: Any, path: str) -> list[Problem]:
    """Return the problems of a file of values in base64. It may hold secrets, so no message repeats its text."""
    if not isinstance(value, str) or not value:
        return []
    text = decoded(value)
    if text is None:
        return [_not_base64(value, path, of="a file of values")]
    if len(text) > LONGEST:
        return [Problem(path, str(_unread(text)), warning=True)]
    values, position, _ = load(text)
    if position is not None:
        return [Problem(path, str(Finding(position, "this is not YAML")))]
    if values is not None and not isinstance(values, dict):
        return [Problem(path, str(Finding((0, 0), "a file of values is a map from names to values")))]
    return []


@dataclass(frozen=True, order=True)
class Finding:
    """An error or a warning about a text, at a line and a column (from 0)."""

    position: Position
    sentence: str
    warning: bool = False

    def __str__(self) -> str:
        line, column = self.position
        return f"line {line + 1}, column {column + 1}: {self.sentence}"


def check_task_file(text: str) -> list[Finding]:
    """Return the errors of a task file in the order of the lines, then the warnings.

    If templates decide which lines the file has, only its templates are checked: the lines depend on values.
    """
    if len(text) > LONGEST:
        return [_unread(text)]
    task, found = _read(text)
    if not isinstance(task, dict):
        return found
    errors = sorted(Finding(*each) for each in check_task(task))
    return [*found, *errors, *sorted(Finding(*each, warning=True) for each in task_warnings(task))]


def _read(text: str) -> tuple[Any, list[Finding]]:
    """Return the content of the YAML, None when it cannot be known here, and the errors of the text."""
    prepared = prepare(text, lambda part: load(part)[0])
    errors = sorted(Finding(*each) for each in prepared.errors)
    if prepared.text is None:
        return None, errors
    task, position, reason = load(prepared.text)
    if position is not None:
        return None, [*errors, Finding(position, f"this is not YAML ({reason})")]
    if not isinstance(task, dict):
        hint = f"; {_ACR}" if isinstance(task, str) and task.startswith("acr ") else ""
        return None, [*errors, Finding((0, 0), f"a task file is a map with version and steps{hint}")]
    return task, errors


def _unread(text: str) -> Finding:
    """Return the warning for a text that is too long to be checked before a run."""
    return Finding(
        (0, 0), f"the text has {len(text):,} characters, and only texts up to {LONGEST:,} are checked", warning=True
    )


def _not_base64(value: str, path: str, *, of: str) -> Problem:
    """Return what a value is that should be base64, and which constructor of Python takes it unencoded."""
    if re.fullmatch(r"b(['\"]).*\1", value, re.DOTALL):
        cure = "; call .decode() on the bytes instead of str()"
        return Problem(path, "is the text of a bytes object", in_python=cure)
    args = "EncodedTaskStepArgs" if path.startswith("step") else "EncodedTaskRunRequestArgs"
    more = "" if of == "a task file" else "…, values="
    text, file = f"{args}.from_yaml({more}text)", f"{args}.from_file({more}path)"
    if value.lstrip().startswith(("acr ", "az acr ")):
        cure = "" if more else f": write {args}.from_cmd(command), which encodes it"
        return Problem(path, f"is a command; it is base64 of {of}", in_python=cure)
    if _PLAIN.search(value):
        return Problem(
            path, f"is plain YAML; it is base64 of {of}", in_python=f": write {text} or {file}, which encode it"
        )
    hint = " (line breaks in it do not count, blanks do)" if " " in value else ""
    return Problem(path, f"is not base64 of {of} in UTF-8{hint}", in_python=f": {text} and {file} make it")
