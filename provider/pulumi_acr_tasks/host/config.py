"""Every key of the configuration: the SDK gives a value only to those who know its key.

A provider that does not see the other keys cannot tell a misspelt key from one that is not set.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

LOST = "misspelt keys of the configuration: they are ignored"


def configuration(req: Any) -> dict[str, Any] | None:
    """Return all that the engine told the provider at `configure`, by its full key; None when the SDK hides it."""
    props = getattr(req.config, "_props", None)
    return dict(props) if isinstance(props, Mapping) else None


def project() -> str:
    """Return the name of the project that the engine deploys."""
    return os.environ.get("PULUMI_PROJECT", "")


def attach() -> None:
    """Check that the keys can be seen.

    Raises LookupError when they cannot.
    """
    from pulumi.dynamic import Config, ConfigureRequest

    if configuration(ConfigureRequest(Config({"a:b": "c"}, "a"))) != {"a:b": "c"}:
        raise LookupError("the SDK's configuration does not hold its keys where they were")
