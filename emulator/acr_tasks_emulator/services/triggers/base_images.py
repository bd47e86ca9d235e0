"""Pushes of images, and the tasks' base images that they replace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.services.tasks.documents import is_enabled

_REPLACED_HOSTS = {"registry.hub.docker.com", "docker.io", "mcr.microsoft.com"}
"""Hosts whose images the emulator's registry serves under the same repository names."""
_TAG_AT_END = re.compile(r":[^/:]*$")


@dataclass(frozen=True)
class ImagePush:
    """A push of an image to the emulator's registry under a tag."""

    repository: str
    tag: str
    digest: str


def pushes(content: Any) -> list[ImagePush]:
    """Return the pushed tags in a notification of docker-registry; skip other events and malformed content.

    Its media type is `application/vnd.docker.distribution.events.v1+json`.
    """
    events = content.get("events") if isinstance(content, Mapping) else None
    found = []
    for event in events if isinstance(events, list) else []:
        target = event.get("target") if isinstance(event, Mapping) and event.get("action") == "push" else None
        if isinstance(target, Mapping) and target.get("tag"):
            found.append(ImagePush(str(target.get("repository")), str(target["tag"]), str(target.get("digest"))))
    return found


def moved(push: ImagePush, task: Mapping[str, Any], own_hosts: Iterable[str]) -> list[dict[str, Any]]:
    """Return the base images of a Task that its trigger follows and whose digest a push has changed.

    own_hosts: the names of the emulator's registry. An image that the task itself builds does not start it again.
    """
    properties = task["properties"]
    trigger = (properties.get("trigger") or {}).get("baseImageTrigger")
    if not trigger or not is_enabled(trigger) or not is_enabled(properties):
        return []
    step = properties.get("step") or {}  # a system task may have none
    if push.repository in map(_repository, step.get("imageNames") or []):
        return []
    hosts = {*_REPLACED_HOSTS, *(host.lower() for host in own_hosts)}
    all_kinds = _lower(trigger.get("baseImageTriggerType")) == "all"
    return [
        dependency
        for dependency in step.get("baseImageDependencies") or []
        if (all_kinds or _lower(dependency.get("type")) == "runtime")
        and _lower(dependency.get("registry")) in hosts
        and (dependency.get("repository"), dependency.get("tag")) == (push.repository, push.tag)
        and dependency.get("digest") != push.digest
    ]


def _repository(image: str) -> str:
    """Return the repository of one of a task's image names, which belong to its own registry."""
    host, slash, rest = image.partition("/")
    name = rest if slash and ("." in host or ":" in host or "{{" in host or host.startswith("$")) else image
    return _TAG_AT_END.sub("", name.partition("@")[0])


def _lower(value: Any) -> str:
    return str(value or "").lower()
