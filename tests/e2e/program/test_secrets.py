"""No secret reaches the state in clear, a log, an error or the screen, whatever its characters and its place."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from ..emulator import Emulator
from ..stack import Stack

# Quotes, template braces, shell and format characters, a backslash, a line break, letters beyond ASCII.
ODD = "c4nary'\"{{x}}$HOME%s\\\n€t4il-0815"
CLEAR = ("c4nary", "t4il-0815", "YTogYzRuYXJ5", base64.b64encode(ODD.encode()).decode()[:24])

PROGRAM = f"""
import base64

import pulumi
from pulumi_acr_tasks import *

ODD = {ODD!r}
VALUES = base64.b64encode(b"a: c4nary-in-a-file-t4il-0815").decode()
linux = PlatformPropertiesArgs(os="Linux")
login = CredentialsArgs(custom_registries={{
    "r.example": CustomRegistryCredentialsArgs(
        user_name=SecretObjectArgs(value=ODD, type="Opaque"), password={{"value": ODD, "type": "Opaque"}}
    ),
}})
task_file = base64.b64encode(b"version: v1.1.0\\nsteps:\\n  - cmd: busybox true\\n").decode()
encoded = Task(
    "encoded",
    platform=linux,
    step=EncodedTaskStepArgs(
        encoded_task_content=task_file,
        encoded_values_content=VALUES,
        context_access_token=ODD,
        context_path="https://x:c4nary-in-a-context-t4il-0815@github.com/a/b.git",
        values=[
            {{"name": "hidden", "value": ODD, "is_secret": True}},
            {{"name": "readable", "value": pulumi.Output.secret("c4nary-of-pulumi-t4il-0815")}},
        ],
    ),
    trigger=TriggerPropertiesArgs(source_triggers=[SourceTriggerArgs(
        name="commits",
        source_trigger_events=["commit"],
        source_repository=SourcePropertiesArgs(
            source_control_type="Github",
            repository_url="https://c4nary-for-a-user-t4il-0815@github.com/a/b",
            source_control_auth_properties=AuthInfoArgs(token_type="PAT", token=ODD, refresh_token=ODD),
        ),
    )]),
    credentials=login,
    timeout=600,
)
docker = Task(
    "docker",
    platform=linux,
    step=DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://a.example/b.tar.gz?sv=1&sig=c4nary-signature-t4il-0815",
        arguments=[ArgumentArgs(name="V", value="one"), ArgumentArgs(name="A", value=ODD, is_secret=True)],
    ),
    tags={{"source": "https://x:c4nary-in-a-tag-t4il-0815@github.com/a/b"}},
)
run = Run(
    "run",
    run_request=EncodedTaskRunRequestArgs(
        encoded_task_content=task_file,
        encoded_values_content=VALUES,
        values=[SetValueArgs(name="hidden", value=ODD, is_secret=True)],
        credentials=login,
    ),
    triggers=[{{"source": "https://x:c4nary-in-a-trigger-t4il-0815@github.com/a/b"}}],
)
Run(
    "located",
    context="https://x:c4nary-in-a-run-t4il-0815@github.com/a/b.git",
    run_request={{"type": "FileTaskRunRequest", "taskFilePath": "a.yaml"}},
)
Run(
    "located-by-request",
    run_request=FileTaskRunRequestArgs(
        task_file_path="a.yaml", source_location="https://a.example/b.tar.gz?sig=c4nary-signature-t4il-0815"
    ),
)
pulumi.export("docker", docker.step)
pulumi.export("step", encoded.step)
pulumi.export("request", run.status)
"""


def no_secret_in(text: str) -> None:
    for clear in CLEAR:
        assert clear not in text, f"{clear} is there"


def no_secret_below(folder: Path) -> None:
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    for file in files:
        no_secret_in(file.read_text(encoding="utf-8", errors="replace"))


@pytest.mark.both_hosts
def test_a_canary_in_every_secret_is_never_seen(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Successful commands show no secret, even at the most verbose level with details of every property."""
    emulator = idle_emulator
    stack = new_stack(program=PROGRAM, logLevel="debug", secretDrift="true", **emulator.config)
    screens = [stack.preview("--diff"), stack.up("--diff", "--debug")]
    assert "step.values[1].value: the value of 'readable' is a Pulumi secret" in screens[0].screen
    stack.edit("__main__.py", "timeout=600", "timeout=700")
    stack.edit("__main__.py", 'value="one"', 'value="two"')
    stack.edit("__main__.py", 'name="commits"', 'name="pushes"')  # a PUT
    screens += [stack.up("--diff"), stack.refresh("--diff"), stack.up("--diff", "--debug")]
    # A secret item of a list hides nothing but itself.
    assert '"one" => "two"' in screens[2].screen
    screens[3].changed_nothing()
    screens[4].changed_nothing()
    screens += [stack.pulumi("stack", "export", "--stack", "dev"), stack.pulumi("stack", "output", "--stack", "dev")]
    details = emulator.ask("POST", "/tasks/encoded/listDetails").json()["properties"]
    assert details["credentials"]["customRegistries"]["r.example"]["password"]["value"] == ODD
    assert details["trigger"]["sourceTriggers"][0]["name"] == "pushes"
    for outcome in screens:
        no_secret_in(outcome.succeeded().screen)
    no_secret_below(stack.folder / ".state")
    no_secret_in(stack.destroy("--diff").succeeded().screen)


def test_a_canary_is_not_seen_in_errors(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Neither an error of the program nor a refusal of the service shows a secret."""
    stack = new_stack(program=PROGRAM, logLevel="debug", **idle_emulator.config)
    stack.edit("__main__.py", '"value": ODD, "is_secret"', '"value": [ODD], "is_secret"')
    stack.edit("__main__.py", "encoded_values_content=VALUES,\n        context", "encoded_values_content=ODD, context")
    stack.edit("__main__.py", "refresh_token=ODD", "refresh_token={'x': ODD}")
    wrong = stack.preview("--diff").failed()
    for path in (
        "step.values[0].value: is a list",
        "encoded_values_content: is not base64",
        "refresh_token: is a map",
    ):
        assert stack.host.path(path) in wrong.screen, path
    no_secret_in(wrong.screen)

    stack.write("__main__.py", PROGRAM.replace('"encoded",', '"encoded", location="mars",'))
    refused = stack.up("--diff").failed()
    assert "'mars' is not the location" in refused.screen
    no_secret_in(refused.screen)
    no_secret_below(stack.folder / ".state")
