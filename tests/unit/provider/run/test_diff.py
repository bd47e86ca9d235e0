"""The difference between a run's outputs and its new inputs."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_acr_tasks.run.diff import details, diff_run
from pulumi_acr_tasks.schema.values import UNKNOWN

REGISTRY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/emulator"
INPUTS: dict[str, Any] = {
    "registryId": REGISTRY,
    "runRequest": {"type": "DockerBuildRequest", "imageNames": ["a"], "platform": {"os": "Linux"}},
    "context": "app",
    "contextHash": "sha256:1",
}
OUTPUTS = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": ["r/a@sha256:1"]}


def request(**members: Any) -> dict[str, Any]:
    return {"runRequest": {**INPUTS["runRequest"], **members}}


def test_another_address_is_another_run() -> None:
    """The content at an address cannot be compared; a folder that moved is compared by its hash."""
    old, new = ({**INPUTS, "context": f"https://example.com/{name}.git", "contextHash": None} for name in "ab")
    plan = diff_run(old, new)
    assert (plan.replaces, plan.local, plan.summary) == (["context"], [], "new run (context changed)")
    assert diff_run(INPUTS, {**INPUTS, "context": "moved"}).replaces == []


def test_nothing_changed() -> None:
    """The service's outputs are not compared with inputs."""
    plan = diff_run(OUTPUTS, INPUTS)
    assert (plan.replaces, plan.archive, plan.local, plan.summary) == ([], False, [], "")


@pytest.mark.parametrize(
    ("change", "replaces", "summary"),
    [
        ({"contextHash": "sha256:2"}, ["contextHash"], "new run (context changed)"),
        ({"contextHash": UNKNOWN}, ["contextHash"], "new run (context not known yet)"),
        ({"triggers": ["2"]}, ["triggers"], "new run (triggers changed)"),
        ({"triggers": [UNKNOWN]}, ["triggers"], "new run (triggers not known yet)"),
        (request(imageNames=["b"]), ["runRequest"], "new run (imageNames changed)"),
        (request(imageNames=[UNKNOWN]), ["runRequest"], "new run (imageNames not known yet)"),
        (request(noCache=True, target="x"), ["runRequest"], "new run (noCache, target changed)"),
        ({"runRequest": UNKNOWN}, ["runRequest"], "new run (runRequest not known yet)"),
        ({"registryId": REGISTRY + "2"}, ["registryId"], "new run (registry moves from emulator to emulator2)"),
        (
            {"registryId": REGISTRY.replace("/s/resourceGroups/rg", "/t/resourceGroups/other"), "triggers": [UNKNOWN]},
            ["registryId", "triggers"],
            "new run (resource group moves from rg to other, subscription moves from s to t; triggers not known yet)",
        ),
        (
            {"contextHash": "sha256:2", **request(imageNames=["b"], isArchiveEnabled=True)},
            ["runRequest", "contextHash"],
            "new run (imageNames, context changed)",
        ),
    ],
)
def test_a_new_run(change: dict[str, Any], replaces: list[str], summary: str) -> None:
    """Request, context, triggers and registry force one; an unknown value counts as changed."""
    plan = diff_run(OUTPUTS, {**INPUTS, **change})
    assert (plan.replaces, plan.summary) == (replaces, summary)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"triggers": ["2"], "logs": "none"}, {"triggers": "add", "logs": "add"}),
        ({"contextHash": None}, {"contextHash": "delete"}),
        (request(imageNames=["b"], target="x"), {"runRequest.imageNames": "update", "runRequest.target": "add"}),
        (request(isArchiveEnabled=True), {"runRequest.isArchiveEnabled": "add"}),
        (request(credentials={"a": {}}), {"runRequest.credentials": "add"}),
        ({"runRequest": UNKNOWN}, {"runRequest": "update"}),
        ({}, {}),
    ],
)
def test_each_change_has_a_path_and_a_kind(change: dict[str, Any], kinds: dict[str, str]) -> None:
    """The engine shows these, and applies its options to them."""
    news = {**INPUTS, **change}
    assert details(diff_run(OUTPUTS, news), OUTPUTS, news) == kinds


def test_the_archive_alone_is_a_patch() -> None:
    """Left out and false are the same."""
    assert not diff_run(OUTPUTS, {**INPUTS, **request(isArchiveEnabled=False)}).archive
    plan = diff_run(OUTPUTS, {**INPUTS, **request(isArchiveEnabled=True)})
    assert (plan.replaces, plan.archive, plan.summary) == ([], True, "PATCH isArchiveEnabled")


@pytest.mark.parametrize("name", ["wait", "queueTimeout", "logs", "cancelOnDelete", "context"])
def test_local_behaviour_changes_nothing_at_the_service(name: str) -> None:
    """It is an update without a request; a context under another name holds the same."""
    plan = diff_run(OUTPUTS, {**INPUTS, name: "other"})
    assert (plan.replaces, plan.archive, plan.local, plan.summary) == ([], False, [name], "")


