"""Rules about where tasks live and how they are labelled."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from acr_task_policies import policies

from ..conftest import NATIVE_RUN, NATIVE_TASK, of_azure_native

RULES = {policy.name: policy for policy in policies()}
Row = tuple[str, str, dict[str, Any], dict[str, Any], list[str]]

REGISTRIES = "acr-task-limit-registries"
LOCATIONS = "acr-task-limit-locations"
PLATFORMS = "acr-task-limit-platforms"
TAGS = "acr-task-require-tags"

ROWS: list[Row] = [
    (REGISTRIES, "task", {}, {"allowed": ["emulator"]}, []),
    (REGISTRIES, "task", {}, {"allowed": ["EMU*"]}, []),
    (LOCATIONS, "task", {"location": "West Europe"}, {"allowed": ["westeurope"]}, []),
    (LOCATIONS, "task", {"location": "westeurope"}, {"allowed": ["West *", "north*"]}, []),
    (LOCATIONS, "task", {}, {"allowed": ["westeurope"]}, []),  # the registry's
    (
        LOCATIONS,
        "task",
        {"location": "eastus"},
        {"allowed": ["westeurope", "north*"]},
        ["location is not an allowed location: choose one of westeurope, north*."],
    ),
    (PLATFORMS, "task", {}, {"allowed": ["linux"]}, []),
    (PLATFORMS, "task", {"platform/architecture": None}, {"allowed": ["linux/amd64"]}, []),
    (PLATFORMS, "task", {"platform/architecture": "arm", "platform/variant": "v7"}, {"allowed": ["linux/arm/*"]}, []),
    (
        PLATFORMS,
        "task",
        {"platform/os": "Windows"},
        {"allowed": ["linux"]},
        ["platform is not an allowed platform: choose one of linux."],
    ),
    (
        PLATFORMS,
        "run",
        {"runRequest/platform/architecture": "arm64"},
        {"allowed": ["linux/amd64"]},
        ["run_request.platform is not an allowed platform: choose one of linux/amd64."],
    ),
    (TAGS, "task", {}, {"required": ["owner"]}, []),
    (TAGS, "task", {}, {"required": ["owner", "cost"]}, ["tags has no value for cost: add each."]),
    (TAGS, "task", {"tags": None}, {"required": ["owner", "cost"]}, ["tags has no value for owner, cost: add each."]),
    (TAGS, "task", {"tags/owner": " "}, {"required": ["owner"]}, ["tags has no value for owner: add each."]),
    (TAGS, "run", {}, {"required": ["owner"]}, []),  # a run has no tags
]


@pytest.mark.parametrize(("rule", "kind", "changes", "config", "expected"), ROWS)
def test_a_spoiled_field_is_reported(
    rule: str, kind: str, changes: dict[str, Any], config: dict[str, Any], expected: list[str], judged: Any
) -> None:
    """Each row spoils one field of the good task or run, and names the sentences that follow."""
    assert judged(rule, kind, changes, config) == expected


@pytest.mark.parametrize("kind", ["task", "run"])
def test_another_registry_is_reported(kind: str, task: dict, run: dict, sentences: Any) -> None:
    """A registry is known by its id or its name, and the sentence names the property that the program has."""
    policy = RULES[REGISTRIES]
    props = {"task": task, "run": run}[kind]
    rest = "is not an allowed registry: choose one of prod*."
    assert sentences(policy, props, allowed=["prod*"]) == [f"registry_id {rest}"]
    native = NATIVE_TASK if kind == "task" else NATIVE_RUN
    assert sentences(policy, of_azure_native(props), resource_type=native, allowed=["prod*"]) == [
        f"registryName {rest}"
    ]


def test_a_glob_with_a_slash_is_held_against_the_id(task: dict, sentences: Any) -> None:
    """A whole resource group can be allowed."""
    assert sentences(RULES[REGISTRIES], task, allowed=["*/resourceGroups/rg/*"]) == []
    assert len(sentences(RULES[REGISTRIES], task, allowed=["*/resourceGroups/other/*"])) == 1


def test_the_remedy_adds_the_defaults_that_are_configured(task: dict, remediated: Any) -> None:
    """A tag without a default stays missing; what is there stays as it is."""
    config = {"required": ["owner", "cost", "team"], "defaults": {"owner": "nobody", "cost": "0815"}}
    (change,) = remediated(RULES[TAGS], task, **config).remediations
    assert MessageToDict(change.properties)["tags"] == {"owner": "platform", "cost": "0815"}
    del task["tags"]
    (change,) = remediated(RULES[TAGS], task, **config).remediations
    assert MessageToDict(change.properties)["tags"] == {"owner": "nobody", "cost": "0815"}
