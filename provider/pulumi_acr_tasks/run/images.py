"""The images of a run as a program reads them: a list whose IndexError is a sentence with the reason."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pulumi
from pulumi.output import UNKNOWN

from pulumi_acr_tasks.run.diff import FAILED

T = TypeVar("T", bound=type)


class ImageList(list[Any]):
    """A list of images. A missing image is unknown in preview, and raises a RunError with `reason` in `up`."""

    def __init__(self, images: Iterable[Any], reason: str) -> None:
        super().__init__(images)
        self._reason = reason

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int) and not -len(self) <= key < len(self):
            if pulumi.runtime.is_dry_run():
                return UNKNOWN
            raise pulumi.RunError(f"There is no image {key} among the {len(self)} of the run. {self._reason}")
        return super().__getitem__(key)


def image_lists(*names: str) -> Callable[[T], T]:
    """Decorate a class so that the properties `names` return an ImageList."""

    def decorate(cls: T) -> T:
        for name in names:
            setattr(cls, name, property(_with_reason(getattr(cls, name).fget)))
        return cls

    return decorate


def _with_reason(read: Callable[[Any], pulumi.Output[Any]]) -> Callable[[Any], pulumi.Output[Any]]:
    @functools.wraps(read)
    def get(run: Any) -> pulumi.Output[Any]:
        def to_list(images: list[Any] | None) -> pulumi.Output[ImageList | None]:
            # Without the images: Output.all would turn them into plain dictionaries.
            known = pulumi.Output.all(run_id=run.run_id, status=run.status)
            return known.apply(lambda of: None if images is None else ImageList(images, reason(**of)))

        return read(run).apply(to_list)

    return get


def reason(run_id: str, status: str | None) -> str:
    """Return why a run may have fewer images than a program expects, and the cure."""
    status = status or "Queued"
    if status in FAILED:
        return f"Run {run_id} ended as {status}."
    if status != "Succeeded":
        return (
            f"Run {run_id} was {status} when it was last read: with wait=False its images are not awaited. Leave wait "
            "out, or run pulumi refresh when it has ended."
        )
    return f"Run {run_id} succeeded, and the service reports no more images of it: only what it pushes is reported."
