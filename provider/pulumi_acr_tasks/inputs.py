"""What a program passes to a resource, brought into ARM's form: camelCase dicts with secrets marked."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

import pulumi

from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.plan.definitions import Kind, camel_case, kind, members, snake_case, variant
from pulumi_acr_tasks.plan.paths import translate
from pulumi_acr_tasks.plan.secrets import is_secret, mark_secrets, secret_values
from pulumi_acr_tasks.plan.values import UNKNOWN, Unknown, from_engine


def normalize(value: Any, notation: str, path: str = "") -> Any:
    """Brings an argument into ARM's form, for the constructors of Task and Run.

    `notation` is the argument's kind as plan.definitions writes it: `TaskStepProperties`, `RunRequest`, `Credentials`,
    `map<string>`, `integer` … Input types, output types and dicts (keys in either spelling) become dicts with camelCase
    keys; keys of maps stay as they are; members that are None are left out; a sequence of identities becomes the map
    that ARM wants. Values that are secret by their nature become secret outputs. Outputs and awaitables are followed,
    also within. Names that no definition knows stay as they are: `check` reports them. `path` is for error messages.

    Raises ValidationError when a member is given in both spellings.
    """
    return _normalize(value, kind(notation), path or notation)


def to_plan(props: dict[str, Any]) -> dict[str, Any]:
    """Gives the engine's properties as the pure floors take them: whole numbers, UNKNOWN for Unknown.

    Properties that begin with `__` are the SDK's own and ours; within one, such a key is the user's (a tag `__owner`).
    """
    known = {key: value for key, value in props.items() if not key.startswith("__")}
    plain: dict[str, Any] = _exchange(from_engine(known), pulumi.output.Unknown, UNKNOWN)
    return plain


def from_plan(inputs: dict[str, Any]) -> dict[str, Any]:
    """Gives inputs of the pure floors as the engine takes them; the inverse of `to_plan`."""
    plain: dict[str, Any] = _exchange(inputs, Unknown, pulumi.UNKNOWN)
    return plain


def encrypted(props: dict[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """Mark what is secret by its nature, in the form that the engine reads: a transform may have set it in clear.

    `inputs` gives each input's kind by its name in Python.
    """
    from pulumi.runtime.rpc import wrap_rpc_secret

    kinds = {camel_case(name): kind(notation) for name, notation in inputs.items()}
    return {
        name: mark_secrets(value, kinds[name], wrap_rpc_secret) if name in kinds else value
        for name, value in props.items()
    }


def may_be_secret_since(olds: dict[str, Any], news: dict[str, Any], inputs: Mapping[str, str]) -> bool:
    """Whether the engine should look for values that the program has made secret since.

    It tells no provider what is secret, and compares inputs itself where a provider leaves that to it. So nothing else
    may differ, in the engine's own properties neither; what is secret by its nature has been since it was written.
    """
    kinds = {camel_case(name): kind(notation) for name, notation in inputs.items()}
    names = {*kinds, "endpoint", "contextHash", "contextContents", "__provider"}
    old, new = ({name: props[name] for name in names if name in props} for props in (olds, news))
    return old == new and not any(any(True for _ in secret_values(new.get(name), of)) for name, of in kinds.items())


def _exchange(value: Any, kind: type, stand_in: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exchange(item, kind, stand_in) for key, item in value.items()}
    if isinstance(value, list):
        return [_exchange(item, kind, stand_in) for item in value]
    return stand_in if isinstance(value, kind) else value


def translate_paths(opts: pulumi.ResourceOptions | None, inputs: Mapping[str, str]) -> pulumi.ResourceOptions:
    """Return a copy of the options in which property paths (`ignore_changes=["step.image_names"]`) are ARM's.

    The engine knows properties by their names in state; programs may write either spelling. `inputs` gives the
    resource's inputs by name, with their kinds.
    """
    copied = copy.copy(opts) if opts is not None else pulumi.ResourceOptions()
    for name in ("ignore_changes", "replace_on_changes", "additional_secret_outputs"):
        paths = getattr(copied, name, None)
        if isinstance(paths, list):
            translated = [each for path in paths for each in translate(path, inputs)]
            setattr(copied, name, list(dict.fromkeys(translated)))
    return copied


def _normalize(value: Any, of: Kind, path: str) -> Any:
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.Output.from_input(value).apply(
            lambda known: pulumi.Output.from_input(_normalize(known, of, path))
        )
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int, float)) or pulumi.contains_unknowns(value):
        return value
    if of.container == "list" and isinstance(value, (list, tuple)):
        return [_normalize(item, of.item, f"{path}[{index}]") for index, item in enumerate(value)]
    if of.name == "UserIdentityProperties" and isinstance(value, (list, tuple, AbstractSet)):
        return pulumi.Output.all(*value).apply(lambda ids: {id_: {} for id_ in ids})
    if of.container == "map" and isinstance(value, Mapping):
        return {key: _normalize(item, of.item, f"{path}[{key!r}]") for key, item in value.items()}
    if of.is_object and not of.container and (isinstance(value, Mapping) or hasattr(value, "__dict__")):
        return _normalize_object(value, of, path)
    return value


def _normalize_object(value: Any, of: Kind, path: str) -> Any:
    given: dict[str, Any] = dict(value) if isinstance(value, Mapping) else dict(vars(value))
    known = members(of.name)
    spelled: dict[str, Any] = {}
    for name, item in given.items():
        arm_name = name if name in known else camel_case(name)
        arm_name = arm_name if arm_name in known else name
        if item is None:
            continue
        if arm_name in spelled:
            raise ValidationError([f"{path}: {snake_case(arm_name)} is given twice, as {arm_name} too"])
        spelled[arm_name] = item
    definition = variant(of.name, spelled)
    return {
        name: _normalize_member(definition, name, item, spelled, f"{path}.{snake_case(name)}")
        for name, item in spelled.items()
    }


def _normalize_member(definition: str, name: str, item: Any, owner: dict[str, Any], path: str) -> Any:
    member = members(definition).get(name)
    if member is None:
        return item
    normal = _normalize(item, member, path)
    return pulumi.Output.secret(normal) if is_secret(definition, name, owner) else normal
