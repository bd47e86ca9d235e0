"""Task files in base64, as far as they can be known to be wrong before a run. (Source: facts, section 14.)

The service stores anything; a wrong file fails only in the log of its first run.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from pulumi_acr_tasks.validate.problem import Problem

VERSIONS = ("1.0-preview-1", "v1.0.0", "v1.1.0")
_KINDS = ("cmd", "build", "push")
# The agent renders Go templates before it reads the YAML: an action stands for a value that is not known here, and a
# control structure for any number of lines.
_ACTION = re.compile(r"\{\{.*?\}\}")
_CONTROL = re.compile(r"\{\{-?\s*(?:if|else|end|range|with|define|template|block)\b|\{\{[^}]*$", re.MULTILINE)


def check_encoded_task(value: Any, path: str) -> list[Problem]:
    """Says what is wrong with a task file in base64, with the line it is wrong in."""
    if not isinstance(value, str) or not value:
        return []
    text = decoded(value)
    if text is None:
        return [Problem(path, "is not base64 of a task file in UTF-8")]
    return [Problem(path, message) for message in check_task_yaml(text)]


def decoded(value: str) -> str | None:
    """Gives the text behind base64, line breaks in it ignored; None when it is none, or not UTF-8."""
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def check_task_yaml(text: str) -> list[str]:
    """Says what is wrong with the text of a task file, each sentence with its line.

    A file with template control structures is not judged: what it will be depends on values.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if _CONTROL.search(text):
        return []
    try:
        task = YAML(typ="rt").load(_ACTION.sub(lambda match: "x" * len(match[0]), text))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        return [f"line {line}: this is not YAML ({error.problem})"]
    except YAMLError as error:
        return [f"this is not YAML ({str(error).splitlines()[0]})"]
    if not isinstance(task, dict):
        return ["line 1: a task file is a map with version and steps"]
    return [*_check_version(task), *_check_steps(task)]


def _check_version(task: Any) -> list[str]:
    version = task.get("version")
    if version is None or str(version).lower() in VERSIONS or "x" * 4 in str(version):
        return []
    return [f"line {_line(task, 'version')}: version {str(version)!r} is none of {', '.join(VERSIONS)}"]


def _check_steps(task: Any) -> list[str]:
    steps: Any = task.get("steps")
    if not isinstance(steps, list) or not steps:
        line = _line(task, "steps") if "steps" in task else 1
        return [f"line {line}: steps is a list of at least one step"]
    problems, seen = [], set()
    for index, step in enumerate(steps):
        line = task["steps"].lc.item(index)[0] + 1
        if not isinstance(step, dict):
            problems.append(f"line {line}: a step is a map with cmd, build or push")
            continue
        problems += _check_step(step, line)
        id_ = step.get("id")
        if id_ is not None and str(id_) in seen:
            problems.append(f"line {_line(step, 'id')}: the id {str(id_)!r} is another step's already")
        seen.add(str(id_))
    return problems


def _check_step(step: Any, line: int) -> list[str]:
    problems = []
    kinds = [kind for kind in _KINDS if kind in step]
    if len(kinds) != 1:
        found = " and ".join(kinds) if kinds else "none of them"
        problems.append(f"line {line}: a step has exactly one of cmd, build and push; this one has {found}")
    if " " in str(step.get("id", "")):
        problems.append(f"line {_line(step, 'id')}: a step's id has no spaces")
    if "push" in step and not isinstance(step["push"], list):
        problems.append(f"line {_line(step, 'push')}: push is a list of images")
    return problems


def _line(node: Any, key: str) -> int:
    return int(node.lc.key(key)[0]) + 1
