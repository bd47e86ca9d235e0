"""Task files, in base64 or on disk, as far as they can be known to be wrong before a run. (Source: facts, section 14.)

The service stores anything; a wrong file fails only in the log of its first run.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from pulumi_acr_tasks.validate.problem import Problem
from pulumi_acr_tasks.validate.task_steps import PLACEHOLDER, check_task
from pulumi_acr_tasks.validate.yaml import load, place

# The agent renders Go templates before it reads the YAML: an action stands for a value that is not known here, and
# whatever can add or take whole lines (control structures, trimming, assignments, an action alone on its line) makes
# the file one that cannot be judged.
_ACTION = re.compile(r"\{\{.*?\}\}")
_LINES = re.compile(
    r"\{\{-?\s*(?:if|else|end|range|with|define|template|block)\b|\{\{-|-\}\}|\{\{[^}]*:=|\{\{[^}]*$|^\s*\{\{.*\}\}\s*$",
    re.MULTILINE,
)

# What base64 has not, and most YAML has.
_PLAIN = re.compile(r":\s|:$|^\s*- ", re.MULTILINE)


def check_encoded_task(value: Any, path: str) -> list[Problem]:
    """Says what is wrong with a task file in base64, with the line and column it is wrong in."""
    if not isinstance(value, str) or not value:
        return []
    text = decoded(value)
    if text is None:
        return [_no_base64(value, path, of="a task file")]
    return [Problem(path, message) for message in check_task_yaml(text)]


def check_encoded_values(value: Any, path: str) -> list[Problem]:
    """Says what is wrong with a file of values in base64; it may hold secrets, so nothing of it is repeated."""
    if not isinstance(value, str) or not value:
        return []
    text = decoded(value)
    if text is None:
        return [_no_base64(value, path, of="a file of values")]
    values, where, _ = load(text)
    if where:
        return [Problem(path, f"{where}: this is not YAML")]
    if values is not None and not isinstance(values, dict):
        return [Problem(path, "line 1, column 1: a file of values is a map from names to values")]
    return []


def decoded(value: str) -> str | None:
    """Gives the text behind base64, line breaks in it ignored; None when it is none, or not UTF-8."""
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
    except ValueError:  # characters that base64 has not, a wrong length, bytes that are no UTF-8
        return None


def check_task_yaml(text: str) -> list[str]:
    """Says what is wrong with the text of a task file, each sentence with its line and column (from 1).

    A file whose templates decide which lines it has is not judged: what it will be depends on values.
    """
    if _LINES.search(text):
        return []
    task, where, reason = load(_ACTION.sub(lambda match: PLACEHOLDER * len(match[0]), text))
    if where:
        return [f"{where}: this is not YAML ({reason})"]
    if not isinstance(task, dict):
        return ["line 1, column 1: a task file is a map with version and steps"]
    try:
        return [f"{place(at)}: {sentence}" for at, sentence in sorted(check_task(task))]
    except RecursionError:
        return ["line 1, column 1: an anchor holds an alias of itself, or the file is nested too deeply"]


def _no_base64(value: str, path: str, *, of: str) -> Problem:
    """Say what a value is that should be base64, as far as can be told, and which call makes base64 of it."""
    if re.fullmatch(r"b(['\"]).*\1", value, re.DOTALL):
        return Problem(path, "is the text of a bytes object; call .decode() on the bytes instead of str()")
    if _PLAIN.search(value):
        return Problem(path, f"is plain YAML; it is base64 of {of}: base64.b64encode(text.encode()).decode()")
    return Problem(path, f"is not base64 of {of} in UTF-8: base64.b64encode(text.encode()).decode() makes it")
