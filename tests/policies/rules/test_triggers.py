"""Rules about what starts a task."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import encoded

Row = tuple[str, str, dict[str, Any], dict[str, Any], list[str]]

BASE = "acr-task-require-base-image-trigger"
PULL = "acr-task-disallow-pull-request-trigger-with-secrets"

MISSING = "trigger.base_image_trigger is missing: add one, so that a patched base image is built in."
DISABLED = "trigger.base_image_trigger is disabled: enable it, so that a patched base image is built in."
ENCODED = {"step/type": "EncodedTask", "step/arguments": None, "step/imageNames": None}


def source(*events: str, **more: Any) -> dict[str, Any]:
    return {"trigger/sourceTriggers": [{"name": "git", "sourceTriggerEvents": list(events), **more}]}


def reads(*paths: str) -> str:
    return (
        "trigger.source_triggers[0].source_trigger_events[1] lets pull requests read "
        f"{', '.join(paths)}: remove the event, or these from the task."
    )


SECRET = "step.arguments[0]"
PLAIN = {"step/arguments": None}
ROWS: list[Row] = [
    (BASE, "task", {"trigger/baseImageTrigger": None}, {}, [MISSING]),
    (BASE, "task", {"trigger": None}, {}, [MISSING]),
    (BASE, "task", {"trigger/baseImageTrigger/status": "disabled"}, {}, [DISABLED]),
    (BASE, "task", {"trigger": None, "status": "Disabled"}, {}, []),
    (BASE, "task", {"trigger": None, "step": {"type": "FileTask", "taskFilePath": "acb.yaml"}}, {}, []),
    (
        BASE,
        "task",
        {"trigger": None, **ENCODED, "step/encodedTaskContent": encoded("steps:\n  - cmd: bash echo")},
        {},
        [],
    ),
    (
        BASE,
        "task",
        {"trigger": None, **ENCODED, "step/encodedTaskContent": encoded("steps:\n  - build: -t a:1 .")},
        {},
        [MISSING],
    ),
    (BASE, "run", {}, {}, []),
    (PULL, "task", source("commit", "pullrequest"), {}, [reads(SECRET)]),
    (PULL, "task", source("commit", "PullRequest"), {}, [reads(SECRET)]),
    (PULL, "task", source("commit"), {}, []),
    (PULL, "task", source("commit", "pullrequest", status="Disabled"), {}, []),
    (PULL, "task", source("commit", "pullrequest") | PLAIN, {}, []),
    (
        PULL,
        "task",
        source("commit", "pullrequest") | PLAIN | {"identity": {"type": "SystemAssigned"}},
        {},
        [reads("identity")],
    ),
    (PULL, "task", source("commit", "pullrequest") | PLAIN | {"identity": {"type": "None"}}, {}, []),
    (
        PULL,
        "task",
        source("commit", "pullrequest") | PLAIN | {"credentials/customRegistries/r.example/password/value": "p"},
        {},
        [reads('credentials.custom_registries["r.example"]')],
    ),
]


@pytest.mark.parametrize(("rule", "kind", "changes", "config", "expected"), ROWS)
def test_a_spoiled_field_is_reported(
    rule: str, kind: str, changes: dict[str, Any], config: dict[str, Any], expected: list[str], judged: Any
) -> None:
    """Each row spoils one field of the good task or run, and names the sentences that follow."""
    assert judged(rule, kind, changes, config) == expected
