"""The policy pack, run by the real engine over a real deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .emulator import Emulator
from .stack import Stack

PACK = str(Path(__file__).resolve().parents[2] / "policies")

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


def options(folder: Path, **levels: Any) -> list[str]:
    """The command line's options for the pack, with these enforcement levels."""
    config = folder / "policy-config.json"
    config.write_text(json.dumps({f"acr-task-{name.replace('_', '-')}": level for name, level in levels.items()}))
    return ["--policy-pack", PACK, "--policy-pack-config", str(config)]


def test_policies_advise_forbid_and_remedy(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Advisory lets the update through, mandatory stops it before any request, a remedy changes what is sent."""
    stack = new_stack("policies", program=PROGRAM, **emulator.config)

    # mandatory: nothing is asked of the service, the sentence stands on the screen, the value does not
    mandatory = options(stack.folder, disallow_plain_secret_argument="mandatory")
    forbidden = stack.up("--skip-preview", *mandatory).failed()
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
    stack.settles()
