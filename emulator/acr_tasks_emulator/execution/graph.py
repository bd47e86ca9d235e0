"""A task of several steps, and which step waits for which (facts, acr-tasks-api section 14)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

VERSIONS = ("1.0-preview-1", "v1.0.0", "v1.1.0")
DEFAULT_VERSION = "v1.0.0"
STEP_TIMEOUT = 600
WORKING_DIRECTORY = "/workspace"
LONGEST = 2**31 - 1
"""The largest number that is taken: 68 years in seconds, which every timer can still wait for."""
AT_ONCE = "-"
"""In `when`: start with the run."""

_TASK_MEMBERS = {
    *("version", "stepTimeout", "workingDirectory", "env", "steps", "alias", "volumes", "networks", "secrets"),
}
_STEP_MEMBERS = {
    *("cmd", "build", "push", "id", "when", "timeout", "retries", "retryDelay", "repeat", "startDelay", "ignoreErrors"),
    *("env", "entryPoint", "user", "workingDirectory", "disableWorkingDirectoryOverride"),
    *("detach", "volumeMounts", "retryOnErrors"),
    *("keep", "pull", "privileged", "expose"),  # without an effect here: see Step
}
_SHARED_NETWORK = ("ports", "network")
_STEP_NO_EFFECT = (
    *("isolation", "cpus", "cache", "exitedWith", "exitedWithout", "cmdDownloadRetries", "cmdDownloadRetryDelay"),
)
_VOLUME_NAME = re.compile(r"[A-Za-z0-9_-]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-]")


class GraphError(ValueError):
    """The task cannot be run; the text is the agent's, or names what the emulator does not support."""


@dataclass(frozen=True)
class Step:
    """One step: exactly one of `cmd`, `build` and `push`. Times are in seconds.

    after: the ids of the steps that must have ended well. `keep`, `pull`, `privileged` and `expose` have no effect
    here: nothing is kept anyway, images are looked up afresh each time, and containers share the host's network.
    volume_mounts: names of volumes and the paths at which the container finds them. retry_on_errors: when there are
    any, the step is tried again only after it has printed one of them. detach: the step has ended well as soon as it
    begins, and is ended with the run.
    """

    id: str
    after: tuple[str, ...]
    cmd: str | None = None
    build: str | None = None
    push: tuple[str, ...] = ()
    timeout: int = STEP_TIMEOUT
    retries: int = 0
    retry_delay: int = 5
    repeat: int = 0
    start_delay: int = 0
    retry_on_errors: tuple[str, ...] = ()
    ignore_errors: bool = False
    detach: bool = False
    volume_mounts: tuple[tuple[str, str], ...] = ()
    env: tuple[str, ...] = field(default=(), repr=False)
    entry_point: str | None = None
    user: str | None = None
    working_directory: str | None = None
    network: str | None = None
    ports: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    privileged: bool = False
    isolation: str | None = None
    cpus: str | None = None


@dataclass(frozen=True)
class Network:
    """A network of the task's containers. external: it is there already, and nobody makes it."""

    name: str
    driver: str = "bridge"
    ipv6: bool = False
    external: bool = False


@dataclass(frozen=True)
class Graph:
    """All steps of a task, each after those that it waits for.

    volumes: the files of each volume. remarks: what the log has to say of members that have no effect.
    """

    steps: tuple[Step, ...]
    networks: tuple[Network, ...] = ()
    volumes: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    remarks: tuple[str, ...] = ()


def read_graph(task: Any) -> Graph:
    """Make the graph of a task file's content. Raises GraphError."""
    if not isinstance(task, Mapping):
        raise GraphError("the task is not a mapping with `version` and `steps`")
    version = str(task.get("version") or DEFAULT_VERSION)
    if version.lower() not in VERSIONS:
        raise GraphError(f'invalid version specified: "{version}", the current version is "{VERSIONS[-1]}"')
    for secret in task.get("secrets") or []:
        name = secret.get("id") if isinstance(secret, Mapping) else secret
        raise GraphError(
            f"secret {name} comes from Key Vault, which the emulator does not have: pass it as a value with isSecret"
        )
    steps = task.get("steps")
    if not isinstance(steps, list) or not steps:
        raise GraphError("the task has no steps")
    defaults = {
        "timeout": _whole(task, "stepTimeout", STEP_TIMEOUT) or STEP_TIMEOUT,
        "working_directory": _text(task, "workingDirectory") or WORKING_DIRECTORY,
        "env": tuple(_texts(task, "env")),
    }
    read: list[Step] = []
    for number, step in enumerate(steps):
        read.append(_read_step(step, number, read[-1].id if read else None, defaults))
    volumes = _volumes(task)
    for each in read:
        for volume, _ in each.volume_mounts:
            if volume not in volumes:
                raise GraphError(f"step {each.id} mounts the volume {volume}, which is not one of the task's volumes")
    return Graph(_ordered(read), (), volumes, tuple(_remarks(task, steps, read)))


def _remarks(task: Mapping[str, Any], steps: list[Any], read: list[Step]) -> Iterator[str]:
    found = [(step.id, str(name)) for n, step in enumerate(read) for name in steps[n]]
    if task.get("networks") or any(name in _SHARED_NETWORK for _, name in found):
        yield "Containers share the host's network here: networks and ports of the task file have no effect"
    for step, name in found:
        if name in _STEP_NO_EFFECT:
            yield f"The task file's member {step}.{name} has no effect here"
    unknown = [str(name) for name in task if name not in _TASK_MEMBERS]
    known = {*_STEP_MEMBERS, *_SHARED_NETWORK, *_STEP_NO_EFFECT}
    unknown += [f"{step}.{name}" for step, name in found if name not in known]
    for name in unknown:
        yield f"The task file's member {name} is unknown and has no effect"


