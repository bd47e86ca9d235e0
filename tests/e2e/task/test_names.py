"""A task belongs to one resource, and keeps its name when the resource is renamed."""

from __future__ import annotations

from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

HEAD = """
import pulumi
from pulumi import Alias, ResourceOptions
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Provider, Task


def task(name, opts=None, **args):
    step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo=")
    return Task(name, platform=PlatformPropertiesArgs(os="Linux"), step=step, opts=opts, **args)


class Group(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("my:index:Group", name)


"""


def test_a_task_changes_its_owner(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The former resource is dropped from the state without a request; the task exists all the time."""
    stack = new_stack("owner", program=f'{HEAD}task("alpha", task_name="shared")\n', **idle_emulator.config)
    stack.up().succeeded()
    idle_emulator.forget_requests()

    # without adopt the error names the alias first
    stack.write("__main__.py", f'{HEAD}task("beta", task_name="shared", timeout=900)\n')
    screen = stack.up().failed().screen
    assert "task shared exists already" in screen
    assert 0 < screen.index("the option aliases") < screen.index("set adopt")

    # with adopt the new resource takes the task over, and the old one does not delete it
    stack.write("__main__.py", f'{HEAD}task("beta", task_name="shared", timeout=900, adopt=True)\n')
    assert "task shared of registry emulator is taken over if it exists" in stack.preview().succeeded().screen
    screen = stack.up().succeeded().screen
    assert "task shared exists already, and is taken over: PATCH timeout" in screen
    assert "task shared is not deleted: it belongs to beta now" in screen
    assert [write for write in idle_emulator.writes() if "listDetails" not in write] == ["PATCH shared"]
    assert set(stack.resources()) == {"beta"}

    # also between providers, which are processes of their own
    other = (
        f'{HEAD}other = Provider("other", endpoint="{idle_emulator.endpoint}")\nID = "{idle_emulator.registry_id}"\n'
    )
    moved = 'task("gamma", task_name="SHARED", registry_id=ID, adopt=True, opts=ResourceOptions(provider=other))\n'
    stack.write("__main__.py", other + moved)
    screen = stack.up().succeeded().screen
    assert "task shared is not deleted: it belongs to gamma now" in screen
    assert idle_emulator.task("shared")["properties"]["timeout"] == 3600

    # one task is no two resources': both are told, in preview
    for twin in ('task("delta", task_name="shared")\n', 'task("delta", task_name="Shared", registry_id=ID.upper())\n'):
        stack.write("__main__.py", other + moved + twin)
        idle_emulator.forget_requests()
        screen = stack.preview().failed().screen
        assert "Task::delta declares the same task in registry" in screen
        assert "Task::gamma declares the same task in registry" in screen
        assert idle_emulator.requests() == []

    stack.write("__main__.py", other + moved)
    stack.destroy().succeeded()
    assert idle_emulator.ask("GET", "/tasks/shared").status_code == 404


def test_a_task_keeps_its_name(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The name stays under an alias, below a component, after `state rename`, and after a failed replacement."""
    stack = new_stack("names", program=f'{HEAD}task("first")\n', **idle_emulator.config)
    stack.up().succeeded()
    idle_emulator.forget_requests()

    second = 'task("second", opts=ResourceOptions(aliases=[Alias(name="first")]))\n'
    stack.write("__main__.py", HEAD + second)
    stack.up().changed_nothing()
    assert stack.resources()["second"]["outputs"]["taskName"] == "first"

    third = 'task("third", opts=ResourceOptions(parent=Group("g"), aliases=[Alias(name="second", parent=None)]))\n'
    stack.write("__main__.py", HEAD + third)
    assert "replace" not in stack.up().succeeded().screen
    urn = stack.resources()["third"]["urn"]
    stack.pulumi("state", "rename", urn, "fourth", "--yes", "--stack", "dev").succeeded()
    fourth = 'task("fourth", opts=ResourceOptions(parent=Group("g")))\n'
    stack.write("__main__.py", HEAD + fourth)
    stack.up().changed_nothing()
    assert idle_emulator.writes() == []

    # a replacement that failed after the delete is made up for when the program is as it was
    stack.write("__main__.py", HEAD + fourth.replace("opts", 'registry_name="nowhere", opts'))
    stack.up().failed()
    assert idle_emulator.ask("GET", "/tasks/first").status_code == 404
    stack.write("__main__.py", HEAD + fourth)
    stack.up().succeeded()
    assert idle_emulator.task("first")["name"] == "first"
    stack.up().changed_nothing()
    stack.destroy().succeeded()
    assert stack.resources() == {}
