"""What a task or a run says, as rules ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import task_yaml
from .place import Place

TASK = "pulumi-python:dynamic/acr-tasks:Task"
RUN = "pulumi-python:dynamic/acr-tasks:Run"

DEFAULT_TIMEOUT = 3600  # seconds; what the service takes when `timeout` is left out (azure-spec, TaskProperties)


@dataclass(frozen=True)
class Argument:
    """An argument or a value of a step or of a run request."""

    place: Place

    @property
    def path(self) -> str:
        return self.place.path

    @property
    def name(self) -> str:
        return self.place["name"].text() or ""

    @property
    def value(self) -> str:
        """In clear text, even when it is a secret in the program: never for a message."""
        return self.place["value"].text() or ""

    @property
    def is_secret(self) -> bool:
        return self.place["isSecret"].flag() is True


@dataclass(frozen=True)
class ImageName:
    """A name under which an image is built or pushed, templates and all."""

    path: str
    read: Callable[[], str | None]

    @property
    def text(self) -> str:
        return self.read() or ""


@dataclass(frozen=True)
class Timeout:
    """How long a run may take."""

    place: Place

    @property
    def path(self) -> str:
        return self.place.path

    @property
    def is_set(self) -> bool:
        return self.place.value() is not None

    @property
    def seconds(self) -> float:
        return self.place.number() or DEFAULT_TIMEOUT


class Resource:
    """A task or a run, by the members that both have: a step and a run request are alike."""

    def __init__(self, resource_type: str, properties: Any) -> None:
        self._is_task = resource_type == TASK
        self._top = Place(properties)
        self._body = self._top["step" if self._is_task else "runRequest"]

    def timeouts(self) -> Iterator[Timeout]:
        """The one timeout. A run of a task has none of its own."""
        if self._is_task:
            yield Timeout(self._top["timeout"])
        elif not self._body.known() or not self._body["taskName"].exists():
            yield Timeout(self._body["timeout"])

    def arguments(self) -> Iterator[Argument]:
        """The arguments of Docker builds and the values of the others."""
        for member in ("arguments", "values"):
            for place in self._body[member].items():
                yield Argument(place)

    def image_names(self) -> Iterator[ImageName]:
        """The image names of Docker builds, and those that an encoded task builds or pushes."""
        for place in self._body["imageNames"].items():
            yield ImageName(place.path, place.text)
        content = self._body["encodedTaskContent"]
        if not content.known():
            yield ImageName(content.path, content.text)
            return
        for where, name in task_yaml.image_names(content.text() or ""):
            yield ImageName(f"{content.path}: {where}", lambda name=name: name)  # type: ignore[misc]
