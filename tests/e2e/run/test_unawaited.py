"""A run with `wait=False`, from its request to the end of its resource."""

from __future__ import annotations

from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import base64
import pulumi
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, Run

STEPS = b"version: v1.1.0\\nsteps:\\n  - cmd: busybox echo done\\n"
run = Run(
    "run", wait=False, run_request=EncodedTaskRunRequestArgs(encoded_task_content=base64.b64encode(STEPS).decode())
)
pulumi.export("status", run.status)
# pulumi.export("image", run.image_refs[0])
"""
RUN = {"match": {"method": "GET", "path": "/runs/[^/]+$"}}


def test_a_run_that_nobody_awaits(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Its images are read, it fails, it is run again, and it is awaited at last."""
    stack = new_stack("unawaited", program=PROGRAM, **idle_emulator.config)
    stack.up().succeeded()
    (first,) = idle_emulator.runs()

    # An image that is not known yet: unknown in preview, and a sentence in up.
    stack.edit("__main__.py", "# pulumi.export", "pulumi.export")
    stack.preview().succeeded()
    screen = stack.up().failed().screen
    assert "There is no image 0 among the 0 of the run." in screen
    assert (
        f"Run {first['runId']} was Queued when it was last read: with wait=False its images are not awaited."
        in " ".join(screen.split())
    )
    stack.edit("__main__.py", 'pulumi.export("image"', '# pulumi.export("image"')

    # It has failed while nobody waited: the refresh says so, and the next up runs it again, once.
    failed = {"name": first["runId"], "properties": {**first, "status": "Failed"}}
    idle_emulator.meets({**RUN, "status": 200, "body": failed})
    assert (
        f"Run {first['runId']} ended as Failed. The next pulumi up runs it again." in stack.refresh().succeeded().screen
    )
    idle_emulator.meets()
    assert "new run (the last one ended as Failed)" in stack.up().succeeded().screen
    second = idle_emulator.runs()[0]
    assert len(idle_emulator.runs()) == 2
    stack.up().changed_nothing()

    # It is awaited now, and its failure fails the deployment.
    stack.edit("__main__.py", "wait=False, ", "")
    idle_emulator.meets({**RUN, "status": 200, "body": {"properties": {**second, "status": "Failed"}}})
    screen = stack.up().failed().screen
    assert f"Run {second['runId']} in registry emulator failed" in screen
    assert "To run it again, change its triggers" in screen
    idle_emulator.meets()
    assert "await the recorded run" in stack.up().succeeded().screen
    assert stack.outputs()["status"] == "Succeeded"
    assert len(idle_emulator.runs()) == 2
    stack.up().changed_nothing()


def test_destroying_a_run_under_way_says_that_it_goes_on(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """The message has the command that cancels it; when a demanded cancellation fails, the resource stays."""
    program = PROGRAM.replace("cmd: busybox echo done", "cmd: busybox echo done\\n    startDelay: 60")
    stack = new_stack("leaving", program=program, **idle_emulator.config)
    stack.up().succeeded()
    (run,) = idle_emulator.runs()
    screen = stack.destroy().succeeded().screen
    assert f"Run {run['runId']} was Queued when it was last read. If it has not ended, it goes on" in screen
    assert idle_emulator.runs()[0]["status"] in ("Queued", "Started", "Running")

    stack.edit("__main__.py", "wait=False", "wait=False, cancel_on_delete=True")
    stack.up().succeeded()
    run = idle_emulator.runs()[0]
    gone = {"status": 404, "body": {"error": {"code": "ResourceNotFound", "message": "no such run"}}}
    idle_emulator.meets({"match": {"method": "POST", "path": "/cancel$"}, **gone})
    screen = stack.destroy().failed().screen
    assert f"Run {run['runId']} in registry emulator is still" in screen
    assert "although the service answered 404 when it was canceled" in screen
    assert "run" in stack.resources()
    idle_emulator.meets()
    stack.destroy().succeeded()
    assert idle_emulator.runs()[0]["status"] == "Canceled"
