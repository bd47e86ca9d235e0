"""A task with a Docker step, and what its check finds."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task.check import check as check_task
from pulumi_acr_tasks.validate.problem import Problem

SETTINGS = Settings.load({"endpoint": "embedded"}.get, {})
REGISTRY = {"subscriptionId": "s", "resourceGroupName": "rg", "registryName": "emulator"}
LINUX = {"platform": {"os": "Linux"}}


def task(step: dict[str, Any], **more: Any) -> list[Problem]:
    """Return the problems of a task with this step."""
    return check_task({**REGISTRY, **LINUX, "taskName": "build", "step": step, **more}, {}, "embedded")[1]


def docker(**more: Any) -> dict[str, Any]:
    """Return a Docker step whose context is a repository."""
    return {"type": "Docker", "dockerFilePath": "Dockerfile", "contextPath": "https://example.com/app.git", **more}
