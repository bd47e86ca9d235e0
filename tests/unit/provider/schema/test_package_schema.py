"""The schema of the Pulumi package is the one that the code makes, and describes everything."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "tools"))

import schema as package

from pulumi_acr_tasks import enumerations
from pulumi_acr_tasks.schema.definitions import snake_case

TOKEN = "acr-tasks:index:"

# azure-native follows a later version of the API.
EARLIER = {"TaskRunRequest": ("task_name", "values")}


@pytest.fixture(scope="module")
def schema() -> Any:
    return package.schema()


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every object of the schema, with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            yield from _walk(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}/{index}")


def test_the_wheel_has_the_schema_that_the_code_makes() -> None:
    """`make schema` would change nothing."""
    assert (files("pulumi_acr_tasks") / "plugin" / "schema.json").read_text(encoding="utf-8") == package.text()


def test_its_version_is_that_of_the_wheel(schema: Any) -> None:
    """The engine compares the version of a plugin with that of its schema."""
    assert schema["version"] == version("pulumi-acr-tasks")


def test_every_member_is_described(schema: Any) -> None:
    """Types, resources and functions are described too; a description has no language's own spelling."""
    members = {
        f"{path}/{name}": member
        for path, each in _walk(schema)
        for kind in ("properties", "inputProperties", "variables")
        if isinstance(each.get(kind), dict)
        for name, member in each[kind].items()
    }
    described = {**members, **schema["resources"], **schema["functions"], "provider": schema["provider"]}
    described |= {token: each for token, each in schema["types"].items() if each["type"] == "object"}
    texts = {name: each.get("description", "") for name, each in described.items()}
    assert len(texts) > 300
    assert {name: text for name, text in texts.items() if not re.fullmatch(r"[A-Z\d`].*[.`]", text)} == {}
    python = re.compile(r"[a-z]_[a-z]|Args\b|\b(?:True|False)\b|opts")
    assert {name: text for name, text in texts.items() if python.search(text)} == {}


def test_every_reference_leads_to_a_type(schema: Any) -> None:
    """Every type is referred to as well."""
    refs = {each["$ref"] for _, each in _walk(schema) if isinstance(each.get("$ref"), str)}
    assert refs - {"pulumi.json#/Any"} == {f"#/types/{token}" for token in schema["types"]}


def test_only_outputs_have_what_the_service_sets(schema: Any) -> None:
    """A program can neither give a principal nor the result of a run."""
    task, run = (schema["resources"][f"{TOKEN}{name}"] for name in ("Task", "Run"))
    assert {"systemData", "type", "endpoint"} <= {*task["properties"]} - {*task["inputProperties"]}
    assert {"runId", "imageRefs", "contextHash"} <= {*run["properties"]} - {*run["inputProperties"]}
    assert {*schema["types"][f"{TOKEN}IdentityProperties"]["properties"]} == {"type", "userAssignedIdentities"}
    assert {"principalId", "tenantId"} <= {*schema["types"][f"{TOKEN}IdentityPropertiesResponse"]["properties"]}


def test_secrets_are_marked(schema: Any) -> None:
    """They are those of the table, wherever a type has them, and the client's secret of the provider."""
    secret = {
        path.removeprefix(f"/types/{TOKEN}") for path, each in _walk(schema["types"], "/types") if each.get("secret")
    }
    inputs = {
        *(f"{step}/properties/contextAccessToken" for step in ("DockerBuildStep", "EncodedTaskStep", "FileTaskStep")),
        *(f"{each}/properties/encodedValuesContent" for each in ("EncodedTaskStep", "EncodedTaskRunRequest")),
        "AuthInfo/properties/token",
        "AuthInfo/properties/refreshToken",
        "SecretObject/properties/value",
    }
    assert secret == inputs | {path.replace("/", "Response/", 1) for path in inputs}
    assert [name for name, each in schema["config"]["variables"].items() if each.get("secret")] == ["clientSecret"]


def test_the_enumerations_are_those_of_the_python_classes(schema: Any) -> None:
    """The generator of Python programs writes `OS.LINUX`, and capitals in each name."""

    def plain(name: str) -> str:
        return name.replace("_", "").upper()

    declared = {
        token.removeprefix(TOKEN): {plain(member["name"]): member["value"] for member in each["enum"]}
        for token, each in schema["types"].items()
        if "enum" in each
    }
    classes = {
        name: each
        for name, each in vars(enumerations).items()
        if getattr(each, "__module__", "") == enumerations.__name__
    }
    assert declared == {name: {plain(member.name): member.value for member in each} for name, each in classes.items()}


def test_a_step_is_one_of_three_by_its_type(schema: Any) -> None:
    """As in azure-native, it has a discriminator, and a constant in each of the three types."""
    step = schema["resources"][f"{TOKEN}Task"]["inputProperties"]["step"]
    assert step["discriminator"]["propertyName"] == "type"
    found = {
        type_: schema["types"][ref.removeprefix("#/types/")]["properties"]["type"]["const"]
        for type_, ref in step["discriminator"]["mapping"].items()
    }
    assert found == {type_: type_ for type_ in ("Docker", "FileTask", "EncodedTask")}


def test_a_change_that_replaces_is_marked(schema: Any) -> None:
    """Programs and their documentation see what leads to another task or run."""
    replaced = {
        name: {key for key, each in of["inputProperties"].items() if each.get("willReplaceOnChanges")}
        for name, of in schema["resources"].items()
    }
    registry = {"registryId", "subscriptionId", "resourceGroupName", "registryName"}
    assert replaced == {
        f"{TOKEN}Task": registry | {"taskName"},
        f"{TOKEN}Run": registry | {"runRequest", "context", "triggers"},
    }


def test_the_names_are_those_of_azure_native(schema: Any) -> None:
    """A type or a task has no member that azure-native calls otherwise, where both have it."""
    native = pytest.importorskip("pulumi_azure_native.containerregistry")
    ours = {token.removeprefix(TOKEN): each for token, each in schema["types"].items() if each["type"] == "object"}
    both = {name: each for name, each in ours.items() if hasattr(native, f"{name}Args")}
    assert len(both) > 15
    for name, each in both.items():
        known = {*vars(getattr(native, f"{name}Args")), *EARLIER.get(name, ())}
        assert {snake_case(member) for member in each["properties"]} - known == set()
    task = {snake_case(member) for member in schema["resources"][f"{TOKEN}Task"]["inputProperties"]}
    assert task - {*vars(native.task.TaskArgs)} == {"registry_id", "subscription_id", "adopt"}
