"""The reader of a task file: it makes a graph of steps, by the agent's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from acr_tasks_emulator.execution.shell.docker_options import asks_to_detach, first_argument
from acr_tasks_emulator.execution.task_file.graph import (
    AT_ONCE,
    DEFAULT_VERSION,
    STEP_TIMEOUT,
    VERSIONS,
    WORKING_DIRECTORY,
    Graph,
    GraphError,
    Step,
    check_order,
)
from acr_tasks_emulator.execution.task_file.networks_and_volumes import read_networks, read_volumes, refuse_secrets
from acr_tasks_emulator.execution.task_file.yaml_members import flag, items, mapping_of, mappings, text, texts, whole

_TASK_MEMBERS = {
    *("version", "stepTimeout", "workingDirectory", "env", "steps", "alias", "volumes", "networks", "secrets"),
}
_STEP_MEMBERS = {
    *("cmd", "build", "push", "id", "when", "timeout", "retries", "retryDelay", "repeat", "startDelay", "ignoreErrors"),
    *("env", "entryPoint", "user", "workingDirectory", "disableWorkingDirectoryOverride"),
    *("detach", "volumeMounts", "retryOnErrors", "keep", "pull", "cmdDownloadRetries", "cmdDownloadRetryDelay"),
}
_NETWORK_MEMBERS = ("ports", "network", "expose")
_ISOLATION_MEMBERS = ("privileged", "isolation", "cpus")
RETRY_DELAY = 5
STEPS = 500
"""The maximum number of steps of a task, all of which can run at once."""
_NO_EFFECT = ("cache", "exitedWith", "exitedWithout")  # the agent accepts the last two without an effect


def read_graph(tree: Any, image_aliases: Mapping[str, str] | None = None) -> Graph:
    """Return the graph of a parsed task file. image_aliases: the images that the first word of a `cmd` can name.

    Raises GraphError.
    """
    if not isinstance(tree, dict):
        raise GraphError("the task is not a mapping with `version` and `steps`")
    refuse_secrets(tree)
    volumes = read_volumes(tree)
    version = text(tree, "version") or DEFAULT_VERSION
    if version.lower() not in VERSIONS:
        raise GraphError(f'invalid version specified: "{version}", the current version is "{DEFAULT_VERSION}"')
    steps = [mapping_of(step, f"steps[{number}]") for number, step in enumerate(items(tree, "steps"))]
    if not steps:
        raise GraphError("the task has no steps")
    if len(steps) > STEPS:
        raise GraphError(f"the task has more than {STEPS} steps")
    networks, network = read_networks(tree)
    defaults = Step(
        id="",
        after=(),
        timeout=whole(tree, "stepTimeout", STEP_TIMEOUT) or STEP_TIMEOUT,
        working_directory=text(tree, "workingDirectory") or WORKING_DIRECTORY,
        env=tuple(part for item in texts(tree, "env") for part in item.split(",")),
        network=network,
    )
    read: list[Step] = []
    for number, step in enumerate(steps):
        found = _read_step(step, number, read[-1].id if read else None, defaults)
        read.append(_with_command(found, image_aliases or {}) if found.cmd else found)
    check_order(read)
    for mount in (mount for each in read for mount in each.volume_mounts):
        if mount[0] not in volumes:
            raise GraphError("provided mount name does not correspond to a volume")
    names = [(step.id, str(name)) for n, step in enumerate(read) for name in steps[n]]
    return Graph(
        tuple(read),
        networks,
        volumes,
        tuple(_remarks(tree, names)),
        tuple(_host_remarks(bool(tree.get("networks")), names)),
    )


def _with_command(step: Step, image_aliases: Mapping[str, str]) -> Step:
    """Return the step with its image's alias replaced, and with `detach` set if its `docker run` options detach it."""
    command = step.cmd or ""
    image = first_argument(command)
    if image is not None and image[0] in image_aliases:
        name, at = image
        command = f"{command[:at]}{image_aliases[name]}{command[at + len(name) :]}"
    return replace(step, cmd=command, detach=step.detach or asks_to_detach(command))


def _remarks(task: Mapping[str, Any], names: list[tuple[str, str]]) -> Iterator[str]:
    for step, name in names:
        if name in _NO_EFFECT:
            yield f"The task file's member {step}.{name} has no effect here"
    known = {*_STEP_MEMBERS, *_NETWORK_MEMBERS, *_ISOLATION_MEMBERS, *_NO_EFFECT}
    unknown = [str(name) for name in task if name not in _TASK_MEMBERS]
    unknown += [f"{step}.{name}" for step, name in names if name not in known]
    for name in unknown:
        yield f"The task file's member {name} is unknown and has no effect"


