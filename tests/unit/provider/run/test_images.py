"""The images of a run as a program reads them."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_acr_tasks.run.images import ImageList, reason


def of(images: list[Any], **run: Any) -> ImageList:
    return ImageList(images, reason(**{"run_id": "cf1", "status": "Succeeded", **run}))


def test_images_are_a_list() -> None:
    """They are read by index and slice, and compared, as any list."""
    assert of(["a", "b"]) == ["a", "b"]
    assert (of(["a", "b"])[-1], of(["a", "b"])[0], of(["a"])[1:]) == ("b", "a", [])


REASONS = [
    ({"status": "Queued"}, "Run cf1 was Queued when it was last read: with wait=False its images are not awaited"),
    ({"status": None}, "Run cf1 was Queued when it was last read"),
    ({"status": "Failed"}, "Run cf1 ended as Failed"),
    ({}, "Run cf1 succeeded, and the service reports no more images of it"),
]


@pytest.mark.parametrize(("run", "words"), REASONS)
@pytest.mark.parametrize("index", [0, -1])
def test_a_missing_image_is_a_sentence(index: int, run: dict[str, Any], words: str) -> None:
    """The language host prints it without a traceback, as it does a RunError."""
    with pytest.raises(pulumi.RunError, match=f"There is no image {index} among the 0 of the run. {words}"):
        of([], **run)[index]


def test_a_missing_image_is_unknown_in_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run may still make it."""
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert of([])[0] is pulumi.UNKNOWN
    assert of(["a"])[0] == "a"
