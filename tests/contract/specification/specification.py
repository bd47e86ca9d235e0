"""The official specification, read twice: as what clients may send, and as what the service may answer."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from .overlay import ANSWERS, ECHOED, NULLABLE, REQUESTS, REQUIRED, Patch

Schema = dict[str, Any]

# The operations that this emulator has; later versions describe agent pools and task runs beside them.
OPERATIONS = [
    "Registries_ScheduleRun",
    "Registries_GetBuildSourceUploadUrl",
    "Runs_List",
    "Runs_Get",
    "Runs_Update",
    "Runs_GetLogSasUrl",
    "Runs_Cancel",
    "Tasks_List",
    "Tasks_Get",
    "Tasks_Create",
    "Tasks_Update",
    "Tasks_Delete",
    "Tasks_GetDetails",
]
COMMON_TYPES = "common-types/resource-management/v6/types.json"
INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}
NONEMPTY = {"type": "string", "minLength": 1}
ERROR_DETAIL = {
    "type": "object",
    "required": ["code"],
    "properties": {
        "code": NONEMPTY,
        "message": {"type": ["string", "null"]},
        "target": {"type": ["string", "null"]},
        "details": {"type": "array", "items": {"$ref": "#/definitions/ErrorDetail"}},
    },
    "additionalProperties": False,
}
ERROR = {  # the shape of every error that azure-cli's recordings have
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            **ERROR_DETAIL,
            "required": ["code", "message"],
            "properties": {**ERROR_DETAIL["properties"], "message": NONEMPTY},
        }
    },
    "additionalProperties": False,
    "definitions": {"ErrorDetail": ERROR_DETAIL},
}


class Specification:
    """One version of the specification, with every definition whole: own members and those of its bases.

    A definition with a discriminator becomes the choice among its kinds.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self.version = version
        self._raw = json.loads((folder / version / "containerregistry_build.json").read_text(encoding="utf-8-sig"))
        common = json.loads((folder / COMMON_TYPES).read_text(encoding="utf-8-sig"))
        self._parameters = {**common["parameters"], **self._raw.get("parameters", {})}
        self._definitions = {**common["definitions"], **self._raw["definitions"]}
        self.operations = {each["operationId"] for path in self._raw["paths"].values() for each in path.values()}
        self._answers = {name: self._answer_schema(name) for name in self._definitions}
        _patch(self._answers, ANSWERS)
        self._validator = lru_cache(None)(self._make_validator)

    def operation_at(self, method: str, path: str) -> str | None:
        """Return the operation that a request addresses, whatever the case of its path; None without one."""
        for template, operations in self._raw["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)) + "/?"
            described = operations.get(method.lower())
            if described and re.fullmatch(pattern, path, re.IGNORECASE | re.DOTALL):
                return str(described["operationId"])
        return None

    def problems(self, operation_id: str, status: int, content: bytes) -> list[str]:
        """Return what is wrong with a successful answer; an empty list when it fits."""
        described = self._operation(operation_id)["responses"].get(str(status))
        if described is None:
            return [f"{status} is no answer of {operation_id}: {content[:500]!r}"]
        if "schema" not in described:
            return [f"a body that is not described: {content[:500]!r}"] if content else []
        return _violations(self._validator(described["schema"]["$ref"]), content)

    def requests(self, parameters: dict[str, list[Any]], members: dict[str, list[Any]]) -> Schema:
        """Return the document to draw requests from.

        `parameters` and `members` give the only values of a parameter or of a `Definition.member`.
        """
        kinds = {name: self._request_schema(name) for name in self._definitions}
        existing = [Patch(at, {"enum": values}, "it has to exist") for at, values in members.items()]
        _patch(kinds, [*REQUESTS, *existing])
        paths: dict[str, Any] = {}
        for path, operations in self._raw["paths"].items():
            for method, operation in operations.items():
                if operation["operationId"] in OPERATIONS:
                    paths.setdefault(path, {})[method] = {
                        "operationId": operation["operationId"],
                        "parameters": [self._parameter(each, parameters) for each in operation["parameters"]],
                        "responses": {"default": {"description": "not looked at: see `problems`"}},
                    }
        return {
            "swagger": "2.0",
            "info": {"title": "tasks", "version": self.version},
            "consumes": ["application/json"],
            "produces": ["application/json"],
            "paths": paths,
            "definitions": {name: schema for name, schema in kinds.items() if name in self._reached(kinds, paths)},
        }

    def _operation(self, operation_id: str) -> Schema:
        every = (each for path in self._raw["paths"].values() for each in path.values())
        return next(each for each in every if each["operationId"] == operation_id)

    def _parameter(self, described: Schema, values: dict[str, list[Any]]) -> Schema:
        described = self._parameters[_name(described)] if "$ref" in described else described
        if described["in"] == "body":
            return {"name": described["name"], "in": "body", "required": True, "schema": _plain(described["schema"])}
        wanted = {"enum": values[described["name"]]} if described["name"] in values else {}
        bounds = INT32 if described.get("format") == "int32" else {}
        return {key: value for key, value in described.items() if not key.startswith("x-")} | bounds | wanted

    @staticmethod
    def _reached(kinds: dict[str, Schema], paths: Schema) -> set[str]:
        found: set[str] = set()
        left = [_name(each) for each in _references(paths)]
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += [_name(each) for each in _references(kinds[name])]
        return found

    def _make_validator(self, reference: str) -> jsonschema_rs.Draft7Validator:
        schema = {"$ref": reference, "definitions": self._answers}
        return jsonschema_rs.Draft7Validator(schema, validate_formats=True)

    # Definitions, made whole.

    def _kinds(self, name: str) -> dict[str, str]:
        """Return the definitions that extend one, by the value of its discriminator."""
        return {
            each.get("x-ms-discriminator-value", other): other
            for other, each in self._definitions.items()
            if any(_name(base) == name for base in each.get("allOf", []))
        }

    def _whole(self, name: str) -> Schema:
        definition = self._definitions[name]
        if definition.get("type", "object") != "object":
            return _plain(definition)
        members: Schema = {}
        required: set[str] = set(definition.get("required", []))
        for base in definition.get("allOf", []):
            whole = self._whole(_name(base))
            members |= whole.get("properties", {})
            required |= set(whole.get("required", []))
        members |= {key: _marked(value) for key, value in definition.get("properties", {}).items()}
        if "x-ms-discriminator-value" in definition:
            members["type"] = {"type": "string", "enum": [definition["x-ms-discriminator-value"]]}
        whole = {"type": "object", "properties": members, "additionalProperties": False}
        return {**whole, "required": sorted(required)} if required else whole

    def _request_schema(self, name: str) -> Schema:
        if "discriminator" in self._definitions[name]:
            return {"oneOf": [{"$ref": f"#/definitions/{each}"} for each in self._kinds(name).values()]}
        whole = self._whole(name)
        if "properties" in whole:
            members = {key: value for key, value in whole["properties"].items() if not value.get("readOnly")}
            whole["properties"] = copy.deepcopy(members)
        return whole

    def _answer_schema(self, name: str) -> Schema:
        kinds = self._kinds(name)
        if "discriminator" in self._definitions[name]:
            choices = [
                {
                    "if": {"properties": {"type": {"const": value}}},
                    "then": {"$ref": f"#/definitions/{other}"},
                }
                for value, other in kinds.items()
            ]
            return {"required": ["type"], "properties": {"type": {"enum": list(kinds)}}, "allOf": choices}
        return _open(copy.deepcopy(self._whole(name)))


@lru_cache(None)
def described(version: str) -> Specification:
    """Return the stored specification of a version; skip the test without it."""
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "azure-spec"
    folder = Path(os.environ.get("ACR_TASKS_SPEC", beside))
    if not (folder / version).is_dir():
        pytest.skip(f"the specification is not at {folder / version}; name its folder in ACR_TASKS_SPEC")
    return Specification(folder, version)


def error_problems(content: bytes) -> list[str]:
    """Return what is wrong with the body of a refusal; an empty list for one of Resource Manager."""
    return _violations(jsonschema_rs.Draft7Validator(ERROR), content)


def _violations(validator: jsonschema_rs.Draft7Validator, content: bytes) -> list[str]:
    value = json.loads(content)
    return [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(value)]


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _references(value: Any) -> Iterator[Schema]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)


