"""Write the schema of the Pulumi package `acr-tasks` anew: what programs in every language can declare and call.

Members and their descriptions come from the table of definitions, arguments of resources and of the provider from the
docstrings of their constructors, and types from the docstrings of their classes. Names and shapes are azure-native's:
a type of outputs is called `…Response`, and an enumeration takes other strings too.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from pulumi_acr_tasks import Provider, Run, Task, args, outputs
from pulumi_acr_tasks.run.diff import REPLACING
from pulumi_acr_tasks.schema.definitions import (
    FUNCTIONS,
    INPUTS,
    OUTPUTS,
    OWN_OUTPUTS,
    POLYMORPHIC,
    RESULTS,
    Kind,
    camel_case,
    members,
)
from pulumi_acr_tasks.settings.keys import KEYS, NAMESPACE
from pulumi_acr_tasks.task import diff as task_diff

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "provider" / "pulumi_acr_tasks" / "plugin" / "schema.json"
TOKEN = f"{NAMESPACE}:index:"

Json = dict[str, Any]

FUNCTION_DESCRIPTIONS = {
    "getTask": "Read a task. Its secrets are left out.",
    "getRun": "Read a run.",
    "listTasks": "Read the tasks of a registry. Their secrets are left out.",
    "contextHash": "Return the hash of a local context. It changes exactly when a run with that context is scheduled "
    "again.",
}
ALWAYS = {"Task": ("taskName", "type", "provisioningState", "creationDate"), "Run": ("runId", "status", "outputImages")}
"""The outputs of each resource that always have a value, beside those that a program must give."""

_REGISTRY = ("registryId", "subscriptionId", "resourceGroupName", "registryName")

REPLACED = {
    "Task": {*_REGISTRY, *(rule.path for rule in task_diff.RULES if rule.changed == task_diff.REPLACE)},
    "Run": {*_REGISTRY, *REPLACING, "context"},
}
"""The properties of each resource that lead to another resource when they change."""


def arguments(cls: type) -> dict[str, str]:
    """Return the description of each argument of a constructor, by its camelCase name."""
    text = inspect.getdoc(vars(cls)["__init__"]) or ""
    found = re.findall(r"^:param (\w+): (.*?)(?=^:|\Z)", text, re.MULTILINE | re.DOTALL)
    return {camel_case(name): _neutral(description) for name, description in found}


def _neutral(text: str) -> str:
    """Return a docstring's text in one line, with names as every language but Python spells them."""
    return re.sub(r"`([a-z]+(?:_[a-z]+)+)`", lambda name: f"`{camel_case(name[1])}`", " ".join(text.split()))


def _first_paragraph(cls: type) -> str:
    return _neutral((inspect.getdoc(cls) or "").partition("\n\n")[0])


class Types:
    """The object types and enumerations of the package, each made when a member first needs it."""

    def __init__(self) -> None:
        self.made: dict[str, Json] = {}

    def spec(self, of: Kind, *, answer: bool) -> Json:
        """Return the type of a member: of an input, or of an answer."""
        if not answer and of.name == "UserIdentityProperties":
            return {"type": "array", "items": {"type": "string"}}
        if of.container:
            item = self.spec(Kind(of.name, values=of.values, enumeration=of.enumeration), answer=answer)
            return {"type": "array", "items": item} if of.container == "list" else _map(item)
        if of.name in POLYMORPHIC:
            refs = {type_: self._reference(name, answer=answer) for type_, name in POLYMORPHIC[of.name].items()}
            mapping = {type_: ref["$ref"] for type_, ref in refs.items()}
            return {"oneOf": [*refs.values()], "discriminator": {"propertyName": "type", "mapping": mapping}}
        if of.is_object:
            return self._reference(of.name, answer=answer)
        if of.enumeration and not answer:
            return {"oneOf": [{"type": "string"}, self._enumeration(of)]}
        return {"$ref": "pulumi.json#/Any"} if of.name == "any" else {"type": of.name}

    def properties(self, kinds: Mapping[str, Kind], texts: Mapping[str, str], *, answer: bool) -> Json:
        """Return the properties of these kinds. `texts` describe those that the table does not."""
        return {
            name: {
                **self.spec(of, answer=answer),
                "description": of.description + _limits(of) if of.description else texts[name],
                **({"secret": True} if of.secret else {}),
            }
            for name, of in kinds.items()
        }

    def _reference(self, name: str, *, answer: bool) -> Json:
        token = f"{TOKEN}{name}{'Response' if answer else ''}"
        if token not in self.made:
            self.made[token] = {}  # a type may refer to itself
            kinds = {member: of for member, of in members(name).items() if answer or not of.read_only}
            known = self.properties(kinds, arguments(Task), answer=answer)
            variants = {variant: type_ for each in POLYMORPHIC.values() for type_, variant in each.items()}
            if name in variants:
                known["type"] |= {"const": variants[name]}
            required = _required_of_answer(kinds) if answer else _required(kinds)
            self.made[token] = {"description": _described(name), **_object(known, required)}
        return {"$ref": f"#/types/{token}"}

    def _enumeration(self, of: Kind) -> Json:
        token = f"{TOKEN}{of.enumeration}"
        names = {value: re.sub(r"\W+", "_", value) for value in of.values}
        self.made[token] = {
            "type": "string",
            "enum": [
                {"value": value, "name": name if name[0].isalpha() else f"{of.enumeration}_{name}"}
                for value, name in names.items()
            ],
        }
        return {"$ref": f"#/types/{token}"}


