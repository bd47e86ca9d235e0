"""Rules for the members of a task file: versions, steps and their order, secrets, networks, volumes.

Each rule yields positions (line and column, from 0) with sentences. Unknown members are ignored, as the agent does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from pulumi_acr_tasks.validate.task_file.text import PLACEHOLDER
from pulumi_acr_tasks.validate.task_file.yaml import Position

VERSIONS = ("1.0-preview-1", "v1.0.0", "v1.1.0")
Findings = Iterator[tuple[Position, str]]

_KINDS = ("cmd", "build", "push")
_COUNTS = ("retries", "retryDelay", "repeat", "startDelay", "timeout", "cmdDownloadRetries", "cmdDownloadRetryDelay")
_FLAGS = ("ignoreErrors", "detach", "keep", "privileged", "pull", "disableWorkingDirectoryOverride")
_LISTS = ("push", "when", "env", "expose", "ports", "retryOnErrors", "volumeMounts", "exitedWith", "exitedWithout")
_WORDS = ("push", "when", "env", "expose", "ports", "retryOnErrors")  # lists of strings
_TEXTS = ("cmd", "build", "id", "entryPoint", "user", "network", "isolation", "workingDirectory", "cpus")
_TRUTHS = ("y", "n", "yes", "no", "on", "off", "true", "false")
"""The words of YAML 1.1, which the agent reads. The loader has read most of them as booleans."""
_VOLUME_NAME = re.compile(r"[A-Za-z0-9_-]+")
_AT_ONCE = "-"


def check_task(task: Any) -> Findings:
    """Yield what is wrong with a task file; `task` is the map that ruamel.yaml loads, with positions of its nodes."""
    version = task.get("version")
    if not _is_templated(version) and version is not None and str(version).lower() not in VERSIONS:
        yield key_position(task, "version"), f"version {str(version)!r} is none of {', '.join(VERSIONS)}"
    yield from _check_counts(task, ("stepTimeout",))
    yield from _check_kinds(task, ("version", "workingDirectory"), ("env", "secrets", "networks", "volumes"), ("env",))
    for member in ("secrets", "networks", "volumes"):
        items = task.get(member)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if not isinstance(item, dict) and not _is_templated(item):
                yield item_position(items, index), f"{member} is a list of maps"
    yield from _check_secrets(task)
    for name, node in _named(task, "networks"):
        if node.get("name") is None:
            yield name, "a network has a name"
    for name, node in _named(task, "volumes"):
        given = node.get("name")
        if not _is_templated(given) and not _VOLUME_NAME.fullmatch(str(given or "")):
            yield name, "a volume has a name of letters, digits, - and _"
        if not isinstance(node.get("secret"), dict):
            yield name, "a volume has a secret, a map from file names to base64"
    steps: Any = task.get("steps")
    if not isinstance(steps, list) or not steps:
        yield (key_position(task, "steps") if "steps" in task else (0, 0)), "steps is a list of at least one step"
        return
    yield from _check_steps(steps)
    yield from _check_mounts(task, steps)
    yield from _check_environment(task, steps)


def _check_mounts(task: Any, steps: Any) -> Findings:
    """Yield the steps that mount a volume that the file does not declare."""
    volumes = {str(node.get("name")) for _, node in _named(task, "volumes")}
    for step in steps:
        for where, mount in _named(step, "volumeMounts") if isinstance(step, dict) else ():
            name = mount.get("name")
            if not _is_templated(name) and str(name) not in volumes and not any(map(_is_templated, volumes)):
                yield where, f"there is no volume {str(name)!r}: declare it under volumes"


def _check_environment(task: Any, steps: Any) -> Findings:
    """Yield the variables without a value in an `env` of the task or beside one, which the agent cannot join."""
    if not isinstance(task.get("env"), list) or not task["env"]:
        return
    for index, item in enumerate(task["env"]):
        # What stands behind a comma may be a part of a secret.
        if isinstance(item, str) and not _is_templated(item) and not all("=" in pair for pair in item.split(",")):
            yield (
                item_position(task["env"], index),
                "an item of the task's env is NAME=value, or several behind commas, and this has a part without =",
            )
    for step in steps:
        items = step.get("env") if isinstance(step, dict) else None
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, str) and "=" not in item and not _is_templated(item):
                yield (
                    item_position(items, index),
                    f"{item!r} has no value, which fails beside the env of the task: write {item}=",
                )


def _check_steps(steps: Any) -> Findings:
    ids: dict[str, int] = {}
    for index, step in enumerate(steps):
        if not isinstance(step, dict):
            yield item_position(steps, index), "a step is a map with cmd, build or push"
            continue
        yield from _check_step(step, item_position(steps, index))
        id_ = str(f"acb_step_{index}" if step.get("id") in (None, "") else step["id"])
        if id_ in ids and not _is_templated(id_):
            yield key_position(step, "id"), f"the id {id_!r} is another step's already"
        ids.setdefault(id_, index)
    if not any(_is_templated(id_) for id_ in ids):
        yield from _check_order(steps, ids)


def _check_step(step: Any, where: Position) -> Findings:
    kinds = [kind for kind in _KINDS if step.get(kind) not in (None, "", [])]
    if len(kinds) != 1:
        found = " and ".join(kinds) if kinds else "none of them"
        yield where, f"a step has exactly one of cmd, build and push; this one has {found}"
    if " " in str(step.get("id", "")):
        yield key_position(step, "id"), "a step's id has no spaces"
    yield from _check_kinds(step, _TEXTS, _LISTS, _WORDS)
    for name in _FLAGS:
        value = step.get(name)
        if value is not None and not _is_templated(value) and (_is_quoted(value) or str(value).lower() not in _TRUTHS):
            quoted = ", without quotes" if _is_quoted(value) else ""
            yield key_position(step, name), f"{name} is true or false{quoted}"
    if step.get("push") and step.get("volumeMounts"):
        yield key_position(step, "volumeMounts"), "a push step takes no volumeMounts"
    cache = step.get("cache")
    if cache is not None and not _is_templated(cache) and str(cache).lower() not in ("enabled", "disabled"):
        yield key_position(step, "cache"), "cache is enabled or disabled"
    yield from _check_counts(step, _COUNTS)


def _check_kinds(node: Any, texts: tuple[str, ...], lists: tuple[str, ...], words: tuple[str, ...]) -> Findings:
    """Yield the members that have another kind: `texts` are strings, `lists` lists, and `words` lists of strings."""
    for name in texts:
        if isinstance(node.get(name), (dict, list)):
            yield key_position(node, name), f"{name} is text, and this is a map or a list"
    for name in lists:
        value = node.get(name)
        if value is not None and not isinstance(value, list) and not _is_templated(value):
            yield key_position(node, name), "push is a list of images" if name == "push" else f"{name} is a list"
    for name in words:
        items = node.get(name)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, (dict, list)):
                example = "NAME=value" if name == "env" else "text"
                yield (
                    item_position(items, index),
                    f"{name} is a list of strings, and this is a map or a list: write {example}",
                )


def _check_counts(node: Any, names: tuple[str, ...]) -> Findings:
    for name in names:
        value = node.get(name)
        if value is None or _is_templated(value):
            continue
        # The agent cuts a fraction off.
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            yield key_position(node, name), f"{name} is a whole number, 0 or more"


def _check_order(steps: Any, ids: dict[str, int]) -> Findings:
    """Yield the steps that wait for a step that is not above them."""
    for index, step in enumerate(steps):
        when = step.get("when") if isinstance(step, dict) else None
        if not isinstance(when, list) or any(_is_templated(item) for item in when):
            continue
        named = [str(item) for item in when]
        if _AT_ONCE in named and len(named) > 1:
            yield key_position(step, "when"), "when is either ['-'], to start at once, or ids of steps, not both"
        for position, name in enumerate(named):
            if name == _AT_ONCE or ids.get(name, index) < index:
                continue
            if name not in ids:
                yield item_position(when, position), f"no step has the id {name!r}"
            elif ids[name] == index:
                yield item_position(when, position), f"the step {name!r} waits for itself"
            else:
                yield item_position(when, position), f"the step {name!r} is below; when names steps above only"


def _check_secrets(task: Any) -> Findings:
    ids: set[str] = set()
    for where, secret in _named(task, "secrets"):
        id_ = secret.get("id")
        if id_ is None:
            yield where, "a secret has an id"
        elif str(id_) in ids and not _is_templated(id_):
            yield key_position(secret, "id"), f"the id {str(id_)!r} is another secret's already"
        ids.add(str(id_))
        if secret.get("keyvault") is None:
            yield where, "a secret has a keyvault, the URL of a Key Vault secret; a clientID alone is not enough"


def _named(task: Any, name: str) -> Iterator[tuple[Position, Any]]:
    """Yield the maps of a list of the task file, each with its position."""
    nodes = task.get(name)
    for index, node in enumerate(nodes if isinstance(nodes, list) else []):
        if isinstance(node, dict):
            yield item_position(nodes, index), node


def _is_templated(value: Any) -> bool:
    """Return whether a value contains a template's action."""
    return PLACEHOLDER in str(value)


def _is_quoted(value: Any) -> bool:
    from ruamel.yaml.scalarstring import ScalarString  # imported as in the module that reads YAML

    return isinstance(value, ScalarString)


def key_position(node: Any, key: str) -> Position:
    """Return the position of a key of a map."""
    try:
        line, column = node.lc.key(key)
    except (KeyError, TypeError):  # merged from another map by `<<`, or a map with a tag, whose keys have none
        return _start(node)
    return int(line), int(column)


def item_position(nodes: Any, index: int) -> Position:
    """Return the position of an item of a list."""
    try:
        line, column = nodes.lc.item(index)
    except (KeyError, TypeError):  # a list with a tag, whose items have none
        return _start(nodes)
    return int(line), int(column)


def _start(node: Any) -> Position:
    return int(node.lc.line or 0), int(node.lc.col or 0)
