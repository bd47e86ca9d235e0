"""Task files as people write them, tags of the content, and a preview that says why."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import pulumi
from pulumi_acr_tasks import (
    DockerBuildRequestArgs, EncodedTaskRunRequestArgs, EncodedTaskStepArgs, Run, Task, context_hash
)

linux = {"os": "Linux"}
password = pulumi.Config("scenario").require_secret("password")
purge = Task("purge", platform=linux, step=EncodedTaskStepArgs.from_cmd("acr purge --filter 'web:.*' --ago 30d"))
report = Task("report", platform=linux, step=EncodedTaskStepArgs.from_file("acb.yaml", values={"who": password}))
web = Run("web", context="app", run_request=DockerBuildRequestArgs(image_names=[f"web:{context_hash('app')[:12]}"]))
steps = [{"cmd": pulumi.Output.concat("busybox echo ", web.run_id)}]
told = Run("told", run_request=EncodedTaskRunRequestArgs.from_yaml(steps))
files = Run("files", context="app", run_request=DockerBuildRequestArgs())
pulumi.export("tag", web.run_request.image_names[0])
"""

TASK_FILE = "version: v1.1.0\nsteps:\n  - cmd: busybox echo {{.Values.who}}\n"


def test_a_program_is_written_without_base64(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Task files reach the service as the program writes them, and a change is announced by its lines and files."""
    stack = new_stack("authoring", program=PROGRAM, **idle_emulator.config)
    stack.write("acb.yaml", TASK_FILE)
    for name in ("Dockerfile", "main.py", "lib/a.py", "lib/b.py", "lib/c.py"):
        stack.write(f"app/{name}", "FROM scratch\n")
    stack.pulumi("config", "set", "--secret", "scenario:password", "c4nary", "--stack", "dev").succeeded()

    # pulumi up
    stack.up().succeeded()
    step = idle_emulator.task("report")["properties"]["step"]
    assert base64.b64decode(step["encodedTaskContent"]).decode() == TASK_FILE
    step = idle_emulator.task("purge")["properties"]["step"]
    assert "- cmd: acr purge --filter 'web:.*' --ago 30d\n" in base64.b64decode(step["encodedTaskContent"]).decode()
    state = stack.resources()
    assert state["report"]["inputs"]["step"]["encodedTaskContent"] == base64.b64encode(TASK_FILE.encode()).decode()
    digits = state["web"]["inputs"]["contextHash"].removeprefix("sha256:")
    assert stack.outputs()["tag"] == f"web:{digits[:12]}"
    run_id = state["web"]["outputs"]["runId"]
    content = state["told"]["inputs"]["runRequest"]["encodedTaskContent"]
    assert base64.b64decode(content).decode().endswith(f"- cmd: busybox echo {run_id}\n")
    assert "c4nary" not in json.dumps(state)

    # a state of an older release has no tree: nothing has changed
    stack.pulumi("stack", "export", "--file", "state.json", "--stack", "dev").succeeded()
    older = json.loads((stack.folder / "state.json").read_text())
    for resource in older["deployment"]["resources"]:
        for part in ("inputs", "outputs"):
            resource.get(part, {}).pop("contextTree", None)
    stack.write("older.json", json.dumps(older))
    stack.pulumi("stack", "import", "--file", "older.json", "--stack", "dev").succeeded()
    stack.preview("--expect-no-changes").succeeded()
    stack.pulumi("stack", "import", "--file", "state.json", "--stack", "dev").succeeded()

    # a line of the task file and some files of the context change
    stack.edit("acb.yaml", "echo", "echo hello")
    for name in ("main.py", "lib/a.py", "lib/b.py"):
        stack.write(f"app/{name}", "changed\n")
    screen = stack.preview().succeeded().screen
    assert "PATCH step.encodedTaskContent (line 3)" in screen
    assert "new run (context changed: lib/a.py, lib/b.py, main.py)" in screen
    assert "contextHash" in screen
    assert "contextContents" not in screen
    assert "contextTree" not in screen
    assert "new run (imageNames changed; context changed: lib/a.py, lib/b.py, main.py)" in screen
    stack.up().succeeded()
    assert stack.outputs()["tag"] != f"web:{digits[:12]}"

    # what acr-tasks check says is what preview says
    stack.write("acb.yaml", TASK_FILE.replace("v1.1.0", "v9"))
    checked = subprocess.run(
        [sys.executable, "-m", "pulumi_acr_tasks", "check", "acb.yaml"],
        cwd=stack.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    sentence = "version 'v9' is none of 1.0-preview-1, v1.0.0, v1.1.0"
    assert (checked.returncode, checked.stdout) == (1, f"acb.yaml:1:1: error: {sentence}\n")
    assert (
        f"{stack.host.path('step.encoded_task_content')}: acb.yaml:1:1: {sentence}" in stack.preview().failed().screen
    )
    stack.edit("__main__.py", '"acb.yaml"', '"gone.yaml"')
    assert "__main__.py, line 10: there is no file 'gone.yaml'" in stack.preview().failed().screen

    stack.edit("__main__.py", '"gone.yaml"', '"acb.yaml"')
    stack.write("acb.yaml", TASK_FILE.replace("echo", "echo hello"))
    stack.settles()