def _marked(value: Schema) -> Schema:
    """Return a member's schema, with readOnly also beside a reference."""
    plain = _plain(value)
    return {**plain, "readOnly": True} if value.get("readOnly") else plain


def _plain(value: Any) -> Any:
    """Return a schema with local references, without descriptions and extensions. The name of an enumeration stays."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return {"$ref": f"#/definitions/{_name(value)}"}
    kept = ("type", "properties", "required", "items", "additionalProperties", "minimum", "maximum", "default")
    plain = {key: _plain(value[key]) for key in kept if key in value}
    if value.get("format") == "int32":
        plain = {**INT32, **plain}
    if value.get("format") == "date-time":
        plain["format"] = "date-time"
    if "enum" in value:
        plain |= {"enum": value["enum"], "title": value.get("x-ms-enum", {}).get("name", "")}
    return plain


def _open(schema: Any) -> Any:
    """Open the enumerations whose values the service repeats as they were sent."""
    if isinstance(schema, list):
        return [_open(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _open(value) for key, value in schema.items()}
    return {key: value for key, value in kept.items() if not (key == "enum" and schema.get("title") in ECHOED)}


def _patch(definitions: dict[str, Schema], patches: Iterable[Patch]) -> None:
    """Merge each patch into the schema that it names, where this version has it."""
    for patch in patches:
        name, _, member = patch.at.partition(".")
        for definition in definitions.values() if name == "*" else [definitions.get(name, {})]:
            _patch_one(definition, member, patch.schema)


def _patch_one(definition: Schema, member: str, patch: Schema) -> None:
    members = definition.get("properties", {})
    member, _, inside = member.partition(".")
    if not member:
        members.update(patch)
    elif member not in members:
        return
    elif patch is REQUIRED:
        definition["required"] = sorted({*definition.get("required", []), member})
    elif inside == "{}":
        members[member] |= {"additionalProperties": _replaced(members[member]["additionalProperties"], patch)}
    else:
        members[member] = _replaced(members[member], patch)


def _replaced(schema: Schema, patch: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]} if patch is NULLABLE else {**schema, **patch}