def test_ids_compare_without_case() -> None:
    """The service compares them so too."""
    assert diff_run(OUTPUTS, {**INPUTS, "registryId": REGISTRY.upper()}).replaces == []


_FULL: dict[str, Any] = {
    "type": "DockerBuildRequest",
    "imageNames": ["a", "b"],
    "dockerFilePath": "Dockerfile",
    "sourceLocation": "https://example.com/a.git",
    "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "2", "isSecret": True}],
    "platform": {"os": "Linux"},
    "credentials": {"customRegistries": {"a.example": {"password": {"value": "p", "type": "Opaque"}}}},
}


@pytest.mark.parametrize(
    "change",
    [
        {"platform": {"os": "linux"}},
        {"platform": {"os": "Linux", "architecture": "AMD64"}},
        {"platform": None},
        {"type": "dockerbuildrequest"},
        {"dockerFilePath": None},
        {"isPushEnabled": True, "noCache": False, "timeout": 3600, "agentConfiguration": {"cpu": 2}},
        {"isArchiveEnabled": False},
        {"arguments": [{"name": "y", "value": "2", "isSecret": True}, {"name": "x", "value": "1", "isSecret": False}]},
        {"sourceLocation": "https://user:another-token@example.com/a.git"},
        {"credentials": {"customRegistries": {"A.example": {"password": {"value": "rotated"}}}}},
        {"credentials": {"customRegistries": {"a.example": {"password": {"value": UNKNOWN}}}}},
        {"credentials": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("back", [False, True])
def test_an_equal_request_is_not_a_new_run(change: dict[str, Any], back: bool) -> None:
    """Spelling, defaults, the order of named arguments and credentials do not matter."""
    old, new = {**INPUTS, "runRequest": _FULL}, {**INPUTS, "runRequest": {**_FULL, **change}}
    plan = diff_run(new, old) if back else diff_run(old, new)
    assert (plan.replaces, plan.archive, plan.summary) == ([], False, "")
    assert plan.local == (["runRequest"] if "credentials" in change else [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"imageNames": ["b", "a"]}, "imageNames changed"),
        ({"arguments": [{"name": "x", "value": "1"}]}, "arguments changed"),
        (
            {"arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "3", "isSecret": True}]},
            "arguments changed",
        ),
        ({"platform": {"os": "Linux", "architecture": "arm"}}, "platform changed"),
        ({"sourceLocation": "https://example.com/b.git"}, "sourceLocation changed"),
        ({"type": "FileTaskRunRequest"}, "type changed"),
        ({"timeout": 600, "target": UNKNOWN}, "timeout changed; target not known yet"),
    ],
    ids=str,
)
def test_a_changed_request_is_a_new_run_with_a_reason(change: dict[str, Any], reason: str) -> None:
    """The order of image names is that of image_refs; a secret argument may change the image."""
    plan = diff_run({**INPUTS, "runRequest": _FULL}, {**INPUTS, "runRequest": {**_FULL, **change}})
    assert (plan.replaces, plan.summary) == (["runRequest"], f"new run ({reason})")


def test_a_rotated_token_in_an_address_is_not_a_new_run() -> None:
    """It fetches the same files."""
    old, new = ({**INPUTS, "context": f"https://{who}@example.com/a.git", "contextHash": None} for who in ("a", "u:b"))
    assert diff_run(old, new).replaces == []
    assert diff_run(old, new).local == ["context"]


@pytest.mark.parametrize("status", ["Queued", "Running", "Failed", None])
def test_a_run_that_is_to_be_awaited_now_is_awaited(status: str | None) -> None:
    """The recorded run is awaited unless it is known to have succeeded."""
    olds = {**OUTPUTS, "wait": False, "status": status}
    plan = diff_run(olds, {**INPUTS, "wait": True})
    assert (plan.replaces, plan.awaits, plan.summary) == ([], True, "await the recorded run")
    assert not diff_run({**olds, "status": "Succeeded"}, {**INPUTS, "wait": True}).awaits


@pytest.mark.parametrize("status", ["Failed", "Canceled", "Error", "Timeout"])
def test_a_run_that_failed_without_being_awaited_is_run_again(status: str) -> None:
    """A refresh has recorded its final status."""
    olds = {**OUTPUTS, "wait": False, "status": status}
    plan = diff_run(olds, {**INPUTS, "wait": False})
    assert (plan.replaces, plan.summary) == (["status"], f"new run (the last one ended as {status})")
    changed = diff_run(olds, {**INPUTS, "wait": False, "triggers": ["2"]})
    assert (changed.replaces, changed.summary) == (["triggers"], "new run (triggers changed)")
