"""What of a task the service shows: everything in listDetails, secrets masked anywhere else (facts section 4.4)."""

from __future__ import annotations

import copy
from typing import Any


def masked(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task as PUT, PATCH, GET and LIST show it.

    Registry credentials keep their hosts and lose their values; secret arguments and values are left out whole, as in
    the official examples; tokens are left out.
    """
    shown = copy.deepcopy(task)
    properties = shown["properties"]
    step = properties["step"]
    step.pop("contextAccessToken", None)
    for name in ("arguments", "values"):
        if name in step:
            step[name] = [item for item in step[name] if not item.get("isSecret")]
    for source in properties.get("trigger", {}).get("sourceTriggers", []):
        source["sourceRepository"].pop("sourceControlAuthProperties", None)
    registries = properties.get("credentials", {}).get("customRegistries")
    if registries is not None:
        properties["credentials"]["customRegistries"] = dict.fromkeys(registries)
    return shown
