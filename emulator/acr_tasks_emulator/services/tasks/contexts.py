"""Which contexts and image names the service takes (facts, agent sections 4 and 5)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from acr_tasks_emulator.services import errors

SCHEMES = ("https", "http", "git", "oci")
NO_CONTEXT = "/dev/null"
"""What azure-cli sends for a task without a context."""

LONGEST_REPOSITORY = 255
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]+/")
"""The login server of an emulator; those of Azure have no port, which the service refuses."""

_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(f"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def check_context(step: dict[str, Any], trigger: dict[str, Any]) -> None:
    """Refuse a task's context that is neither an absolute address nor beside exactly one source trigger.

    Raises ServiceError.
    """
    context = str(step.get("contextPath") or "")
    if not context or context == NO_CONTEXT:
        return
    if _SCHEME.match(context):
        check_address("contextPath", context)
    elif len(trigger.get("sourceTriggers") or []) != 1:
        raise errors.CONTEXT_UNDEFINED()


def check_address(member: str, address: str) -> None:
    """Refuse an address of a scheme that the service does not fetch, or without a host. Raises ServiceError."""
    match = _SCHEME.match(address)
    if match is None:
        return
    try:
        host = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    if match.group(1).lower() not in SCHEMES or not host:
        raise errors.INVALID_URI(member=member)


def problems_of_images(step: dict[str, Any]) -> list[str]:
    """Return what the service says of the image names of a Docker step or request, one sentence each."""
    return [
        f"DockerBuildStep:Image name '{name}' is invalid. The supported patterns are 'repository' and 'repository:tag'"
        for name in step.get("imageNames") or []
        if not _is_image(str(name))
    ]


def _is_image(name: str) -> bool:
    """Tell whether a name is of a repository, with a tag or without; a template may stand for any part of it."""
    text = _LOOPBACK.sub("", _ACTION.sub("x", name), count=1)
    repository, colon, tag = text.partition(":")
    known = _REPOSITORY.fullmatch(repository) and len(repository) <= LONGEST_REPOSITORY
    return bool(known and (not colon or _TAG.fullmatch(tag)))
