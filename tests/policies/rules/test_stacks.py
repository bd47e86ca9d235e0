"""Rules about a stack as a whole."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_policy import PolicyResource, PolicyResourceOptions, StackValidationArgs
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, unknown_checking_proxy

from acr_task_policies import policies

from ..conftest import (
    NATIVE_TASK,
    PLUGIN_RUN,
    PLUGIN_TASK,
    RUN,
    TASK,
    as_the_service_spells,
    floats,
    of_azure_native,
    spoiled,
)

RULES = {policy.name: policy for policy in policies()}
TIMERS = "acr-stack-disallow-timer-collisions"
PASSWORDS = "acr-stack-limit-opaque-credentials"
NAMES = "acr-stack-disallow-shared-image-names"


def reported_by(rule: str, resources: Mapping[str, tuple[str, dict[str, Any]]], **config: Any) -> list[tuple[str, str]]:
    """Return the sentences about a stack of resources by name, each with the name of the resource that it is about.

    They are the same for the plugin's types as for the dynamic ones, but for the spelling of paths.
    """
    answers = []
    for tokens in ({}, {TASK: PLUGIN_TASK, RUN: PLUGIN_RUN}):
        listed = [_listed(name, tokens.get(kind, kind), props) for name, (kind, props) in resources.items()]
        reported: list[tuple[str, str]] = []

        def report(sentence: str, urn: str | None = None, reported: list[tuple[str, str]] = reported) -> None:
            reported.append((str(urn).removeprefix("urn::"), sentence))

        RULES[rule].validate(StackValidationArgs(listed, floats(config)), report)  # type: ignore[attr-defined]
        answers.append(reported)
    assert [(urn, as_the_service_spells(sentence)) for urn, sentence in answers[0]] == answers[1]
    return answers[0]


def _listed(name: str, kind: str, props: dict[str, Any]) -> PolicyResource:
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    properties = unknown_checking_proxy(floats(copy.deepcopy(props)))
    return PolicyResource(kind, properties, f"urn::{name}", name, options, None, None, [], {})


def at(schedule: str) -> dict[str, Any]:
    return {"trigger/timerTriggers": [{"name": "t", "schedule": schedule}]}


def test_too_many_tasks_of_one_minute_are_reported(task: dict) -> None:
    """The task beyond the limit is reported with the minute; another registry and a disabled task do not count."""
    elsewhere = {"registryId": task["registryId"].replace("emulator", "other")}
    sentence = "2 tasks of this registry start at Monday 03:00 UTC, and 1 are allowed: move this one to another minute."
    found = reported_by(
        TIMERS,
        {
            "a": (TASK, spoiled(task, at("0 3 * * *"))),
            "b": (NATIVE_TASK, of_azure_native(spoiled(task, at("0 */3 * * 1")))),
            "c": (TASK, spoiled(task, at("0 3 * * *") | elsewhere)),
            "d": (TASK, spoiled(task, at("0 3 * * *") | {"status": "Disabled"})),
            "e": (TASK, spoiled(task, at("1 3 * * *"))),
            "f": (TASK, spoiled(task, {"trigger/timerTriggers": UNKNOWN_ARRAY_VALUE})),
        },
        max=1,
    )
    assert found == [("b", sentence)]


def test_a_password_in_many_resources_is_reported(task: dict, run: dict) -> None:
    """Each resource beyond the limit is reported with the host; a key vault's secret does not count."""
    opaque = {"customRegistries": {"r.example": {"userName": {"value": "u"}, "password": {"value": "p"}}}}
    vaulted = {"customRegistries": {"r.example": {"password": {"value": "https://v.example/s", "type": "Vaultsecret"}}}}
    found = reported_by(
        PASSWORDS,
        {
            "a": (TASK, spoiled(task, {"credentials": opaque})),
            "b": (RUN, spoiled(run, {"runRequest/credentials": opaque})),
            "c": (TASK, spoiled(task, {"credentials": vaulted})),
        },
        max=1,
    )
    assert found == [("b", "2 resources hold the password of r.example, 1 are allowed: keep it in a key vault.")]


@pytest.mark.parametrize(
    ("name", "other", "shared"),
    [
        ("web:v1", "web:v1", True),
        ("web", "web:latest", True),
        ("$Registry/web:v1", "{{.Run.Registry}}/web:v1", True),
        ("web:v1", "web:v2", False),
        ("web:{{.Run.ID}}", "web:{{.Run.ID}}", False),
    ],
)
def test_a_name_that_two_resources_push_is_reported(name: str, other: str, shared: bool, task: dict, run: dict) -> None:
    """The second resource is reported with the first; a name with the run's id is another one at each run."""
    resources = {
        "a": (TASK, spoiled(task, {"step/imageNames": [name]})),
        "b": (RUN, spoiled(run, {"runRequest/imageNames": ["other:1", other]})),
    }
    sentence = "run_request.image_names[1] is pushed by a too: give one of them another name."
    assert reported_by(NAMES, resources) == ([("b", sentence)] if shared else [])
