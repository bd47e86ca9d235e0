"""The policy pack, run by the real engine over a real deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..emulator import Emulator
from ..stack import Stack

PACK = str(Path(__file__).resolve().parents[3] / "policies")

PROGRAM = """
from pulumi_acr_tasks import ArgumentArgs, DockerBuildStepArgs, PlatformPropertiesArgs, Task

Task(
    "lax-task",
    timeout=7200,
    platform=PlatformPropertiesArgs(os="Linux"),
    step=DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
        image_names=["hello"],
        arguments=[ArgumentArgs(name="API_TOKEN", value="plain-canary-0815")],
    ),
)
"""

MIXED = """
import pulumi
from pulumi_acr_tasks import ArgumentArgs, DockerBuildStepArgs, PlatformPropertiesArgs, Task

def build(name, step, **more):
    return Task(name, platform=PlatformPropertiesArgs(os="Linux"), step=step, **more)

first = build(
    "first-task",
    DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
        image_names=["hello:{{.Run.ID}}"],
        arguments=[ArgumentArgs(name="KEY", value=pulumi.Output.secret("secret-canary-4711"), is_secret=True)],
    ),
    tags={"team": "api"},
)
build(
    "second-task",
    DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
        image_names=["hello"],  # known, and wrong
        arguments=[ArgumentArgs(name="AFTER", value=first.creation_date)],  # unknown in a preview
    ),
    tags={"team": "web"},
)
"""


def options(folder: Path, **levels: Any) -> list[str]:
    """Return the command line's options for the pack, with these enforcement levels."""
    config = folder / "policy-config.json"
    config.write_text(json.dumps({f"acr-task-{name.replace('_', '-')}": level for name, level in levels.items()}))
    return ["--policy-pack", PACK, "--policy-pack-config", str(config)]


@pytest.mark.both_hosts
def test_policies_advise_forbid_and_remedy(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Advisory lets the update through, mandatory stops it before any request, a remedy changes what is sent."""
    emulator = idle_emulator
    stack = new_stack("policies", program=PROGRAM, **emulator.config)

    # mandatory: nothing is asked of the service, the sentence stands on the screen, the value does not
    mandatory = options(stack.folder, disallow_plain_secret_argument="mandatory")
    forbidden = stack.up(*mandatory).failed()
    assert "[mandatory]" in forbidden.screen
    assert "step.arguments[0]" in forbidden.screen
    assert "plain-canary-0815" not in forbidden.screen
    assert emulator.writes() == []

    # remediation: the limit is what is sent
    remedied = stack.up(*options(stack.folder, limit_timeout={"enforcementLevel": "remediate", "maxSeconds": 1800}))
    assert "acr-task-limit-timeout" in remedied.succeeded().screen
    assert emulator.task("lax-task")["properties"]["timeout"] == 1800

    # advisory: the rules speak, and the update goes through
    advised = stack.up("--policy-pack", PACK).succeeded()
    for rule in ("acr-task-limit-timeout", "acr-task-disallow-plain-secret-argument", "acr-task-disallow-latest-tag"):
        assert rule in advised.screen
    assert "plain-canary-0815" not in advised.screen
    assert emulator.task("lax-task")["properties"]["timeout"] == 7200


def test_presets_unknowns_and_remedies(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """An unknown value hides no known fault, a preset configures the pack, and a remedy keeps secrets secret."""
    stack = new_stack("presets", program=MIXED, **idle_emulator.config)

    # a preview: the tag is reported, although an argument beside it is unknown
    previewed = stack.preview("--policy-pack", PACK).succeeded()
    assert f"{stack.host.path('step.image_names[0]')} has no tag, which means latest" in previewed.screen
    assert "secret-canary-4711" not in previewed.screen

    # the preset `strict` forbids, before any request
    strict = ["--policy-pack", PACK, "--policy-pack-config", f"{PACK}/presets/strict.json"]
    forbidden = stack.up(*strict).failed()
    assert "acr-task-require-base-image-trigger" in forbidden.screen
    assert idle_emulator.writes() == []

    # a remedy adds the tags that are required; what was secret is secret in the state
    tags = {"enforcementLevel": "remediate", "required": ["owner", "team"], "defaults": {"owner": "platform"}}
    stack.up(*options(stack.folder, require_tags=tags)).succeeded()
    assert idle_emulator.task("first-task")["tags"] == {"owner": "platform", "team": "api"}
    assert idle_emulator.task("second-task")["tags"] == {"owner": "platform", "team": "web"}
    assert "secret-canary-4711" not in json.dumps(stack.resources())


RUN = """
from pulumi_acr_tasks import DockerBuildRequestArgs, PlatformPropertiesArgs, Run

Run(
    "web",
    context="./app",
    run_request=DockerBuildRequestArgs(docker_file_path="Dockerfile", platform=PlatformPropertiesArgs(os="Linux")),
)
"""


def test_the_dockerfile_is_found_from_another_folder(
    idle_emulator: Emulator, new_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    """With `pulumi -C`, the pack reads the Dockerfile of the project, and not that of the folder of the shell."""
    stack = new_stack("elsewhere", program=RUN, **idle_emulator.config)
    stack.write("app/Dockerfile", "FROM ghcr.io/contoso/base:1\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text("FROM quay.io/contoso/base:1\n")
    stack.environment["PWD"] = str(tmp_path)
    trusted = options(
        stack.folder, disallow_untrusted_registries={"enforcementLevel": "mandatory", "trusted": ["no.example"]}
    )
    forbidden = stack.preview(*trusted).failed()
    assert "Dockerfile: line 1 names an image of ghcr.io" in forbidden.screen
