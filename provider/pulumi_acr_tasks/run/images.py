"""The images of a run as a program gets them: a list that says why an image is missing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pulumi
from pulumi.output import UNKNOWN

T = TypeVar("T", bound=type)

_ENDED_BADLY = ("Failed", "Canceled", "Error", "Timeout")


class Images(list[Any]):
    """A list of images. One that is missing is unknown in preview, and in `up` a RunError with `reason`."""

    def __init__(self, images: Iterable[Any], reason: str) -> None:
        super().__init__(images)
        self._reason = reason

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int) and not -len(self) <= key < len(self):
            if pulumi.runtime.is_dry_run():
                return UNKNOWN
            raise pulumi.RunError(f"There is no image {key} among the {len(self)} of the run. {self._reason}")
        return super().__getitem__(key)


def told(*names: str) -> Callable[[T], T]:
    """Make the properties `names` of a Run answer with Images."""

    def decorate(cls: T) -> T:
        for name in names:
            setattr(cls, name, property(_reading(getattr(cls, name).fget)))
        return cls

    return decorate


def _reading(read: Callable[[Any], pulumi.Output[Any]]) -> Callable[[Any], pulumi.Output[Any]]:
    @functools.wraps(read)
    def with_reason(run: Any) -> pulumi.Output[Any]:
        def with_reason_of(images: list[Any] | None) -> pulumi.Output[Images | None]:
            # Not by Output.all: it would make plain dictionaries of the images.
            known = pulumi.Output.all(run_id=run.run_id, status=run.status)
            return known.apply(lambda of: None if images is None else Images(images, _reason(of)))

        return read(run).apply(with_reason_of)

    return with_reason


def _reason(of: dict[str, Any]) -> str:
    """Return why a run may have fewer images than a program expects, and the cure."""
    run_id, status = of["run_id"], of["status"] or "Queued"
    if status in _ENDED_BADLY:
        return f"Run {run_id} ended as {status}."
    if status != "Succeeded":
        return (
            f"Run {run_id} was {status} when it was last read: with wait=False nobody awaits its images. Leave wait "
            "out, or run pulumi refresh when it has ended."
        )
    return f"Run {run_id} succeeded, and the service reports no more images of it: only what it pushes is reported."
