"""The private parts of the SDK that the program's side uses; each guarded, with the stock behaviour as the fallback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi


def has_hooks() -> bool:
    """Return whether the CLI calls resource hooks; a CLI without them would refuse the resource."""
    try:
        from pulumi.runtime.proto import resource_pb2
        from pulumi.runtime.settings import monitor_supports_feature

        return bool(monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS))
    except Exception:
        # Private parts of the SDK may move: a preview without hooks is still right, but says less.
        return False


def providers_of(parent: pulumi.Resource | None) -> Any:
    """Return the providers that a parent hands on to its children, by package; None when the SDK hides them."""
    return getattr(parent, "_providers", None)


# The protocol's signature of a value that JSON does not have, and that of a secret.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public constant


def marked_secret(value: Any) -> Any:
    """Return a value marked as secret for the engine, from within a provider.

    Without the SDK's own function, make the mark here: it is part of the engine's protocol, and an unmarked secret
    would stand in state in clear text.
    """
    try:
        from pulumi.runtime.rpc import wrap_rpc_secret
    except ImportError:
        return {SIGNATURE: SECRET, "value": value}
    return wrap_rpc_secret(value)


def keep_type_in_outputs(cls: type) -> None:
    """Mark a class of dictionaries as the SDK marks input types, so that Output.all keeps the class of its objects.

    Where the SDK does not read the mark, Output.all makes plain dictionaries of them, without attributes.
    """
    setattr(cls, "_pulumi_input_type", True)  # noqa: B010  # type checkers forbid the assignment


def read_for_stack_outputs(getter: Callable[..., Any], plain: Callable[[Any], Any]) -> None:
    """Make `plain` the getter that the SDK prefers when it makes a stack output of an object."""
    getter.__dict__["_pulumi_deprecated_callable"] = plain
