"""Many tasks in one registry cost few requests, and every option of the engine finds its request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

FIFTY = """
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task

TIMEOUTS = {7: 600}

for number in range(50):
    Task(
        f"task-{number:02}",
        platform=PlatformPropertiesArgs(os="Linux"),
        step=EncodedTaskStepArgs(encoded_task_content="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="),
        timeout=TIMEOUTS.get(number),
    )
"""


def test_fifty_tasks(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Creating them takes one request each, one for the list of tasks, and one for the registry."""
    stack = new_stack(program=FIFTY, **idle_emulator.config)
    idle_emulator.forget_requests()
    stack.up().succeeded()
    asked = Counter(idle_emulator.methods())
    assert asked == {"PUT": 50, "GET": 2}
    assert len(idle_emulator.ask("GET", "/tasks").json()["value"]) == 50

    # One change is one PATCH.
    stack.edit("__main__.py", "7: 600", "7: 600, 31: 700")
    idle_emulator.forget_requests()
    stack.up().succeeded()
    assert idle_emulator.writes() == ["PATCH task-31"]
    assert idle_emulator.methods() == ["PATCH"]

    # No change is no request.
    idle_emulator.forget_requests()
    stack.up().changed_nothing()
    assert idle_emulator.requests() == []

    # A refresh is one list. (So is its preview, which has a process of its own.)
    stack.refresh().changed_nothing()
    assert [request["path"].rpartition("/")[2] for request in idle_emulator.requests()] == ["tasks"]

    # Gone is one DELETE each.
    idle_emulator.forget_requests()
    stack.destroy().succeeded()
    assert Counter(idle_emulator.methods()) == {"DELETE": 50}


ONE = """
import pulumi

from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task, TimerTriggerArgs, TriggerPropertiesArgs

Task(
    "greeting",
    platform=PlatformPropertiesArgs(os="Linux"),
    step=EncodedTaskStepArgs(encoded_task_content="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="),
    trigger=TriggerPropertiesArgs(timer_triggers=[
        TimerTriggerArgs(name="t1", schedule="0 1 * * *"),
        TimerTriggerArgs(name="t2", schedule="0 2 * * *"),
    ]),
    timeout=600,
    opts=pulumi.ResourceOptions(),
)
"""


def test_replace_protect_and_ignored_changes(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """An ignored change survives a PUT; a protected task stays."""
    stack = new_stack(program=ONE, **idle_emulator.config)
    stack.up().succeeded()
    urn = stack.resources()["greeting"]["urn"]

    # --replace deletes first: two tasks of one name cannot be.
    idle_emulator.forget_requests()
    stack.up("--replace", urn).succeeded()
    assert idle_emulator.writes() == ["DELETE greeting", "PUT greeting"]

    # Somebody changes the timeout by hand; the program is told not to care, and then needs a PUT.
    idle_emulator.ask("PATCH", "/tasks/greeting", json={"properties": {"timeout": 900}})
    stack.edit("__main__.py", "ResourceOptions()", "ResourceOptions(ignore_changes=['timeout'], protect=True)")
    stack.refresh().succeeded()
    stack.edit("__main__.py", '        TimerTriggerArgs(name="t2", schedule="0 2 * * *"),\n', "")
    idle_emulator.forget_requests()
    assert "PUT (timer t2 removed)" in stack.up().succeeded().screen
    assert [write for write in idle_emulator.writes() if "listDetails" not in write] == ["PUT greeting"]
    properties = idle_emulator.task("greeting")["properties"]
    assert properties["timeout"] == 900
    assert [timer["name"] for timer in properties["trigger"]["timerTriggers"]] == ["t1"]

    # What is protected is not deleted.
    assert "protect" in stack.destroy().failed().screen
    assert idle_emulator.task("greeting")["name"] == "greeting"
    stack.edit("__main__.py", ", protect=True", "")
    stack.up().succeeded()
    stack.destroy().succeeded()
    assert stack.resources() == {}


SECRET = """
import pulumi

from pulumi_acr_tasks import (
    CredentialsArgs, CustomRegistryCredentialsArgs, EncodedTaskStepArgs, PlatformPropertiesArgs, SecretObjectArgs, Task
)

Task(
    "greeting",
    platform=PlatformPropertiesArgs(os="Linux"),
    step=EncodedTaskStepArgs(encoded_task_content="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="),
    credentials=CredentialsArgs(custom_registries={
        "r.example": CustomRegistryCredentialsArgs(
            user_name=SecretObjectArgs(value="bob", type="Opaque"),
            password=SecretObjectArgs(value="c4nary-of-the-program", type="Opaque"),
        ),
    }),
    adopt=True,
)
"""


def test_a_password_changed_behind_our_back_is_put_right(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """With secretDrift a refresh finds the change, and up repairs it; no screen shows the password."""
    stack = new_stack(program=SECRET, secretDrift="true", **idle_emulator.config)
    stack.up().succeeded()
    stack.refresh().changed_nothing()

    login = {"userName": {"value": "bob", "type": "Opaque"}, "password": {"value": "c4nary-by-hand", "type": "Opaque"}}
    by_hand = {"properties": {"credentials": {"customRegistries": {"r.example": login}}}}
    idle_emulator.ask("PATCH", "/tasks/greeting", json=by_hand)
    refreshed = stack.refresh().succeeded()
    assert "1 updated" in refreshed.screen

    idle_emulator.forget_requests()
    repaired = stack.up().succeeded()
    assert [write for write in idle_emulator.writes() if "listDetails" not in write] == ["PATCH greeting"]
    details = idle_emulator.ask("POST", "/tasks/greeting/listDetails").json()
    password = details["properties"]["credentials"]["customRegistries"]["r.example"]["password"]
    assert password["value"] == "c4nary-of-the-program"
    state = stack.pulumi("stack", "export", "--stack", "dev").succeeded().screen
    assert "c4nary" not in refreshed.screen + repaired.screen + state
    stack.up().changed_nothing()


def test_a_task_that_exists_is_adopted(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The task is adopted only with adopt=True, and only the difference is sent."""
    step = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="}
    properties = {"platform": {"os": "Linux"}, "step": step, "timeout": 900}
    idle_emulator.ask("PUT", "/tasks/greeting", json={"location": "westeurope", "properties": properties})

    stack = new_stack(program=SECRET.replace("adopt=True", "adopt=False"), **idle_emulator.config)
    assert "task greeting exists already" in stack.up().failed().screen

    stack.edit("__main__.py", "adopt=False", "adopt=True")
    idle_emulator.forget_requests()
    stack.up().succeeded()
    assert [write for write in idle_emulator.writes() if "listDetails" not in write] == ["PATCH greeting"]
    assert idle_emulator.task("greeting")["properties"]["timeout"] == 3600
    stack.up().changed_nothing()
