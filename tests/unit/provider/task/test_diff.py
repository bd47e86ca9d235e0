"""What counts as a change of a task, and what a difference says of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.provider.task.whole_task import OLD, REMOVED, changed

from pulumi_acr_tasks.schema.definitions import DEFINITIONS
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.task.diff import IGNORED, LOOK_UP, PATCH, REPLACE, RULES, diff
from pulumi_acr_tasks.task.requests import patch_body, put_body


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("registryId", OLD["registryId"] + "2", "registry moves from registry to registry2"),
        ("taskName", "other", "task name changed"),
    ],
)
def test_another_registry_or_name_replaces_the_task(path: str, value: Any, words: str) -> None:
    """A task cannot be moved or renamed."""
    plan = diff(OLD, changed(path, value))
    assert plan.replaces == [path]
    assert str(plan) == f"replace ({words})"


@pytest.mark.parametrize("path", ["registryId", "taskName"])
def test_a_replacing_property_that_is_unknown_replaces_the_task(path: str) -> None:
    """The engine asks with unknowns even while it updates."""
    assert diff(OLD, changed(path, UNKNOWN)).route == REPLACE


@pytest.mark.parametrize(
    ("path", "summary"),
    [
        ("timeout", "PATCH timeout"),
        ("step/imageNames", "PATCH step.imageNames"),
        ("trigger/timerTriggers", "PATCH trigger.timerTriggers"),
        ("trigger/timerTriggers/0/schedule", "PATCH trigger.timerTriggers[t1]"),
        ("trigger/timerTriggers/0/name", "PATCH trigger.timerTriggers"),
        (
            "credentials/customRegistries/A.azurecr.io/password/value",
            "PATCH credentials.customRegistries[a.azurecr.io]",
        ),
        ("tags", "PATCH tags"),
        ("identity/userAssignedIdentities", "PATCH identity"),
    ],
)
def test_an_unknown_value_is_a_change_by_patch(path: str, summary: str) -> None:
    """The request for a value that is not known yet is announced as a PATCH, the likelier one."""
    assert str(diff(OLD, changed(path, UNKNOWN))) == summary


@pytest.mark.parametrize("path", ["platform", "step", "trigger", "credentials"])
def test_an_unknown_object_is_a_change(path: str) -> None:
    """An object of which nothing is known differs from any."""
    assert diff(OLD, changed(path, UNKNOWN)).changes


def test_a_location_is_looked_up_and_patched_by_nothing() -> None:
    """A location that is written down later costs a look at the registry, and is in no PATCH."""
    new = {**changed("timeout", 700), "location": "westeurope"}
    plan = diff(OLD, new)
    assert plan.route == PATCH
    assert str(plan) == "PATCH timeout"
    assert patch_body(plan, OLD, new) == {"properties": {"timeout": 700}}
    assert diff(OLD, {**OLD, "location": "westeurope"}).route == LOOK_UP
    assert diff({**OLD, "location": "West Europe"}, {**OLD, "location": "westeurope"}).route is None
    assert diff({**OLD, "location": "West Europe"}, OLD).route is None


def test_several_changes_are_one_patch() -> None:
    """Everything that changed goes in one request."""
    new = changed("timeout", 700)
    new["step"]["imageNames"] = ["a:3"]
    new["step"]["noCache"] = True
    plan = diff(OLD, new)
    assert str(plan) == "PATCH timeout, step.imageNames, step.noCache"
    assert patch_body(plan, OLD, new) == {
        "properties": {"timeout": 700, "step": {"type": "Docker", "imageNames": ["a:3"], "noCache": True}}
    }


def test_losing_the_system_assigned_identity_is_said() -> None:
    """Its principal id is gone for good, with every role that it had."""
    plan = diff(OLD, changed("identity", REMOVED))
    assert plan.changes[0].words == "the system-assigned identity is removed, its principal id is lost"


def test_what_the_service_sets_is_never_a_change() -> None:
    """Outputs beside the inputs do not differ from anything."""
    outputs = {name: "x" for name in IGNORED if name not in ("adopt", "endpoint")}
    identity = {**OLD["identity"], "principalId": "p", "tenantId": "t"}
    assert diff({**OLD, **outputs, "identity": identity}, OLD).route is None


def test_every_member_of_a_task_has_a_line_in_the_table() -> None:
    """A definition that grows a member needs a decision here."""
    paths = {rule.path for rule in RULES}
    missing = set()
    for name in DEFINITIONS["Task"]:
        if not any(path == name or path.startswith(f"{name}.") for path in paths):
            missing.add(name)
    for step in ("DockerBuildStep", "FileTaskStep", "EncodedTaskStep"):
        missing |= {f"step.{name}" for name in DEFINITIONS[step]} - paths
    for owner, definition in (("platform", "PlatformProperties"), ("trigger", "TriggerProperties")):
        missing |= {f"{owner}.{name}" for name in DEFINITIONS[definition]} - paths
    assert missing == set()


def test_a_first_put_leaves_out_what_there_is_not() -> None:
    """Creating a task sends no identity and no tags that the program does not have."""
    inputs = {"platform": {"os": "Linux"}, "step": {"type": "EncodedTask", "encodedTaskContent": "eA=="}}
    assert put_body(inputs, "westeurope") == {"location": "westeurope", "properties": inputs}
    assert put_body(inputs, "westeurope", replacing=True)["identity"] == {"type": "None"}
