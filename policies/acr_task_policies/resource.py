"""A typed view of what a task or a run declares, the same for this project's resources and for azure-native's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from . import task_file
from .parts import Argument, Credential, FileStep, ImageName, Timeout, Timer, is_text
from .place import Place
from .task_file import Line, Step

TASK = "pulumi-python:dynamic/acr-tasks:Task"
RUN = "pulumi-python:dynamic/acr-tasks:Run"
PLUGIN = re.compile(r"acr-tasks:index:(?P<kind>Task|Run)")
# The default version, a versioned module, and a package that was generated for one version of the API.
AZURE_NATIVE = re.compile(r"azure-native(_containerregistry_v\w+)?:containerregistry(/v\w+)?:(?P<kind>Task|TaskRun)")

DEFAULT_ARCHITECTURE = "amd64"

_REGISTRY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ContainerRegistry/registries/([^/]+)/?",
    re.IGNORECASE,
)


def kind_of(resource_type: str) -> str | None:
    """Return `task` or `run` for the type token of a task or a run, of whichever provider; None for any other type."""
    match = AZURE_NATIVE.fullmatch(resource_type) or PLUGIN.fullmatch(resource_type)
    if match:
        return "task" if match["kind"] == "Task" else "run"
    return {TASK: "task", RUN: "run"}.get(resource_type)


def registry_name(text: str) -> str:
    """Return the short name of a registry that is given by its ARM id or by its name."""
    match = _REGISTRY_ID.fullmatch(text)
    return match[1] if match else text


class Resource:
    """A task or a run. `top` holds its properties, `body` its step or run request, which share their members."""

    def __init__(self, resource_type: str, properties: Any, urn: str) -> None:
        self._urn = urn
        self.kind = kind_of(resource_type)
        self.is_task = self.kind == "task"
        self.top = Place(properties, in_python=resource_type in (TASK, RUN))
        self.body = self.top["step" if self.is_task else "runRequest"]

    def tasks(self) -> Iterator[Resource]:
        """Yield the resource when it is a task."""
        if self.is_task:
            yield self

    def runs(self) -> Iterator[Resource]:
        """Yield the resource when it is a run."""
        if self.kind == "run":
            yield self

    @property
    def project(self) -> str:
        """Return the name of the Pulumi project, of which the URN tells: `urn:pulumi:<stack>::<project>::...`."""
        return self._urn.split("::")[1]

    @property
    def name(self) -> str:
        """Return the task's name; empty when the program does not set one."""
        return self.top["taskName"].text() or ""

    @property
    def is_run_of_a_task(self) -> bool:
        return not self.is_task and is_text(self.body["type"], "taskrunrequest")

    @property
    def is_enabled(self) -> bool:
        """Return whether triggers start the task. Without a status a task is Enabled."""
        return not is_text(self.top["status"], "disabled")

    @property
    def step_type(self) -> str:
        """Return the type in lower case: docker, filetask, encodedtask, or taskrunrequest for a run of a task."""
        text = (self.body["type"].text() or "").lower()
        return {
            "dockerbuildrequest": "docker",
            "filetaskrunrequest": "filetask",
            "encodedtaskrunrequest": "encodedtask",
        }.get(text, text)

    def registries(self) -> Iterator[Place]:
        """Yield the one place that names the registry, by ARM id or by name."""
        yield self.top["registryId"] if self.top["registryId"].exists() else self.top["registryName"]

    def registry(self) -> str:
        """Return the registry's short name in lower case; empty when the Pulumi configuration names the registry."""
        (place,) = self.registries()
        return registry_name(place.text() or "").lower()

    def locations(self) -> Iterator[Place]:
        """Yield the location when it is set."""
        if self.top["location"].exists():
            yield self.top["location"]

    def platforms(self) -> Iterator[Place]:
        """Yield the platform of a run when it is set; a run of a task takes the platform of its task."""
        place = self.top["platform"] if self.is_task else self.body["platform"]
        if place.exists():
            yield place

    def timeouts(self) -> Iterator[Timeout]:
        """Yield the timeout; a run of a task takes the timeout of its task."""
        if self.is_task:
            yield Timeout(self.top["timeout"])
        elif not self.body.known() or not self.body["type"].known() or not self.is_run_of_a_task:
            yield Timeout(self.body["timeout"])

    def timers(self) -> Iterator[Timer]:
        """Yield the timer triggers that are not disabled."""
        for place in self.top["trigger"]["timerTriggers"].items():
            if not (place["status"].known() and is_text(place["status"], "disabled")):
                yield Timer(place)

    def source_triggers(self) -> Iterator[Place]:
        """Yield the source triggers that are not disabled."""
        for place in self.top["trigger"]["sourceTriggers"].items():
            if not (place["status"].known() and is_text(place["status"], "disabled")):
                yield place

    def arguments(self) -> Iterator[Argument]:
        """Yield the arguments of a Docker build, or the values of a task file."""
        for member in ("arguments", "values"):
            for place in self.body[member].items():
                yield Argument(place)

    def credentials(self) -> Iterator[Credential]:
        """Yield the sign-ins to other registries."""
        holder = self.top if self.is_task else self.body
        for place in holder["credentials"]["customRegistries"].entries():
            yield Credential(place.key, place)

    def addresses(self) -> Iterator[Place]:
        """Yield the addresses that the service fetches from: contexts, sources, repositories."""
        places = [self.body["contextPath"], self.body["sourceLocation"], self.top["context"]]
        triggers = self.top["trigger"]["sourceTriggers"].items()
        places += [trigger["sourceRepository"]["repositoryUrl"] for trigger in triggers]
        yield from (place for place in places if place.exists())

    def encoded_content(self) -> Place:
        """Return the place of an encoded task's text."""
        return self.body["encodedTaskContent"]

    def task_file(self) -> task_file.TaskFile:
        """Return the encoded task as steps; raise UnknownValueError while its text is unknown."""
        return task_file.read(self.encoded_content().text() or "")

    def steps(self) -> Iterator[FileStep]:
        """Yield the steps of an encoded task."""
        content = self.encoded_content()
        if not content.known():
            yield FileStep(content, None)
            return
        for step in self.task_file().steps:
            yield FileStep(content, step)

    def image_names(self) -> Iterator[ImageName]:
        """Yield the image names of a Docker build, and each name that an encoded task builds or pushes, once."""
        for place in self.body["imageNames"].items():
            yield ImageName(place.path, place.text)
        content = self.encoded_content()
        if not content.known():
            yield ImageName(content.path, content.text)
            return
        for line, name in _built_and_pushed(self.task_file().steps):
            yield ImageName(f"{content.path}: {line.at}", partial(str, name))

    def pushed_images(self) -> list[ImageName]:
        """Return the image names that are pushed to a registry; raise UnknownValueError while one is unknown."""
        pushes = self.body["isPushEnabled"].flag() is not False
        names = [ImageName(place.path, place.text) for place in self.body["imageNames"].items() if pushes]
        path = self.encoded_content().path
        for step in self.task_file().steps:
            names += [ImageName(f"{path}: {line.at}", partial(str, line.text)) for line in step.pushed]
        return names


def _built_and_pushed(steps: tuple[Step, ...]) -> list[tuple[Line, str]]:
    found: dict[str, Line] = {}
    for step in steps:
        for line in (*step.tags, *step.pushed):
            found.setdefault(line.text, line)
    return [(line, name) for name, line in found.items()]
