"""One sentence on the screen where a traceback would stand.

The dynamic server answers every exception with `traceback.format_exc()` (`facts/pulumi.md` section 2.5), looked up in
its own module's globals. There it is exchanged for a shim that knows the errors that were written to be read.
"""

from __future__ import annotations

import sys
import traceback
from types import ModuleType
from typing import Any

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.host.log import shown

LOST = "short error messages: they are buried in a traceback"


class ReadableTraceback:
    """The module `traceback`, except that an `AcrTasksError` formats as its own text.

    Whatever else is raised is a defect and keeps its traceback. No text shows a secret of an address.
    """

    def format_exc(self, *args: Any, **kwargs: Any) -> str:
        """Format the exception that is being handled."""
        error = sys.exc_info()[1]
        if isinstance(error, AcrTasksError):
            # It may quote a log, a proxy or a service: no control sequence of theirs reaches the terminal.
            return shown(str(error))
        return shown(traceback.format_exc(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


def attach() -> None:
    """Exchange `traceback` in the dynamic server's module.

    Raises AttributeError when the server does not use it.
    """
    server: Any = sys.modules["__main__"]
    if not isinstance(server.traceback, ModuleType | ReadableTraceback):
        raise AttributeError("the server's `traceback` is not the module of that name")
    server._abort_with_traceback  # noqa: B018 - the one place that formats: without it the shim would do nothing
    server.traceback = ReadableTraceback()
