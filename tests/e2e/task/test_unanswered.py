"""The PUT of a new task without an answer."""

from __future__ import annotations

from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import pulumi
from pulumi_acr_tasks import ArgumentArgs, DockerBuildStepArgs, PlatformPropertiesArgs, Task

secret = ArgumentArgs(name="token", value="c4nary", is_secret=True)
step = DockerBuildStepArgs(docker_file_path="Dockerfile", context_path="https://github.com/o/r", arguments=[secret])
Task("greeting", platform=PlatformPropertiesArgs(os="Linux"), step=step, timeout=900)
"""
PUT = {"method": "PUT", "path": "/tasks/"}
LOST = {"match": PUT, "times": 1, "drop": "after"}
AT_ONCE = {"Retry-After": "0"}


def test_a_put_without_an_answer(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The state keeps the task: the next up looks for it, and destroy removes it."""
    stack = new_stack("unanswered", program=PROGRAM, **idle_emulator.config)

    # the answer was lost and the retry is refused: the task is there
    refused = {"code": "AuthorizationFailed", "message": "not permitted"}
    idle_emulator.meets(LOST, {"match": PUT, "times": 1, "status": 403, "body": {"error": refused}})
    screen = stack.up().failed().screen
    assert "task greeting may have been made all the same" in screen
    assert "the state keeps it" in screen
    assert "c4nary" not in screen + (stack.folder / ".state/.pulumi/stacks/unanswered/dev.json").read_text()
    assert idle_emulator.task("greeting")["properties"]["timeout"] == 900
    idle_emulator.forget_requests()
    stack.edit("__main__.py", "timeout=900", "timeout=600")
    screen = stack.up().succeeded().screen
    assert "task greeting was made although no answer said so, and is taken over: PATCH timeout" in screen
    assert [write for write in idle_emulator.writes() if "listDetails" not in write] == ["PATCH greeting"]
    stack.up().changed_nothing()
    stack.destroy().succeeded()

    # no attempt was answered: destroy deletes what may be there
    idle_emulator.meets(LOST, {"match": PUT, "times": 5, "status": 503, "body": {}, "headers": AT_ONCE})
    assert "task greeting may have been made all the same" in stack.up().failed().screen
    assert idle_emulator.task("greeting")["name"] == "greeting"
    stack.destroy().succeeded()
    assert idle_emulator.ask("GET", "/tasks/greeting").status_code == 404

    # and what was not made is made by the next up
    idle_emulator.meets({"match": PUT, "times": 6, "status": 503, "body": {}, "headers": AT_ONCE})
    stack.up().failed()
    stack.up().succeeded()
    assert idle_emulator.task("greeting")["properties"]["timeout"] == 600
    stack.up().changed_nothing()
    stack.destroy().succeeded()
    assert stack.resources() == {}
