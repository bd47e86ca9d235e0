"""The life of the quickstart's stack, from the first up to destroy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ..emulator import Emulator
from ..stack import Stack

QUICKSTART = Path(__file__).resolve().parents[3] / "examples/quickstart"
MANIFEST = {
    "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
}


@pytest.mark.both_hosts
def test_a_stack_lives_from_its_first_up_to_destroy(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Each change of the program becomes exactly the requests that it needs.

    The first up and destroy have the processes that users have.
    """
    stack = new_stack("life", example=QUICKSTART, forked=False, **emulator.config)
    stack.edit("__main__.py", "0 3 * * *", "0 3 29 2 *")  # the runs are counted, also at three o'clock

    # up previews, creates the task, builds the image and runs the task
    stack.up(preview=True).succeeded()
    outputs = stack.outputs()
    assert (outputs["image-status"], outputs["greeted-status"]) == ("Succeeded", "Succeeded")
    assert {run["runId"]: run["status"] for run in emulator.runs()} == {
        outputs["image-run"]: "Succeeded",
        outputs["greeted-run"]: "Succeeded",
    }
    [image] = outputs["images"]
    repository, _, digest = image.removeprefix(emulator.login_server + "/").partition("@")
    answer = httpx.get(f"http://{emulator.login_server}/v2/{repository}/manifests/{digest}", headers=MANIFEST)
    assert answer.status_code == 200
    assert answer.headers["Docker-Content-Digest"] == digest

    # a second up and a refresh change nothing and write nothing
    stack.forked = True
    emulator.forget_requests()
    stack.up().changed_nothing()
    stack.refresh().changed_nothing()
    assert emulator.writes() == []

    # a changed timeout is one PATCH of the task, and no run
    stack.edit("__main__.py", '    "greeting",\n', '    "greeting",\n    timeout=600,\n')
    preview = stack.preview().succeeded()
    assert "PATCH timeout" in preview.screen
    emulator.forget_requests()
    stack.up().succeeded()
    assert emulator.writes() == ["PATCH greeting"]
    assert emulator.task("greeting")["properties"]["timeout"] == 600
    assert len(emulator.runs()) == 2

    # a changed file in the context replaces exactly the run that builds it
    stack.edit("app/index.html", "Hello", "Good morning")
    emulator.forget_requests()
    stack.up().succeeded()
    assert emulator.writes().count("POST scheduleRun") == 1
    again = stack.outputs()
    assert again["image-run"] != outputs["image-run"]
    assert again["greeted-run"] == outputs["greeted-run"]
    assert again["images"] != outputs["images"]

    stack.up().changed_nothing()
    stack.refresh().changed_nothing()
    stack.forked = False
    stack.destroy().succeeded()
    assert stack.resources() == {}
    assert emulator.ask("GET", "/tasks/greeting").status_code == 404


def test_a_failed_build_leaves_the_state_as_it_was(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The screen has the builder's own error; the next up runs again."""
    stack = new_stack("failing", example=QUICKSTART, **emulator.config)
    stack.up().succeeded()
    before = stack.resources()["image"]

    stack.edit("app/Dockerfile", "RUN ls -l /www", "RUN ls -l /nowhere && exit 42")
    broken = stack.up().failed()
    assert "/nowhere" in broken.screen
    assert "failed" in broken.screen
    assert stack.resources()["image"]["id"] == before["id"]
    assert emulator.runs()[0]["status"] == "Failed"

    stack.edit("app/Dockerfile", "RUN ls -l /nowhere && exit 42", "RUN ls /www")
    stack.up().succeeded()
    assert emulator.runs()[0]["status"] == "Succeeded"
    assert stack.resources()["image"]["id"] != before["id"]
