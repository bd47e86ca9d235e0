"""Members that people know from other versions of the API or other tools, and what to write in place of them.

(Source: azure-spec, the versions beside 2019-04-01.)
"""

from __future__ import annotations

from pulumi_acr_tasks.schema.definitions import snake_case

_PREVIEW_2019 = "2019-06-01-preview"
_PREVIEW_2025 = "2025-03-01-preview"

_LATER = {
    ("BaseImageTrigger", "updateTriggerEndpoint"): (_PREVIEW_2019, "leave it out"),
    ("BaseImageTrigger", "updateTriggerPayloadType"): (_PREVIEW_2019, "leave it out (Default is the default)"),
    ("Task", "agentPoolName"): (_PREVIEW_2019, "leave it out; runs go to the service's own agents"),
    ("Task", "isSystemTask"): (_PREVIEW_2019, "leave it out"),
    ("Task", "logTemplate"): (_PREVIEW_2019, "leave it out"),
    ("SourceRegistryCredentials", "identity"): (
        _PREVIEW_2025,
        "leave it out; a task of a registry with ABAC permissions is made with az acr task",
    ),
}
_OF_REQUESTS = dict.fromkeys(("agentPoolName", "logTemplate"), (_PREVIEW_2019, "leave it out"))


def hint(definition: str, name: str, value: object) -> str | None:
    """Return what to do about a member that the definition does not have; None when nothing is known of it."""
    if (definition, name) == ("TaskRunRequest", "taskId"):
        task = value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else ""
        return f"belongs to later versions of the API; give task_name{f' ({task!r})' if task else ''} in place of it"
    if (definition, name) == ("TaskRunRequest", "overrideTaskStepProperties"):
        return f"belongs to {_PREVIEW_2019}; under 2019-04-01 only values can be overridden: give values"
    version, cure = _LATER.get((definition, name), (None, ""))
    if version is None and definition.endswith("Request"):
        version, cure = _OF_REQUESTS.get(name, (None, ""))
    return None if version is None else f"belongs to {version} of the API, not to 2019-04-01: {cure}"


def without(definition: str, name: str, members: object) -> bool:
    """Return whether a missing member needs no word, as one of `members` has had a hint that names it."""
    return (definition, snake_case(name)) == ("TaskRunRequest", "task_name") and "taskId" in (
        members if isinstance(members, dict) else {}
    )
