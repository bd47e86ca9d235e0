"""What becomes of a run when its arguments change."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_acr_tasks.plan.run import diff_run
from pulumi_acr_tasks.plan.values import UNKNOWN

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
    """Its content cannot be compared; a folder that moved is compared by its hash."""
    old, new = ({**INPUTS, "context": f"https://example.com/{name}.git", "contextHash": None} for name in "ab")
    plan = diff_run(old, new)
    assert (plan.replaces, plan.local, plan.summary) == (["context"], [], "new run (context changed)")
    assert diff_run(INPUTS, {**INPUTS, "context": "moved"}).replaces == []


def test_nothing_changed() -> None:
    """Outputs of the service are no inputs."""
    plan = diff_run(OUTPUTS, INPUTS)
    assert (plan.replaces, plan.archive, plan.local, plan.summary) == ([], False, [], "")


@pytest.mark.parametrize(
    ("change", "replaces", "summary"),
    [
        ({"contextHash": "sha256:2"}, ["contextHash"], "new run (context changed)"),
        ({"contextHash": UNKNOWN}, ["contextHash"], "new run (context changed)"),
        ({"triggers": ["2"]}, ["triggers"], "new run (triggers changed)"),
        ({"triggers": [UNKNOWN]}, ["triggers"], "new run (triggers changed)"),
        (request(imageNames=["b"]), ["runRequest"], "new run (image_names changed)"),
        (request(imageNames=[UNKNOWN]), ["runRequest"], "new run (image_names changed)"),
        (request(noCache=True, target="x"), ["runRequest"], "new run (no_cache, target changed)"),
        ({"runRequest": UNKNOWN}, ["runRequest"], "new run (run_request changed)"),
        ({"registryId": REGISTRY + "2"}, ["registryId"], "new run (registry_id changed)"),
        (
            {"contextHash": "sha256:2", **request(imageNames=["b"], isArchiveEnabled=True)},
            ["runRequest", "contextHash"],
            "new run (image_names, context changed)",
        ),
    ],
)
def test_a_new_run(change: dict[str, Any], replaces: list[str], summary: str) -> None:
    """Request, context, triggers and registry force one; something unknown counts as changed."""
    plan = diff_run(OUTPUTS, {**INPUTS, **change})
    assert (plan.replaces, plan.summary) == (replaces, summary)


def test_the_archive_alone_is_a_patch() -> None:
    """Left out and false are the same."""
    assert not diff_run(OUTPUTS, {**INPUTS, **request(isArchiveEnabled=False)}).archive
    plan = diff_run(OUTPUTS, {**INPUTS, **request(isArchiveEnabled=True)})
    assert (plan.replaces, plan.archive, plan.summary) == ([], True, "PATCH is_archive_enabled")


@pytest.mark.parametrize("name", ["wait", "queueTimeout", "logs", "cancelOnDelete", "context"])
def test_local_behaviour_changes_nothing_at_the_service(name: str) -> None:
    """It is an update without a request; a context under another name holds the same."""
    plan = diff_run(OUTPUTS, {**INPUTS, name: "other"})
    assert (plan.replaces, plan.archive, plan.local, plan.summary) == ([], False, [name], "")


def test_ids_compare_without_case() -> None:
    """As the service's own do."""
    assert diff_run(OUTPUTS, {**INPUTS, "registryId": REGISTRY.upper()}).replaces == []
