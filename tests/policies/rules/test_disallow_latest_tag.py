"""acr-task-disallow-latest-tag: image names of builds, and those inside encoded tasks."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from acr_task_policies.rules.images.disallow_latest_tag import disallow_latest_tag


def sentence(path: str, state: str) -> str:
    return f"{path} {state}: write one that tells builds apart, such as {{{{.Run.ID}}}}."


NO_TAG = "has no tag, which means latest"
LATEST = "has the tag latest"


@pytest.mark.parametrize(
    ("image", "state"),
    [
        ("app", NO_TAG),
        ("team/app", NO_TAG),
        ("registry.example:5000/app", NO_TAG),
        ("{{.Run.Registry}}/app", NO_TAG),
        ("$Registry/app", NO_TAG),
        ("app:latest", LATEST),
        ("registry.example:5000/team/app:latest", LATEST),
    ],
)
def test_an_image_without_a_tag_of_its_own_is_reported(image: str, state: str, task: dict, sentences: Any) -> None:
    """A missing tag is latest too, and a port is no tag."""
    task["step"]["imageNames"] = ["app:v1", image]
    assert sentences(disallow_latest_tag, task) == [sentence("step.image_names[1]", state)]


@pytest.mark.parametrize(
    "image",
    [
        "app:v1",
        "app:{{.Run.ID}}",
        "{{.Run.Registry}}/app:{{.Run.ID}}",
        "registry.example:5000/app:1",
        "app:latest-{{.Run.ID}}",
        "app:v{{.Run.ID}}",
        "{{.Values.image}}",
        "$Registry/app:$ID",
        "app@sha256:" + "0" * 64,
        '{{ printf "%s:%s" .Run.TaskName .Run.ID }}',
    ],
)
def test_another_image_is_not(image: str, task: dict, sentences: Any) -> None:
    """A tag, a digest, or a template that may hold one, passes."""
    task["step"]["imageNames"] = [image]
    assert sentences(disallow_latest_tag, task) == []


def test_the_images_of_a_run_are_looked_at(run: dict, sentences: Any) -> None:
    """A build request names images too."""
    run["runRequest"]["imageNames"] = ["app:latest"]
    assert sentences(disallow_latest_tag, run) == [sentence("run_request.image_names[0]", LATEST)]


def encoded(text: str) -> dict[str, Any]:
    return {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(text.encode()).decode()}


def test_builds_and_pushes_of_an_encoded_task_are_looked_at(task: dict, sentences: Any) -> None:
    """An image that is built and pushed is reported once, where it is built."""
    task["step"] = encoded(
        """version: v1.1.0
steps:
  - build: -t {{.Run.Registry}}/app -t $Registry/app:{{.Run.ID}} --tag=side:latest -f Dockerfile .
  - cmd: docker run app
  - push:
      - {{.Run.Registry}}/app
      - $Registry/app:{{.Run.ID}}
      - other
"""
    )
    where = "step.encoded_task_content: line"
    assert sentences(disallow_latest_tag, task) == [
        sentence(f"{where} 3, steps[0].build, tag 1", NO_TAG),
        sentence(f"{where} 3, steps[0].build, tag 3", LATEST),
        sentence(f"{where} 8, steps[2].push[2]", NO_TAG),
    ]


def test_an_encoded_run_request_is_looked_at(run: dict, sentences: Any) -> None:
    """The text of an encoded request is read like a task's."""
    run["runRequest"] = {**encoded("steps:\n  - push: [app]\n"), "platform": {"os": "Linux"}}
    assert sentences(disallow_latest_tag, run) == [
        sentence("run_request.encoded_task_content: line 2, steps[0].push[0]", NO_TAG)
    ]


@pytest.mark.parametrize(
    "text", ["steps: [", "- a list", "steps: none", "steps: [none, {build: '-t \"open'}, {push: app}, {build: -t}]", ""]
)
def test_a_text_that_cannot_be_read_is_left_to_the_run(text: str, task: dict, sentences: Any) -> None:
    """What the service would store without looking stops no deployment here."""
    task["step"] = encoded(text)
    assert sentences(disallow_latest_tag, task) == []


def test_a_content_that_is_no_base64_is_left_to_others(task: dict, sentences: Any) -> None:
    """Wrong encoding is not this rule's business."""
    task["step"] = {"type": "EncodedTask", "encodedTaskContent": "steps: [{push: [app]}]"}
    assert sentences(disallow_latest_tag, task) == []


@pytest.mark.parametrize(
    "unknown", [{"imageNames": [UNKNOWN_STRING_VALUE, "app"]}, {"encodedTaskContent": UNKNOWN_STRING_VALUE}]
)
def test_an_unknown_image_hides_no_other(unknown: dict, task: dict, sentences: Any) -> None:
    """Known images are reported before the unknown one stops the rule."""
    task["step"] = {"type": "Docker", "imageNames": ["app"], "dockerFilePath": "Dockerfile", **unknown}
    with pytest.raises(UnknownValueError):
        sentences(disallow_latest_tag, task)
    (reported,) = sentences.reported
    assert reported.startswith("step.image_names[")
    assert NO_TAG in reported
