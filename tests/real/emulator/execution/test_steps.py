"""Steps, with real tools: containers share a workspace, and task files build, push and run."""

from __future__ import annotations

import pytest

from .observed_agents import CANNOT_BE_RUN, LOGIN_SERVER, ObservedAgents, encoded, manifest, needs_registry


@pytest.mark.parametrize(("step", "files", "members", "problem"), CANNOT_BE_RUN)
def test_a_run_that_cannot_start_fails(
    agents: ObservedAgents,
    step: dict[str, object],
    files: dict[str, str] | None,
    members: dict[str, object],
    problem: str,
) -> None:
    """The run ends Failed, with a sentence in its log."""
    outcome, log = agents.run(step, files, **members)
    assert outcome.status == "Failed", log
    assert problem in log


def test_cmd_steps_share_a_workspace(agents: ObservedAgents) -> None:
    """Commands run in containers that share /workspace; a program's exit status is the step's."""
    task = """\
version: v1.1.0
steps:
  - cmd: busybox sh -c 'echo $WORD from $ID > note; pwd'
    env: ["WORD={{.Values.word}}"]
  - cmd: busybox cat note
  - cmd: docker.io/library/busybox ls ../note
    workingDirectory: deeper
  - cmd: busybox sh -c 'exit 7'
"""
    outcome, log = agents.run(encoded(task, values=[{"name": "word", "value": "hello"}]), {"readme": "x"})
    assert "\n/workspace\n" in log
    assert f"\nhello from cf{agents.count}\n" in log
    assert "\n../note\n" in log
    assert outcome.error_message == "failed during run, err: exit status 7"


def test_a_program_that_is_not_in_the_image(agents: ObservedAgents) -> None:
    """A missing program ends the step with 127, as in Docker."""
    outcome, log = agents.run(encoded("steps:\n- cmd: busybox no-such-program"))
    assert outcome.error_message == "failed during run, err: exit status 127"
    assert 'exec: "no-such-program": executable file not found in $PATH' in log


def test_output_past_the_tool(agents: ObservedAgents) -> None:
    """With buildah a container prints into a pipe of ours, as buildah loses last lines on a busy machine; the program
    finds its own environment and search path there.
    """
    files = {"Dockerfile": "FROM busybox\nCOPY ls /own/ls\nRUN chmod 755 /own/ls\n", "ls": "#!/bin/sh\necho own\n"}
    task = """\
version: v1.1.0
steps:
  - build: -t own .
  - cmd: busybox readlink /proc/self/fd/1
  - cmd: own ls
    env: ["PATH=/own:/bin", "IFS=x", "_acb=y"]
  - cmd: busybox env
    env: ["IFS=x", "d=y"]
  - cmd: busybox env
    env: ["dotted.name=kept"]
"""
    outcome, log = agents.run(encoded(task), files)
    assert outcome.status == "Succeeded", log
    assert ("\n/.acb/output\n" in log) == (agents.kind == "buildah")
    assert "\nown\n" in log
    assert "\nd=y\n" in log
    assert "\nPWD=" not in log
    assert "\ndotted.name=kept\n" in log


@needs_registry
def test_a_task_file_that_builds_and_pushes(agents: ObservedAgents) -> None:
    """Steps build, run and push images of their own; only pushed images are reported."""
    task = """\
version: v1.1.0
steps:
  - id: base
    build: -t $Registry/parts/base:$ID -f parts/Dockerfile --build-arg WORD=built parts
  - build: -t $Registry/parts/top -t parts/top .
  - cmd: parts/top /word
  - push: ["$Registry/parts/top", "$Registry/parts/base:$ID"]
"""
    run_id = f"cf{agents.count + 1}"
    files = {
        "acb.yaml": task,
        "parts/Dockerfile": "FROM busybox\nARG WORD\nRUN echo $WORD > /word\n",
        "Dockerfile": f'FROM {LOGIN_SERVER}/parts/base:{run_id}\nENTRYPOINT ["cat", "/word"]\nCMD ["/nothing"]\n',
    }
    outcome, log = agents.run({"type": "FileTask", "taskFilePath": "acb.yaml"}, files)
    assert outcome.status == "Succeeded", log
    assert "\nbuilt\nbuilt\n" in log
    assert [image["repository"] for image in outcome.output_images] == ["parts/top", "parts/base"]
    for image in outcome.output_images:
        assert manifest(agents, image["repository"], image["digest"]).status_code == 200