def _host_remarks(networks: bool, names: list[tuple[str, str]]) -> Iterator[str]:
    if networks or any(name in _NETWORK_MEMBERS for _, name in names):
        yield "Containers share the host's network here: networks and ports of the task file have no effect"
    for step, name in names:
        if name in _ISOLATION_MEMBERS:
            yield f"The task file's member {step}.{name} has no effect here"


def _read_step(step: Mapping[str, Any], number: int, previous: str | None, defaults: Step) -> Step:
    name = _name(step, number)
    given = {"cmd": text(step, "cmd"), "build": text(step, "build"), "push": texts(step, "push")}
    kinds = [kind for kind, value in given.items() if value]
    if not kinds:
        raise GraphError("step is missing a cmd, build, or push property")
    if len(kinds) > 1:
        raise GraphError("step must only contain a single build, cmd, or push property")
    if (text(step, "cache") or "enabled").lower() not in ("enabled", "disabled"):
        raise GraphError("invalid value for cache property. Valid values are 'enabled', 'disabled'")
    mounts = tuple(_mounts(step))
    if mounts and kinds != ["cmd"]:
        raise GraphError("invalid use of Mounts. Mounts must have unique container paths and used for CMD steps")
    env = texts(step, "env")
    directory = text(step, "workingDirectory") or defaults.working_directory
    return Step(
        id=name,
        after=_after(step, name, previous),
        cmd=text(step, "cmd"),
        build=text(step, "build"),
        push=tuple(dict.fromkeys(texts(step, "push"))),
        timeout=whole(step, "timeout", 0) or defaults.timeout,
        retries=whole(step, "retries", 0, "step must specify retries >= 0"),
        retry_delay=whole(step, "retryDelay", 0, "step must specify retryDelay >= 0") or RETRY_DELAY,
        repeat=whole(step, "repeat", 0, "step must specify repeat >= 0"),
        start_delay=whole(step, "startDelay", 0, "step must specify startDelay >= 0"),
        retry_on_errors=tuple(texts(step, "retryOnErrors")),
        ignore_errors=flag(step, "ignoreErrors"),
        detach=flag(step, "detach"),
        volume_mounts=mounts,
        env=_merged(defaults.env, env),
        buildkit="DOCKER_BUILDKIT=1" in env,
        entry_point=text(step, "entryPoint"),
        user=text(step, "user"),
        working_directory=None if flag(step, "disableWorkingDirectoryOverride") else directory,
        network=text(step, "network") or defaults.network,
        ports=tuple(texts(step, "ports")),
        expose=tuple(texts(step, "expose")),
        privileged=flag(step, "privileged"),
        isolation=text(step, "isolation"),
        cpus=text(step, "cpus"),
        pull=flag(step, "pull"),
        download_retries=whole(step, "cmdDownloadRetries", 0),
        download_retry_delay=whole(step, "cmdDownloadRetryDelay", 0),
    )


def _name(step: Mapping[str, Any], number: int) -> str:
    name = text(step, "id") or f"acb_step_{number}"
    if any(character.isspace() for character in name):
        raise GraphError("step ID cannot contain spaces")
    if not all(character.isalnum() or character in "._-" for character in name):
        raise GraphError(f"step ID {name!r} can hold letters, digits, dots, underscores and dashes only")
    return name


def _merged(task: tuple[str, ...], step: list[str]) -> tuple[str, ...]:
    """Return the task's variables that the step does not set, then the step's own.

    Without variables of the task, the step's are returned unchanged.
    """
    if not task:
        return tuple(step)
    for where, given in (("step", step), ("task", task)):
        for item in given:
            if "=" not in item:
                raise GraphError(
                    "failed to merge task and step environment variables: "
                    f"cannot parse {where} environment variable {item} correctly"
                )
    own = {item.partition("=")[0] for item in step}
    return (*(item for item in task if item.partition("=")[0] not in own), *step)


def _mounts(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    paths: set[str] = set()
    for mount in mappings(step, "volumeMounts"):
        volume, path = text(mount, "name"), text(mount, "mountPath")
        if not volume or not path:
            raise GraphError("mount name or container file path is empty")
        if ":" in path or not path.startswith("/"):
            raise GraphError(f"mountPath {path} has to begin with a slash, and cannot hold a colon")
        if path in paths:
            raise GraphError("mount with duplicate container file path found")
        paths.add(path)
        yield volume, path


def _after(step: Mapping[str, Any], name: str, previous: str | None) -> tuple[str, ...]:
    when = texts(step, "when")
    if not when:
        return (previous,) if previous is not None else ()
    if AT_ONCE in when and len(when) > 1:
        raise GraphError("step cannot contain other IDs in when if the immediate execution token is specified")
    if name in when:
        raise GraphError(f"Step ID: {name} is self-referenced")
    return () if when == [AT_ONCE] else tuple(when)
