"""Arguments of a program in ARM's form: camelCase dicts, secrets marked."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import inspect
import os
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

import pulumi

from pulumi_acr_tasks.program.declaration import program_error
from pulumi_acr_tasks.schema.definitions import Kind, camel_case, members, snake_case, variant
from pulumi_acr_tasks.schema.secrets import holds_secret, is_secret
from pulumi_acr_tasks.schema.spelling import translate
from pulumi_acr_tasks.validate.readable_secrets import ITEMS, readable_secret

_ITEM = re.compile(r"\[\d+\]")  # a path that leads through a list
_warnings: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no task alive."""

_ANY = Kind("any")
_LARGEST = 2**53  # whole numbers travel as floats


def normalize(value: Any, of: Kind, path: str, *, checked: bool = False, warns: bool = True) -> Any:
    """Return an argument of that kind in ARM's form, for the constructors of Task and Run.

    Input types, output types and dicts (keys in either spelling) become dicts with camelCase keys. Keys of maps stay as
    they are, members that are None are left out, and a sequence of identities becomes the map that ARM wants. Values
    that are secret by their nature become secret outputs. Outputs and awaitables are followed, also within. Names that
    no definition knows stay as they are, and `check` reports them. `path` is for error messages.

    With `checked` a secret by its nature within a list stays unmarked here, because `check` marks it: the engine marks
    the whole list where the program has marked one item, and then no diff shows what is beside the secret. The engine
    does not check what it only reads (`opts.id`).

    With `warns` a warning names each Pulumi secret that the service shows, because the engine tells a dynamic provider
    no marks.

    Raises ProgramError when a member is given in both spellings, and for a value that the engine cannot take.
    """
    return _Normalizer(checked, warns).normal(value, of, path)


def translate_paths(opts: pulumi.ResourceOptions | None, inputs: Mapping[str, Kind]) -> pulumi.ResourceOptions:
    """Return a copy of the options in which property paths (`ignore_changes=["step.image_names"]`) are ARM's.

    The engine knows properties by their names in state; programs may write either spelling.
    """
    copied = copy.copy(opts) if opts is not None else pulumi.ResourceOptions()
    for name in ("ignore_changes", "replace_on_changes", "additional_secret_outputs"):
        paths = getattr(copied, name, None)
        if isinstance(paths, list):
            translated = [each for path in paths for each in translate(path, inputs)]
            setattr(copied, name, list(dict.fromkeys(translated)))
    return copied


class _Normalizer:
    """A converter of one resource's arguments into ARM's form; with `checked`, `check` marks secrets within lists."""

    def __init__(self, checked: bool, warns: bool) -> None:
        self._checked, self._warns = checked, warns

    def normal(self, value: Any, of: Kind, path: str) -> Any:
        if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
            return pulumi.Output.from_input(value).apply(
                lambda known: pulumi.Output.from_input(self.normal(known, of, path))
            )
        if isinstance(value, Enum):
            return value.value
        if value is None or isinstance(value, (str, int, float)):
            _refuse_scalar(value, path)
        if isinstance(value, str) and holds_secret(value):
            return value if self._is_marked_later(path) else pulumi.Output.secret(value)
        if value is None or isinstance(value, (str, bool, int, float)) or pulumi.contains_unknowns(value):
            return value
        if of.container == "list" and isinstance(value, (list, tuple)):
            return [self.normal(item, of.item, f"{path}[{index}]") for index, item in enumerate(value)]
        if of.name == "UserIdentityProperties" and isinstance(value, (list, tuple, AbstractSet)):
            return pulumi.Output.all(*value).apply(lambda ids: {id_: {} for id_ in ids})
        if of.container == "map" and isinstance(value, Mapping):
            return {_key(key, path): self.normal(item, of.item, f"{path}[{key!r}]") for key, item in value.items()}
        if of.is_object and not of.container and (isinstance(value, Mapping) or _is_arguments(value)):
            return self._object(value, of, path)
        if isinstance(value, os.PathLike) and not of.container:
            return self.normal(os.fspath(value), of, path)
        # A value of another kind than the argument's: `check` reports it.
        if isinstance(value, (list, tuple)):
            return [self.normal(item, _ANY, f"{path}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, Mapping):
            return {_key(key, path): self.normal(item, _ANY, f"{path}[{key!r}]") for key, item in value.items()}
        if not isinstance(value, (pulumi.Resource, pulumi.Asset, pulumi.Archive)):
            raise program_error(f"{path} is {_unsendable(value, of)}")
        return value

    def _object(self, value: Any, of: Kind, path: str) -> Any:
        given: dict[str, Any] = dict(value) if isinstance(value, Mapping) else dict(vars(value))
        known = members(of.name)
        spelled: dict[str, Any] = {}
        for given_name, item in given.items():
            name = _key(given_name, path)
            arm_name = name if name in known else camel_case(name)
            arm_name = arm_name if arm_name in known else name
            if item is None:
                continue
            if arm_name in spelled:
                raise program_error(f"{path}: {snake_case(arm_name)} is given twice, as {arm_name} too")
            spelled[arm_name] = item
        definition = variant(of.name, spelled)
        return {
            name: self._member(definition, name, item, spelled, f"{path}.{snake_case(name)}")
            for name, item in spelled.items()
        }

    def _member(self, definition: str, name: str, item: Any, owner: dict[str, Any], path: str) -> Any:
        member = members(definition).get(name)
        if member is None:
            return self.normal(item, _ANY, path)
        normal = self.normal(item, member, path)
        if not is_secret(definition, name, owner):
            if self._warns and definition in ITEMS and name == "value":
                _warn_of_readable_secret(item, owner.get("name"), path)
            return normal
        certain = definition not in ITEMS or owner.get("isSecret") is True
        if certain and self._is_marked_later(path):
            return pulumi.Output.unsecret(normal) if isinstance(normal, pulumi.Output) else normal
        return pulumi.Output.secret(normal)

    def _is_marked_later(self, path: str) -> bool:
        return self._checked and _ITEM.search(path) is not None


def _is_arguments(value: Any) -> bool:
    """Return whether a value is of an input or output type, of this package or of azure-native."""
    return hasattr(value, "__dict__") and not isinstance(value, (type, os.PathLike, pulumi.Resource))


def _unsendable(value: Any, of: Kind) -> str:
    """Describe a value that the engine cannot take, and the expected one."""
    if isinstance(value, (bytes, bytearray)):
        return "bytes; a string is expected: call .decode() on it"
    if isinstance(value, type):
        return f"the class {value.__name__}; an object of it is expected: {value.__name__}(...)"
    expected = {"list": "a list", "map": "a dict"}.get(of.container, "a string, a number, a list or a dict")
    return f"a {type(value).__name__}; {expected} is expected"


def _refuse_scalar(value: Any, path: str) -> None:
    """Raise ProgramError for a string or a number that the engine cannot take."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise program_error(f"{path} has characters that are no text (half of a surrogate pair)") from None
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise program_error(f"{path} is a number of more than 15 digits; the engine keeps no such number")


def _key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return key
    raise program_error(f"{path} has the key {key!r}; keys are strings")


def _warn_of_readable_secret(value: Any, name: Any, path: str) -> None:
    """Warn of a value that is a Pulumi secret, although the service will show it."""
    if not isinstance(value, pulumi.Output):
        return

    async def warn() -> None:
        if await value.is_secret():
            pulumi.log.warn(str(readable_secret(path, name)))

    with contextlib.suppress(RuntimeError):  # no event loop: nothing is deployed
        task = asyncio.get_running_loop().create_task(warn())
        _warnings.add(task)
        task.add_done_callback(_warnings.discard)
