"""Preview, refresh and state agree with the requests that follow."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

SAYS = """
import pulumi
from pulumi_acr_tasks import *

SECRET = lambda value: value
USER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
task = Task(
    "build",
    platform={"os": "Linux"},
    step=DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/a/b.git",
        image_names=[SECRET("c4nary-name")],
    ),
    identity=IdentityPropertiesArgs(type="SystemAssigned"),
    tags={"__owner": SECRET("c4nary-tag")},
)
ids = task.identity.user_assigned_identities
run = Run(
    "run",
    run_request=TaskRunRequestArgs(task_name=task.task_name),
    triggers=[task.step, {"__mine": 1}],
)
pulumi.export("principals", [task.principal_id, task.identity.principal_id, task.tenant_id])
pulumi.export("type", task.identity.type)
pulumi.export("user", ids)
pulumi.export("run", [run.run_id, run.status, run.image_refs])
pulumi.export("json", pulumi.Output.json_dumps([run.output_images, run.run_request]))
pulumi.export("subscript", [run.run_request["taskName"], run.run_request["task_name"], run.run_request.task_name])
"""


def test_a_preview_says_what_will_be_and_what_stays(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Principals are unknown until they are made. A change of local behaviour leaves dependents alone."""
    stack = new_stack("says", program=SAYS, **idle_emulator.config)

    # what will be made is not known yet; nothing that dependents are made of is None
    screen = stack.preview("--diff").succeeded().screen
    assert screen.count("[unknown]") >= 5
    assert 'type      : "SystemAssigned"' in screen
    assert "principals: [\n        [0]: [unknown]\n        [1]: [unknown]\n        [2]: [unknown]\n    ]" in screen
    stack.up().succeeded()
    outputs = stack.outputs()
    principal = idle_emulator.task("build")["identity"]["principalId"]
    assert outputs["principals"][:2] == [principal, principal]
    assert json.loads(outputs["json"]) == [[], {"type": "TaskRunRequest", "task_name": "build"}]
    assert outputs["subscript"] == ["build"] * 3
    assert idle_emulator.task("build")["tags"] == {"__owner": "c4nary-tag"}
    assert stack.resources()["run"]["inputs"]["triggers"][1] == {"__mine": 1}

    # what stays is known: no output changes when the task is patched and the run is only told otherwise
    stack.edit("__main__.py", '    "build",\n', '    "build",\n    timeout=600,\n')
    stack.edit("__main__.py", '    "run",\n', '    "run",\n    logs="none",\n    cancel_on_delete=True,\n')
    screen = stack.preview("--diff").succeeded().screen
    assert "PATCH timeout" in screen
    assert "--outputs:--" not in screen
    stack.up().succeeded()

    # an identity is added: its ids are not known yet, the other's stay; a refresh sends nothing and announces nothing
    stack.edit(
        "__main__.py", 'type="SystemAssigned"', 'type="SystemAssigned, UserAssigned", user_assigned_identities=[USER]'
    )
    screen = stack.preview("--diff").succeeded().screen
    assert "+ user      : [unknown]" in screen
    assert principal not in screen
    idle_emulator.ask("PATCH", "/tasks/build", json={"properties": {"timeout": 900}}).raise_for_status()
    screen = stack.refresh().succeeded().screen
    assert "~timeout" in screen
    assert "PATCH" not in screen

    # values that are made secret later are secret in the outputs too, and cost no request
    stack.up().succeeded()
    stack.edit("__main__.py", "SECRET = lambda value: value", "SECRET = pulumi.Output.secret")
    idle_emulator.forget_requests()
    stack.up().succeeded()
    assert idle_emulator.writes() == []
    assert "c4nary" not in json.dumps(stack.resources())
    stack.settles()


OPTIONS = """
import pulumi
from pulumi_acr_tasks import *

V = "1"
HOST = "x.azurecr.io"


def transformation(args):
    if hasattr(args.resource, "tags"):
        args.props["tags"] = {**(args.props["tags"] or {}), "team": "x"}
        args.props["agent_configuration"] = AgentPropertiesArgs(cpu=2)
        ignoring = pulumi.ResourceOptions(ignore_changes=["step.docker_file_path"])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, ignoring))


def transform(args):
    if args.type_.endswith(":Task"):
        args.props["step"]["image_names"] = ["transformed"]
        args.props["trigger"] = {"timer_triggers": [{"name": "nightly", "schedule": "0 0 * * *"}]}
        return pulumi.ResourceTransformResult(args.props, args.opts)


pulumi.runtime.register_stack_transformation(transformation)
pulumi.runtime.register_resource_transform(transform)
login = lambda password: CustomRegistryCredentialsArgs(
    user_name=SecretObjectArgs(value="c4nary" + V), password=SecretObjectArgs(value=password)
)
task = Task(
    "build",
    platform={"os": "Linux"},
    step={"type": "Docker", "docker_file_path": "Dockerfile" + V, "context_path": "https://github.com/a/b.git"},
    tags={"a.b": V},
    credentials={"custom_registries": {HOST: login("c4nary")}},
    opts=pulumi.ResourceOptions(
        ignore_changes=['tags["a.b"]', 'credentials.custom_registries["x.azurecr.io"].user_name.value'],
        replace_on_changes=["timeout"],
    ),
)
run = Run(
    "run",
    context="app",
    run_request={
        "type": "DockerBuildRequest",
        "image_names": ["app:1"],
        "credentials": {"custom_registries": {HOST: login("rotated" + V)}},
    },
    triggers={"my_key": V},
    opts=pulumi.ResourceOptions(ignore_changes=["context", "triggers.my_key"]),
)
"""


def test_options_and_transforms_reach_what_they_name(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Paths may have Python's spelling and lead through maps; a rotated password of a run builds nothing."""
    stack = new_stack("options", program=OPTIONS, **idle_emulator.config)
    stack.write("app/Dockerfile", "FROM busybox\n")
    stack.up().succeeded()

    # what transforms set, in either spelling, is what the task has
    found = idle_emulator.task("build")
    assert found["tags"] == {"a.b": "1", "team": "x"}
    assert found["properties"]["agentConfiguration"] == {"cpu": 2}
    assert found["properties"]["step"]["imageNames"] == ["transformed"]
    assert [timer["name"] for timer in found["properties"]["trigger"]["timerTriggers"]] == ["nightly"]

    # nothing of what is ignored is sent, and a rotated password is kept for the next run
    stack.edit("__main__.py", 'V = "1"', 'V = "2"')
    stack.write("app/Dockerfile", "FROM busybox\nRUN ls\n")
    idle_emulator.forget_requests()
    assert "new run" not in stack.up().succeeded().screen
    assert idle_emulator.writes() == []
    assert "c4nary" not in json.dumps(stack.resources())

    # a replacement that the options ask for is announced as one
    stack.edit("__main__.py", '    "build",\n', '    "build",\n    timeout=600,\n')
    screen = stack.preview().succeeded().screen
    assert "replace (timeout changed, see replace_on_changes)" in screen
    assert "PATCH" not in screen
    stack.edit("__main__.py", "    timeout=600,\n", "")

    # a registry that moves is told by what moves
    registry = idle_emulator.registry_id.rpartition("/")[2]
    stack.configure(**{**idle_emulator.config, "registryName": "fabrikam"})
    assert f"new run (registry moves from {registry} to fabrikam" in stack.preview().screen
    stack.configure(**idle_emulator.config)
    stack.settles()
