"""The plugin host: a server of the engine's provider protocol for every Pulumi language, and its Python classes.

`from pulumi_acr_tasks import plugin as acr_tasks` has the names of `pulumi_acr_tasks`: a program moves by that line. A
name is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi_acr_tasks

if TYPE_CHECKING:
    from pulumi_acr_tasks.args import *  # noqa: F403  # the public names, for type checkers alone
    from pulumi_acr_tasks.enumerations import *  # noqa: F403
    from pulumi_acr_tasks.errors import *  # noqa: F403
    from pulumi_acr_tasks.plugin.resources import *  # noqa: F403
    from pulumi_acr_tasks.run.context_hash import *  # noqa: F403

_OWN = ("Provider", "Run", "Task")
_DYNAMIC = ("RunProvider", "TaskProvider")

__all__ = sorted({*pulumi_acr_tasks.__all__} - {*_DYNAMIC})  # pyright: ignore


def __getattr__(name: str) -> Any:
    """Load a public name, once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _OWN:
        from pulumi_acr_tasks.plugin import resources

        value = getattr(resources, name)
    else:
        value = getattr(pulumi_acr_tasks, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
