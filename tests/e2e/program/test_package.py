"""The package as programs of every language have it: its schema, every member of a task, and its functions."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from importlib.resources import files

import pytest

from ..emulator import Emulator
from ..stack import Stack

pytestmark = pytest.mark.one_host(reason="these programs name the plugin's types themselves, and run once")

PROGRAM = """
import pulumi

def invoke(name, **args):
    return pulumi.runtime.invoke(f"acr-tasks:index:{name}", args).value

def refused(name, **args):
    try:
        return invoke(name, **args)
    except Exception as error:
        return str(error)

task = invoke("getTask", taskName="nightly")
pulumi.export("schedule", task["trigger"]["timerTriggers"][0]["schedule"])
pulumi.export("values", task["step"]["values"])
pulumi.export("tasks", [each["name"] for each in invoke("listTasks")["tasks"]])
pulumi.export("status", invoke("getRun", runId="RUN")["status"])
pulumi.export("hash", invoke("contextHash", context="app")["hash"])
pulumi.export("wrong", refused("getTask", taskName="x", registryName="y"))
pulumi.export("missing", refused("getTask", taskName="nothing"))
"""
STEPS = "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggZWNobyBoaQo="
CANARY = "c4nary-0123"
TASK = {
    "location": "westeurope",
    "properties": {
        "platform": {"os": "Linux"},
        "step": {
            "type": "EncodedTask",
            "encodedTaskContent": STEPS,
            "values": [{"name": "shown", "value": "1"}, {"name": "hidden", "value": CANARY, "isSecret": True}],
        },
        "trigger": {"timerTriggers": [{"name": "t1", "schedule": "0 3 * * *"}]},
    },
}


def test_a_program_calls_each_function(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Each reads the registry of the stack's configuration; wrong arguments and missing tasks are sentences."""
    assert idle_emulator.ask("PUT", "/tasks/nightly", json=TASK).status_code == 200
    request = {"type": "EncodedTaskRunRequest", "encodedTaskContent": STEPS, "platform": {"os": "Linux"}}
    run = idle_emulator.ask("POST", "/scheduleRun", json=request).json()["name"]
    stack = new_stack("functions", program=PROGRAM.replace("RUN", run), **idle_emulator.config)
    stack.write("app/Dockerfile", "FROM scratch\n")
    idle_emulator.forget_requests()

    stack.up().succeeded()
    outputs = stack.outputs()
    assert outputs["schedule"] == "0 3 * * *"
    assert outputs["values"] == [{"name": "shown", "value": "1", "isSecret": False}]
    assert outputs["tasks"] == ["nightly"]
    assert outputs["status"] in ("Queued", "Started", "Running", "Succeeded")
    assert re.fullmatch("[0-9a-f]{64}", outputs["hash"])

    # everything that is wrong with the arguments, at once; and the service's own words
    assert "taskName: is 'x'; a task's name has 5 to 50" in outputs["wrong"]
    assert "registryName: is 'y'; a registry's name has 5 to 50" in outputs["wrong"]
    assert "/tasks/nothing: the service answered 404 ResourceNotFound" in outputs["missing"]
    assert idle_emulator.writes() == []


def test_the_engine_reads_the_schema(new_stack: Callable[..., Stack]) -> None:
    """It is the committed one, and meets the requirements of every language; the package's folder is a plugin too."""
    stack = new_stack("schema", program="")
    plugin = shutil.which("pulumi-resource-acr-tasks")
    assert plugin
    folder = files("pulumi_acr_tasks") / "plugin"
    committed = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    for source in (plugin, str(folder)):
        screen = stack.pulumi("package", "get-schema", source).succeeded().screen
        read = json.loads(screen[screen.index("{") :])
        for part in ("name", "version", "config", "provider", "types", "resources", "functions"):
            assert read[part] == committed[part]
    stack.pulumi("schema", "check", plugin).succeeded()


FULL_TASK = f"""
resources:
  full-task:
    type: acr-tasks:Task
    properties:
      platform: {{os: Linux, architecture: amd64}}
      step:
        type: EncodedTask
        encodedTaskContent: {STEPS}
        contextPath: https://github.com/contoso/app.git
        contextAccessToken: {CANARY}
        values: [{{name: shown, value: "1"}}, {{name: hidden, value: {CANARY}, isSecret: true}}]
      identity:
        type: SystemAssigned, UserAssigned
        userAssignedIdentities:
          - /subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one
      trigger:
        timerTriggers: [{{name: t1, schedule: 0 3 * * *}}]
        baseImageTrigger: {{name: base, baseImageTriggerType: All}}
      credentials:
        sourceRegistry: {{loginMode: Default}}
        customRegistries:
          r.example: {{userName: {{value: {CANARY}, type: Opaque}}, password: {{value: {CANARY}}}}}
      agentConfiguration: {{cpu: 2}}
      timeout: 600
      status: Disabled
      tags: {{a_b: c}}
outputs:
  principal: ${{full-task.identity.principalId}}
  made: ${{full-task.creationDate}}
"""


@pytest.mark.skipif(shutil.which("pulumi-language-yaml") is None, reason="pulumi-language-yaml is not on this machine")
def test_a_program_without_an_sdk_gives_every_member(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """YAML binds a task's members to the schema; what the service sets is an output; no secret stands in the state."""
    stack = new_stack("full", **idle_emulator.config)
    project = (stack.folder / "Pulumi.yaml").read_text()
    stack.write("Pulumi.yaml", re.sub(r"runtime:\n.*\n.*\n", "runtime: yaml\n", project) + FULL_TASK)
    stack.up().succeeded()
    identity = idle_emulator.task("full-task")["identity"]
    assert stack.outputs()["principal"] == identity["principalId"]
    [client] = identity["userAssignedIdentities"].values()
    assert client["clientId"]
    assert CANARY not in json.dumps(stack.resources())

    # a member that no type has is refused by its name
    stack.edit("Pulumi.yaml", "      timeout: 600", "      timeuot: 600")
    assert "timeuot" in stack.preview().failed().screen
    stack.edit("Pulumi.yaml", "      timeuot: 600", "      timeout: 600")
    stack.settles()