def _map(item: Json) -> Json:
    return {"type": "object", "additionalProperties": item}


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _described(name: str) -> str:
    if name == "ListedTask":
        return "A task of a registry."
    return _first_paragraph(getattr(args, f"{name}Args", None) or getattr(outputs, name))


def _limits(of: Kind) -> str:
    """Return the bounds and the default of a member as sentences."""
    bounds = f" From {of.least} to {of.most}." if of.least is not None else ""
    default = json.dumps(of.default).strip('"') if isinstance(of.default, str | int) else None
    return bounds + (f" Default: {default}." if default is not None else "")


def _required(kinds: Mapping[str, Kind]) -> list[str]:
    """Return the members that a program must give."""
    return [name for name, of in kinds.items() if of.required and of.default is None]


def _required_of_answer(kinds: Mapping[str, Kind]) -> list[str]:
    """Return the members that every answer has: not those that may be secret."""
    hidden = {"value"} if "isSecret" in kinds else set()
    return [name for name, of in kinds.items() if of.required and not of.secret and name not in hidden]


def _resource(types: Types, cls: type[Task | Run]) -> Json:
    name = cls.__name__
    inputs, texts = INPUTS[name], arguments(cls)
    found = types.properties(inputs, texts, answer=False)
    for each in REPLACED[name] & {*found}:
        found[each]["willReplaceOnChanges"] = True
    own, added = OWN_OUTPUTS[name], OUTPUTS[name]
    # State has the registry's id in place of its parts.
    echoed = {key: of for key, of in inputs.items() if key not in _REGISTRY[1:]}
    return {
        "description": _first_paragraph(cls),
        "properties": types.properties({**echoed, **own, **added}, texts, answer=True),
        "required": sorted({"registryId", *_required(inputs), *_required(own), *ALWAYS[name]}),
        "inputProperties": found,
        "requiredInputs": _required(inputs),
        # A stack of dynamic resources moves to the plugin: a resource of that type in the state is this one.
        "aliases": [{"type": f"pulumi-python:dynamic/acr-tasks:{name}"}],
    }


def _function(types: Types, name: str) -> Json:
    texts = arguments(Task)
    given, found = FUNCTIONS[name], RESULTS[name]
    return {
        "description": FUNCTION_DESCRIPTIONS[name],
        "inputs": _object(types.properties(given, texts, answer=False), _required(given)),
        "outputs": _object(
            types.properties(found, texts, answer=True),
            [key for key, of in found.items() if of.required and of.read_only],
        ),
    }


def _provider(types: Types) -> Json:
    return {
        "description": _first_paragraph(Provider),
        "inputProperties": types.properties(KEYS, arguments(Provider), answer=False),
    }


LANGUAGES = {
    "csharp": {"rootNamespace": "Community", "namespaces": {NAMESPACE: "AcrTasks"}, "respectSchemaVersion": True},
    "go": {
        "importBasePath": "example.com/pulumi-acr-tasks/sdk/go/acrtasks",
        "generateResourceContainerTypes": True,
        "respectSchemaVersion": True,
    },
    "java": {"basePackage": "community", "packages": {NAMESPACE: "acrtasks"}},
    "nodejs": {"packageName": "pulumi-acr-tasks", "respectSchemaVersion": True},
    # `pulumi_acr_tasks` is the package of the dynamic resources.
    "python": {
        "packageName": "pulumi_acr_tasks_sdk",
        "pyproject": {"enabled": True},
        "respectSchemaVersion": True,
    },
}


def schema() -> Json:
    """Return the schema of the package."""
    project, types = metadata("pulumi-acr-tasks"), Types()
    provider = _provider(types)
    resources = {f"{TOKEN}{cls.__name__}": _resource(types, cls) for cls in (Task, Run)}
    functions = {f"{TOKEN}{name}": _function(types, name) for name in FUNCTIONS}
    return {
        "name": NAMESPACE,
        "displayName": "Azure Container Registry Tasks",
        "version": project["Version"],
        "description": project["Summary"],
        "keywords": project["Keywords"].split(","),
        "license": project["License-Expression"],
        "meta": {"supportPack": True},  # an SDK is complete without edits: the one of Go has its go.mod
        "language": LANGUAGES,
        "config": {"variables": provider["inputProperties"]},
        "provider": provider,
        "types": dict(sorted(types.made.items())),
        "resources": resources,
        "functions": functions,
    }


def text() -> str:
    """Return the text of the committed file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
