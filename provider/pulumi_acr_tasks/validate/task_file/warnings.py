"""Warnings about lines of a task file that are allowed, but do something else than their author expects.

The agent joins the words of `cmd` and `build` to one line for its own shell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pulumi_acr_tasks.validate.hints import nearest
from pulumi_acr_tasks.validate.task_file.steps import Findings, item_position, key_position
from pulumi_acr_tasks.validate.task_file.text import PLACEHOLDER

_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.", re.DOTALL)
_EXPANDED = re.compile(r"(?<!\\)(?:\$[A-Za-z_{(]|`)")
_GIT_HOST = re.compile(
    r"(?:https?://)?(?:www\.)?(?:github|gitlab|bitbucket)\.[a-z]+/[\w.-]+/[\w.-]+?/?(?:#\S*)?", re.IGNORECASE
)


_TASK_MEMBERS = (
    *("version", "stepTimeout", "workingDirectory", "env", "secrets", "networks", "volumes", "alias", "steps"),
    "trigger",
)
_STEP_MEMBERS = (
    *("cmd", "build", "push", "id", "when", "timeout", "retries", "retryDelay", "retryOnErrors", "repeat"),
    *("startDelay", "ignoreErrors", "detach", "keep", "privileged", "pull", "disableWorkingDirectoryOverride"),
    *("env", "expose", "ports", "entryPoint", "user", "network", "isolation", "workingDirectory", "cpus"),
    *("volumeMounts", "cache", "exitedWith", "exitedWithout", "cmdDownloadRetries", "cmdDownloadRetryDelay"),
)
_CLOSE = 0.8  # of two names: `timout` and `volumeMount` are misspelled, a key that is a note to readers is not


def task_warnings(task: Any) -> Findings:
    """Yield the warnings about a task file; `task` is the map that ruamel.yaml loads."""
    if "trigger" in task:
        yield key_position(task, "trigger"), "trigger has no effect in a task file: give it to the Task"
    yield from _misspelled(task, _TASK_MEMBERS)
    steps = task.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            yield from _of_step(step)


def _misspelled(node: Any, members: tuple[str, ...]) -> Findings:
    """Yield the keys that the agent ignores although they look like one that it reads."""
    for key in node:
        if isinstance(key, str) and key not in members and (meant := nearest(key, members, _CLOSE)):
            yield key_position(node, key), f"the agent ignores {key!r}; did you mean {meant}?"


def _of_step(step: Any) -> Findings:
    yield from _misspelled(step, _STEP_MEMBERS)
    for name in ("cmd", "build"):
        line = step.get(name)
        if isinstance(line, str):
            for sentence in line_warnings(line, name):
                yield key_position(step, name), sentence
    for name, item, where in (*_items(step, "env"), *_items(step, "push")):
        if name == "env" and _is_split(item):
            yield (
                where,
                f"{item.partition('=')[0]} has a value with a blank, and docker takes the rest for the image: "
                "put the value in single quotes within the string",
            )
        if name == "push" and _is_bare(item):
            yield where, f"{item!r} goes to Docker Hub: write {{{{.Run.Registry}}}}/{item} for the run's own registry"


def line_warnings(line: str, name: str = "cmd") -> Iterator[str]:
    """Yield warnings about a line with which the agent's shell does something else than its author expects."""
    line = re.sub(r"\\\r?\n", " ", line).strip()
    plain = _QUOTED.sub(lambda match: "q" * len(match[0]), line)
    if re.search(r"[<>]", plain):
        yield f"{name}: the agent's shell takes the redirection, on the agent: quote it, or run sh -c '…' in the image"
    if re.search(r"&&|\|\||;|\||&", plain):
        yield (
            f"{name}: the text after ; && || | & is a command of the agent itself, not of the container: "
            "run sh -c '…' in the image, or make it a step of its own"
        )
    if "\n" in plain.strip():
        yield f"{name}: a second line is a command of the agent itself: end lines with \\, or make it a step of its own"
    in_double = (quoted for quoted in _QUOTED.findall(line) if quoted.startswith('"'))
    if _EXPANDED.search(plain) or any(map(_EXPANDED.search, in_double)):
        yield (
            f"{name}: the agent's shell replaces $x and $(…) before the container sees them: put them in single quotes"
        )
    if name == "build":
        for word in plain.split():
            if _GIT_HOST.fullmatch(word) and not word.partition("#")[0].rstrip("/").endswith(".git"):
                yield f"build: the agent takes {word} for a page and not for a repository: write it with .git"


def _items(step: Any, name: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    items = step.get(name)
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, str):
            yield name, item, item_position(items, index)


def _is_split(item: str) -> bool:
    return re.search(r"\s", _QUOTED.sub("", item.strip())) is not None


def _is_bare(image: str) -> bool:
    """Return whether an image has no registry before its name."""
    if PLACEHOLDER in image.partition("/")[0] or image.startswith(("$", "{{")):
        return False
    first, slash, _ = image.partition("/")
    return not slash or not (set(first) & set(".:") or first == "localhost")
