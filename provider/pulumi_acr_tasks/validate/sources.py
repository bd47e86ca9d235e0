"""Rules for the addresses of contexts, which the service's agent has to fetch."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pulumi_acr_tasks.validate.problem import Problem, member_path

SCHEMES = ("git", "http", "https", "oci")
"""The schemes of addresses that the agent can fetch."""

NO_CONTEXT = "/dev/null"

_WANTED = (
    "a task's context is an absolute address (https://….git#branch:folder), or a path within the repository of exactly "
    "one source trigger; only a Run takes a local folder"
)
_SSH = re.compile(r"(?:ssh://|git\+ssh://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)
_ARCHIVE = re.compile(r"/(?:archive|tree|blob|releases|raw|tarball|zipball)/", re.IGNORECASE)


def check_address(address: str, path: str) -> list[Problem]:
    """Return why the service cannot fetch an absolute address; nothing for a relative one."""
    if _SSH.match(address):
        return [Problem(path, "is an ssh address, for which the agent has no key; write https://, with a token")]
    if "://" not in address:
        return []
    try:
        parts = urlsplit(address)
    except ValueError:
        return [Problem(path, "is not an address: the text in [ ] is not an IPv6 address")]
    if parts.scheme.lower() not in SCHEMES:
        return [Problem(path, f"is an address of {parts.scheme}; the service fetches {', '.join(SCHEMES)}")]
    if not parts.netloc:
        return [Problem(path, "is an address without a host")]
    if address != "".join(address.split()):
        warning = (
            "has a blank or a line break, with which the service may refuse it as no address; take it out, or write %20"
        )
        return [Problem(path, warning, warning=True)]
    return _check_github(parts.netloc.lower(), parts.path, parts.fragment, path)


def _check_github(host: str, where: str, fragment: str, path: str) -> list[Problem]:
    """Return why an address of GitHub is not a repository.

    The service treats every host with github in its name as git, and appends .git to the address.
    """
    host = host.rpartition("@")[2]
    if "github" not in host or not (_ARCHIVE.search(where) or host.startswith("codeload.")):
        return []
    segments = [segment for segment in where.split("/") if segment]
    repository = "/".join(segments[:2]) or "owner/name"
    return [
        Problem(
            path,
            "is not a repository, and the service treats every host with github in its name as git: give "
            f"https://github.com/{repository}.git#<branch or commit>:<folder>, or an archive at another host",
        )
    ]


def check_context_path(step: dict[str, Any], sources: int | None, path: str) -> list[Problem]:
    """Return the problems of the context of a task's step.

    `sources`: the number of the task's source triggers, None while it is unknown. A relative context belongs to the
    repository of exactly one source trigger.
    """
    type_, context = str(step.get("type") or "").lower(), step.get("contextPath")
    at = member_path(path, "contextPath")
    if type_ not in ("docker", "filetask", "encodedtask") or (context is not None and not isinstance(context, str)):
        return []
    if context == NO_CONTEXT:
        return (
            []
            if type_ == "encodedtask"
            else [Problem(at, "is '/dev/null'; only an EncodedTask can do without a context")]
        )
    if context and ("://" in context or _SSH.match(context)):
        return check_address(context, at)
    if context is None or sources in (1, None) or re.match(r"github\.com/", context, re.IGNORECASE):
        return []
    # A token may stand before an @ or after a question mark.
    shown = f"is {context!r}" if not set(context) & set("@?") else "is not an absolute address"
    return [Problem(at, f"{shown}; {_WANTED}")]