def _volumes(task: Mapping[str, Any]) -> dict[str, dict[str, bytes]]:
    volumes: dict[str, dict[str, bytes]] = {}
    for volume in _mappings(task, "volumes"):
        name = _text(volume, "name") or ""
        files = volume.get("secret")
        if not _VOLUME_NAME.fullmatch(name):
            raise GraphError(f"volume name {name!r} can hold letters, digits, underscores and dashes only")
        if name in volumes:
            raise GraphError(f"volume {name} is there more than once")
        if not isinstance(files, Mapping) or not files:
            raise GraphError(f"volume {name} has to have files below `secret`")
        volumes[name] = {str(file): _secret_file(name, str(file), content) for file, content in files.items()}
    return volumes


def _secret_file(volume: str, name: str, content: Any) -> bytes:
    if not _FILE_NAME.fullmatch(name):
        raise GraphError(f"volume {volume}: {name!r} is not the name of a file")
    try:
        return base64.b64decode(str(content), validate=True)
    except ValueError:
        raise GraphError(f"volume {volume}: the content of {name} is not base64") from None


def _mounts(step: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    for mount in _mappings(step, "volumeMounts"):
        volume, path = _text(mount, "name"), _text(mount, "mountPath")
        if not volume or not path or ":" in path or not path.startswith("/"):
            raise GraphError(f"step {name}: a volume mount has a name and a mountPath, which begins with a slash")
        yield volume, path


def _read_step(step: Any, number: int, previous: str | None, defaults: Mapping[str, Any]) -> Step:
    if not isinstance(step, Mapping):
        raise GraphError(f"step {number} is not a mapping")
    name = _text(step, "id") or f"acb_step_{number}"
    if " " in name:
        raise GraphError("step ID cannot contain spaces")
    if not all(character.isalnum() or character in "._-" for character in name):
        raise GraphError(f"step ID {name!r} can hold letters, digits, dots, underscores and dashes only")
    kinds = [kind for kind in ("cmd", "build", "push") if step.get(kind)]
    if not kinds:
        raise GraphError("step is missing a cmd, build, or push property")
    if len(kinds) > 1:
        raise GraphError("step must only contain a single build, cmd, or push property")
    directory = _text(step, "workingDirectory") or defaults["working_directory"]
    return Step(
        id=name,
        after=_after(step, name, previous),
        cmd=_text(step, "cmd"),
        build=_text(step, "build"),
        push=tuple(_texts(step, "push")),
        timeout=_whole(step, "timeout", 0) or defaults["timeout"],
        retries=_whole(step, "retries", 0),
        retry_delay=_whole(step, "retryDelay", 5),
        repeat=_whole(step, "repeat", 0),
        start_delay=_whole(step, "startDelay", 0),
        retry_on_errors=tuple(_texts(step, "retryOnErrors")),
        ignore_errors=_flag(step, "ignoreErrors"),
        detach=_flag(step, "detach"),
        volume_mounts=tuple(_mounts(step, name)),
        env=(*defaults["env"], *_texts(step, "env")),
        entry_point=_text(step, "entryPoint"),
        user=_text(step, "user"),
        working_directory=None if _flag(step, "disableWorkingDirectoryOverride") else directory,
    )


def _after(step: Mapping[str, Any], name: str, previous: str | None) -> tuple[str, ...]:
    if step.get("when") is None:
        return (previous,) if previous is not None else ()
    when = _texts(step, "when")
    if AT_ONCE in when and len(when) > 1:
        raise GraphError(f'step {name}: when cannot hold "-" and ids of steps')
    if name in when:
        raise GraphError(f"step {name} waits for itself")
    return () if when == [AT_ONCE] else tuple(when)


def _ordered(steps: list[Step]) -> tuple[Step, ...]:
    """The steps, each after those that it waits for; refuses doubles, unknown ids and circles."""
    names = [step.id for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise GraphError(f"step ID {name} is used more than once")
    for step in steps:
        for other in step.after:
            if other not in names:
                raise GraphError(f"step {step.id} waits for {other}, which is no step")
    ordered: list[Step] = []
    while len(ordered) < len(steps):
        done = {step.id for step in ordered}
        ready = [step for step in steps if step.id not in done and done.issuperset(step.after)]
        if not ready:
            circle = ", ".join(step.id for step in steps if step.id not in done)
            raise GraphError(f"the steps {circle} wait for each other")
        ordered += ready
    return tuple(ordered)


def _mappings(mapping: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = mapping.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise GraphError(f"{name} has to be a list of mappings")
    return value


def _text(mapping: Mapping[str, Any], name: str) -> str | None:
    value = mapping.get(name)
    if value is None:
        return None
    if isinstance(value, (list, dict)):
        raise GraphError(f"{name} is a {'list' if isinstance(value, list) else 'mapping'}, and has to be text")
    return str(value).strip()


def _texts(mapping: Mapping[str, Any], name: str) -> list[str]:
    value = mapping.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or any(isinstance(item, (list, dict)) for item in value):
        raise GraphError(f"{name} has to be a list of texts")
    return [str(item) for item in value]


def _whole(mapping: Mapping[str, Any], name: str, default: int) -> int:
    value = mapping.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphError(f"{name} has to be a whole number")
    if value < 0:
        raise GraphError(f"{name} must not be negative")
    if value > LONGEST:
        raise GraphError(f"{name} must not be greater than {LONGEST}")
    return value


def _flag(mapping: Mapping[str, Any], name: str) -> bool:
    value = mapping.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise GraphError(f"{name} has to be true or false")
