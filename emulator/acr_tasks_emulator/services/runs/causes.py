"""The causes of triggered runs: a timer, a source event, a push of a base image."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import round_trip
from acr_tasks_emulator.services.triggers.base_images import ImagePush
from acr_tasks_emulator.services.triggers.schedules import occurrence_text
from acr_tasks_emulator.services.triggers.source_events import COMMIT, SourceEvent


@dataclass(frozen=True)
class Cause:
    """The members that a trigger adds to the run that it starts.

    member, value: the member of RunProperties that names the trigger. triggered_by: the value of
    `{{.Run.TriggeredBy}}`, in the words of `az acr task list-runs`. reference: the commit to build instead of the
    context's own branch, None for that branch. git: `{{.Run.Commit}}` and the like, by name.
    """

    member: str
    value: dict[str, Any]
    triggered_by: str
    reference: str | None = None
    git: dict[str, str] = field(default_factory=dict)


def of_timer(name: str, due: datetime) -> Cause:
    """Return the cause for a timer that is due."""
    return Cause("timerTrigger", {"timerTriggerName": name, "scheduleOccurrence": occurrence_text(due)}, "Timer")


def of_source(event: SourceEvent, repository_url: str, identifier: str | None) -> Cause:
    """Return the cause for a source event. identifier: the git host's id of the delivery."""
    value = {
        "id": identifier or str(uuid.uuid4()),
        "eventType": event.kind,
        "commitId": event.commit,
        "pullRequestId": event.pull_request,
        "repositoryUrl": repository_url,
        "branchName": event.branch,
        "providerType": event.provider,
    }
    return Cause(
        "sourceTrigger",
        {name: text for name, text in value.items() if text is not None},
        "Commit" if event.kind == COMMIT else "Pull Request",
        reference=event.commit,
        git={"Commit": event.commit, "Branch": event.branch, "Repository": repository_url},
    )


def of_base_images(dependencies: Iterable[dict[str, Any]], push: ImagePush, now: datetime) -> Cause:
    """Return the cause for a push that replaced base images."""
    images = [
        {"registry": each["registry"], "repository": push.repository, "tag": push.tag, "digest": push.digest}
        for each in dependencies
    ]
    value = {"id": str(uuid.uuid4()), "timestamp": round_trip(now), "images": images}
    return Cause("imageUpdateTrigger", value, "Image Update")
