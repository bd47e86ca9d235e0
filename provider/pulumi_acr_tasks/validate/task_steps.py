"""The rules of a task file's members: versions, steps and their order, secrets, networks, volumes.

Each rule yields where it is broken (line and column, from 0) and a sentence. Members that no rule knows are ignored, as
the agent ignores them. (Source: facts, section 14.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pulumi_acr_tasks.validate.yaml import Place

VERSIONS = ("1.0-preview-1", "v1.0.0", "v1.1.0")
# Stands for each character of a template action, whose value is not known here. (From Unicode's private area.)
PLACEHOLDER = "\ue000"

Broken = Iterator[tuple[Place, str]]

_KINDS = ("cmd", "build", "push")
_COUNTS = ("retries", "retryDelay", "repeat", "startDelay", "timeout", "cmdDownloadRetries", "cmdDownloadRetryDelay")
_FLAGS = ("ignoreErrors", "detach", "keep", "privileged", "pull", "disableWorkingDirectoryOverride")
_LISTS = ("push", "when", "env", "expose", "ports", "retryOnErrors", "volumeMounts", "exitedWith", "exitedWithout")
_TRUTHS = ("yes", "no", "on", "off", "y", "n", "true", "false")  # YAML 1.1, which the agent reads
_VOLUME_NAME = re.compile(r"[A-Za-z0-9_-]+")
_AT_ONCE = "-"


def check_task(task: Any) -> Broken:
    """Yields what is wrong with a task file; `task` is what ruamel.yaml loads, a map that knows its nodes' places."""
    version = task.get("version")
    if not _is_open(version) and version is not None and str(version).lower() not in VERSIONS:
        yield _of(task, "version"), f"version {str(version)!r} is none of {', '.join(VERSIONS)}"
    yield from _check_counts(task, ("stepTimeout",))
    yield from _check_secrets(task)
    for name, node in _named(task, "networks"):
        if node.get("name") is None:
            yield name, "a network has a name"
    for name, node in _named(task, "volumes"):
        given = node.get("name")
        if not _is_open(given) and not _VOLUME_NAME.fullmatch(str(given or "")):
            yield name, "a volume has a name of letters, digits, - and _"
        if not isinstance(node.get("secret"), dict):
            yield name, "a volume has a secret, a map from file names to base64"
    steps: Any = task.get("steps")
    if not isinstance(steps, list) or not steps:
        yield (_of(task, "steps") if "steps" in task else (0, 0)), "steps is a list of at least one step"
        return
    yield from _check_steps(steps)


def _check_steps(steps: Any) -> Broken:
    ids: dict[str, int] = {}
    for index, step in enumerate(steps):
        if not isinstance(step, dict):
            yield _item(steps, index), "a step is a map with cmd, build or push"
            continue
        yield from _check_step(step, _item(steps, index))
        id_ = str(step.get("id", f"acb_step_{index}"))
        if id_ in ids and not _is_open(id_):
            yield _of(step, "id"), f"the id {id_!r} is another step's already"
        ids.setdefault(id_, index)
    if not any(_is_open(id_) for id_ in ids):
        yield from _check_order(steps, ids)


def _check_step(step: Any, where: Place) -> Broken:
    kinds = [kind for kind in _KINDS if step.get(kind) not in (None, "")]
    if len(kinds) != 1:
        found = " and ".join(kinds) if kinds else "none of them"
        yield where, f"a step has exactly one of cmd, build and push; this one has {found}"
    if " " in str(step.get("id", "")):
        yield _of(step, "id"), "a step's id has no spaces"
    for name in _LISTS:
        value = step.get(name)
        if value is not None and not isinstance(value, list) and not _is_open(value):
            yield _of(step, name), "push is a list of images" if name == "push" else f"{name} is a list"
    for name in _FLAGS:
        value = step.get(name)
        if value is not None and not _is_open(value) and str(value).lower() not in _TRUTHS:
            yield _of(step, name), f"{name} is true or false"
    cache = step.get("cache")
    if cache is not None and not _is_open(cache) and str(cache).lower() not in ("enabled", "disabled"):
        yield _of(step, "cache"), "cache is enabled or disabled"
    yield from _check_counts(step, _COUNTS)


def _check_counts(node: Any, names: tuple[str, ...]) -> Broken:
    for name in names:
        value = node.get(name)
        if value is None or _is_open(value):
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            yield _of(node, name), f"{name} is a whole number, 0 or more"


def _check_order(steps: Any, ids: dict[str, int]) -> Broken:
    """Says which steps wait for what is not there, for themselves, or for each other."""
    waits: dict[str, set[str]] = {}
    for index, step in enumerate(steps):
        when = step.get("when") if isinstance(step, dict) else None
        if not isinstance(when, list) or any(_is_open(item) for item in when):
            waits[_id(step, index)] = {_id(steps[index - 1], index - 1)} if index and when is None else set()
            continue
        named = [str(item) for item in when]
        waits[_id(step, index)] = {name for name in named if name in ids}
        if _AT_ONCE in named and len(named) > 1:
            yield _of(step, "when"), "when is either ['-'], to start at once, or ids of steps, not both"
        for position, name in enumerate(named):
            if name != _AT_ONCE and name not in ids:
                yield _item(when, position), f"no step has the id {name!r}"
    for index, step in enumerate(steps):
        id_ = _id(step, index)
        if isinstance(step, dict) and isinstance(step.get("when"), list) and _reaches(id_, id_, waits):
            yield _of(step, "when"), f"the step {id_!r} waits for itself"


def _reaches(start: str, goal: str, waits: dict[str, set[str]]) -> bool:
    open_, seen = list(waits.get(start, ())), set()
    while open_:
        id_ = open_.pop()
        if id_ == goal:
            return True
        if id_ not in seen:
            seen.add(id_)
            open_ += waits.get(id_, ())
    return False


def _check_secrets(task: Any) -> Broken:
    ids: set[str] = set()
    for where, secret in _named(task, "secrets"):
        id_ = secret.get("id")
        if id_ is None:
            yield where, "a secret has an id"
        elif str(id_) in ids and not _is_open(id_):
            yield _of(secret, "id"), f"the id {str(id_)!r} is another secret's already"
        ids.add(str(id_))
        if secret.get("keyvault") is None and secret.get("clientID") is None:
            yield where, "a secret has a keyvault, the URL of a Key Vault secret, or a clientID"


def _named(task: Any, name: str) -> Iterator[tuple[Place, Any]]:
    """Yields the maps of a list of the task file, each with its place."""
    nodes = task.get(name)
    for index, node in enumerate(nodes if isinstance(nodes, list) else []):
        if isinstance(node, dict):
            yield _item(nodes, index), node


def _id(step: Any, index: int) -> str:
    return str(step.get("id", f"acb_step_{index}")) if isinstance(step, dict) else f"acb_step_{index}"


def _is_open(value: Any) -> bool:
    """Says whether a value has a template's action in it."""
    return PLACEHOLDER in str(value)


def _of(node: Any, key: str) -> Place:
    try:
        line, column = node.lc.key(key)
    except KeyError:  # it comes from elsewhere, by `<<`
        line, column = node.lc.line, node.lc.col
    return int(line), int(column)


def _item(nodes: Any, index: int) -> Place:
    line, column = nodes.lc.item(index)
    return int(line), int(column)
