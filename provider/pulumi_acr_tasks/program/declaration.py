"""The declaration of a resource in a program: its properties, what the engine gets, and errors with a line number."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pulumi

from pulumi_acr_tasks.engine import Request
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.schema.definitions import camel_case
from pulumi_acr_tasks.validate.hints import did_you_mean

T = TypeVar("T")

# What a constructor hands to `check` beside the inputs, as the engine tells no provider. `check` leaves out what begins
# with two underscores, so that no state has it.
REPLACE_ON_CHANGES = "__replaceOnChanges"  # the option's paths
ORGANIZATION = "__organization"  # the stack's
TASK_FILE = "__taskFile"  # the path of the file that the encoded task was read from
_NO_ORGANIZATION = "organization"  # the engine's word for backends without organizations

_OURS = tuple(str(Path(module.__file__ or "").parent) for module in (pulumi, sys.modules["pulumi_acr_tasks"]))


class FileContent(str):
    """The base64 of a task file on disk. `path`: the file, as the program names it, for the messages of `check`."""

    path = ""


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


# The names in state of each resource's properties.
_ENGINE_NAMES: dict[type, tuple[str, ...]] = {}


def typed_properties(cls: type[T]) -> type[T]:
    """Make typed Python properties of a resource's annotations, each reading the property of the engine's name.

    `task_name: pulumi.Output[str] = pulumi.property("taskName")` becomes the attribute `task_name`, while state and
    policies know the property as `taskName`. A dynamic resource has no translation of its own, and one by
    `translate_output_property` would reach into the keys of maps.
    """
    names = {name: cls.__dict__[name].name for name in inspect.get_annotations(cls)}
    for name, annotation in inspect.get_annotations(cls).items():
        setattr(cls, name, _reader(name, names[name], annotation))
    _ENGINE_NAMES[cls] = tuple(names.values())
    return cls


def engine_properties(
    cls: type, given: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
) -> dict[str, Any]:
    """Return what a resource passes to the engine: its arguments by their names in state, and None for the rest.

    The SDK keeps the engine's answer only for properties that are passed.
    """
    names = next(_ENGINE_NAMES[each] for each in cls.__mro__ if each in _ENGINE_NAMES)
    declared: dict[str, Any] = dict.fromkeys(names)
    if opts is not None and opts.replace_on_changes:
        declared[REPLACE_ON_CHANGES] = list(opts.replace_on_changes)
    organization = pulumi.get_organization()
    # Only the program knows the organization and the file. `check` removes both: neither state nor policies have them.
    known = {ORGANIZATION: organization} if organization and organization != _NO_ORGANIZATION else {}
    encoded = given.get("step") or given.get("run_request")
    content = encoded.get("encodedTaskContent") if isinstance(encoded, dict) else None
    if isinstance(content, FileContent):
        known[TASK_FILE] = content.path
    return {**declared, **{camel_case(name): value for name, value in given.items() if value is not None}, **known}


def with_program_values(request: Request, props: Mapping[str, Any]) -> Request:
    """Return the request of a `check` with what the resource's constructor has handed on in its properties."""
    return replace(
        request,
        organization=props.get(ORGANIZATION) or "",
        task_file=props.get(TASK_FILE) or "",
        replace_on_changes=tuple(path for path in props.get(REPLACE_ON_CHANGES) or () if isinstance(path, str)),
    )


def _reader(name: str, engine_name: str, annotation: Any) -> property:
    def read(self: pulumi.Resource) -> Any:
        # None before the resource is registered, as with every other provider: transformations look at it then.
        return self.__dict__.get(engine_name)

    read.__name__ = name
    read.__annotations__ = {"return": annotation}
    return property(pulumi.getter(name=engine_name)(read))
