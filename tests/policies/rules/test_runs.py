"""Rules about runs."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from acr_task_policies.rules.runs.disallow_az_command import disallow_az_command

Row = tuple[str, str, dict[str, Any], dict[str, Any], list[str]]

WAIT = "acr-run-require-wait"
ARCHIVE = "acr-run-require-archive"
BRANCH = "acr-run-disallow-remote-branch"

UNARCHIVED = (
    "run_request.is_archive_enabled is not true: set it to true, so that the run is kept for longer than 30 days."
)
COMMIT = "#" + "0123456789abcdef0123" * 2


def moving(path: str) -> str:
    return f"{path} is a repository without a commit: add #<commit> with its 40 digits, so that builds repeat."


def at(address: str) -> dict[str, Any]:
    return {"context": None, "runRequest/sourceLocation": address}


ROWS: list[Row] = [
    (ARCHIVE, "run", {"runRequest/isArchiveEnabled": None}, {}, [UNARCHIVED]),
    (ARCHIVE, "run", {"runRequest/isArchiveEnabled": False}, {}, [UNARCHIVED]),
    (ARCHIVE, "task", {}, {}, []),
    (BRANCH, "run", at("https://github.com/contoso/app"), {}, [moving("run_request.source_location")]),
    (BRANCH, "run", at("https://github.com/contoso/app.git#main"), {}, [moving("run_request.source_location")]),
    (BRANCH, "run", at("https://git.example/app.git#v1:src"), {}, [moving("run_request.source_location")]),
    (BRANCH, "run", at("git@git.example:app.git"), {}, [moving("run_request.source_location")]),
    (BRANCH, "run", at(f"https://github.com/contoso/app.git{COMMIT}"), {}, []),
    (BRANCH, "run", at(f"https://git.example/app.git{COMMIT}:src"), {}, []),
    (BRANCH, "run", at("https://files.example/app.tar.gz"), {}, []),
    (BRANCH, "run", at("source/2026/app.tar.gz"), {}, []),
    (BRANCH, "task", {"step/contextPath": "https://github.com/contoso/app.git"}, {}, []),
]


@pytest.mark.parametrize(("rule", "kind", "changes", "config", "expected"), ROWS)
def test_a_spoiled_field_is_reported(
    rule: str, kind: str, changes: dict[str, Any], config: dict[str, Any], expected: list[str], judged: Any
) -> None:
    """Each row spoils one field of the good task or run, and names the sentences that follow."""
    assert judged(rule, kind, changes, config) == expected


def test_a_run_that_is_not_awaited_is_reported(judged: Any) -> None:
    """Only False is reported: waiting is the default."""
    expected = "wait is false: set it to true, so that a run that fails also fails the deployment."
    assert judged(WAIT, "run", {"wait": False}, {}, only_ours=True) == [expected]
    assert judged(WAIT, "run", {"wait": None}, {}) == []


def test_a_branch_as_the_context_of_a_run_is_reported(judged: Any) -> None:
    """A context may be an address too; a local folder is none."""
    context = {"context": "https://github.com/contoso/app.git#main"}
    assert judged(BRANCH, "run", context, {}, only_ours=True) == [moving("context")]
    assert judged(BRANCH, "run", {"context": "./github.com/app"}, {}, only_ours=True) == []


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        (
            {"create": "az acr build -r contoso -t web:v1 app"},
            "create runs az acr build: declare a Run of pulumi_acr_tasks instead, "
            "which previews, shows the log and hands on digests.",
        ),
        (
            {"create": "true", "update": "cd app && az.cmd acr  task create -n t"},
            "update runs az acr task: declare a Task of pulumi_acr_tasks instead, "
            "which previews, shows the log and hands on digests.",
        ),
        ({"create": "az acr login -n contoso"}, None),
        ({"create": "blaze acr build"}, None),
        ({"create": UNKNOWN_STRING_VALUE}, None),
        ({"create": 5, "update": None}, None),
    ],
)
def test_a_local_command_that_builds_is_pointed_to_run(props: dict, expected: str | None, sentences: Any) -> None:
    """`az acr build`, `run` and `task` have resources of their own."""
    found = sentences(disallow_az_command, props, resource_type="command:local:Command")
    assert found == ([expected] if expected else [])
