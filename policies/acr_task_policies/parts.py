"""The parts of a task or run that rules judge, each with its path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .images import Image
from .place import Place
from .task_file import Line, Step

DEFAULT_TIMEOUT = 3600  # seconds; what the service takes when `timeout` is left out


def is_text(place: Place, lower: str) -> bool:
    """Return whether a value is this text, without regard to case."""
    return (place.text() or "").lower() == lower


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
        """Return the value in clear text, even when the program marks it secret. Never put it into a message."""
        return self.place["value"].text() or ""

    @property
    def is_secret(self) -> bool:
        return self.place["isSecret"].flag() is True


@dataclass(frozen=True)
class ImageName:
    """An image name of a build or push, with its templates unrendered. read: returns the name."""

    path: str
    read: Callable[[], str | None]

    @property
    def text(self) -> str:
        return self.read() or ""

    @property
    def image(self) -> Image:
        return Image.parse(self.text)


@dataclass(frozen=True)
class Timeout:
    """The timeout of a run."""

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


@dataclass(frozen=True)
class Timer:
    """A timer trigger."""

    place: Place

    @property
    def path(self) -> str:
        return self.place["schedule"].path

    @property
    def name(self) -> str:
        return self.place["name"].text() or ""

    @property
    def schedule(self) -> str:
        return self.place["schedule"].text() or ""


@dataclass(frozen=True)
class Credential:
    """The sign-in to another registry, `host`."""

    host: str
    place: Place

    @property
    def path(self) -> str:
        return self.place.path

    def opaque(self) -> list[str]:
        """Return the members whose secret stands in clear text, not as the address of a key vault secret."""
        return [
            name
            for name in ("userName", "password")
            if self.place[name]["value"].exists() and not is_text(self.place[name]["type"], "vaultsecret")
        ]

    @property
    def uses_password(self) -> bool:
        """Return whether the sign-in uses a password, in clear text or from a key vault."""
        return self.place["password"].exists()


@dataclass(frozen=True)
class FileStep:
    """A step of an encoded task, `step` being None while the text is unknown in a preview."""

    content: Place
    step: Step | None

    def read(self) -> Step:
        """Return the step; raises UnknownValueError while the text is unknown."""
        if self.step is None:
            self.content.value()
            raise LookupError("a text that is known has steps")
        return self.step

    def at(self, line: Line) -> str:
        """Return the path of a line, for a message."""
        return f"{self.content.path}: {line.at}"
