"""Errors of a program's calls: a sentence with the line of the program, and no traceback."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pulumi

from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.validate.hints import did_you_mean

T = TypeVar("T")

_OURS = tuple(str(Path(module.__file__ or "").parent) for module in (pulumi, sys.modules["pulumi_acr_tasks"]))


class ProgramError(ValidationError, pulumi.RunError):
    """A call that cannot be right. As a RunError it ends the program without a traceback."""

    def __init__(self, problem: str) -> None:
        super().__init__([problem])


def program_error(problem: str) -> ProgramError:
    """Return the error for a problem, with the line of the program whose call has it."""
    where = _line()
    return ProgramError(f"{where}: {problem}" if where else problem)


def _line() -> str:
    """Return the nearest line outside Pulumi and this package; empty in a callback of an output."""
    frame = inspect.currentframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS) and Path(file).suffix == ".py":
            in_library = any(name in Path(file).parts for name in ("asyncio", "concurrent", "threading.py"))
            return "" if in_library else f"{Path(file).name}, line {frame.f_lineno}"
        frame = frame.f_back
    return ""


def strict(cls: type[T]) -> type[T]:
    """Make a class raise a ProgramError for an unknown or a missing argument, with the argument that was meant."""
    # A class decorator replaces what every instance is made by: the type checker cannot follow that.
    initialize: Callable[..., None] = cls.__init__
    signature = inspect.signature(initialize)

    @functools.wraps(initialize)
    def checked(self: T, *args: Any, **kwargs: Any) -> None:
        try:
            signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise program_error(_problem(cls.__name__, kwargs, list(signature.parameters)[1:], error)) from None
        initialize(self, *args, **kwargs)

    setattr(cls, "__init__", checked)  # noqa: B010  # type checkers forbid the assignment
    return cls


def _problem(name: str, given: dict[str, Any], known: list[str], error: TypeError) -> str:
    unknown = [f"{each!r}{did_you_mean(each, known)}" for each in given if each not in known]
    return f"{name} has no argument {', and no '.join(unknown)}" if unknown else f"{name}: {error}"
