"""The named equalities, the marks of secrets, and the table of definitions behind both."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.schema import definitions
from pulumi_acr_tasks.schema.definitions import DEFINITIONS, Kind, camel_case, kind, snake_case, variant
from pulumi_acr_tasks.schema.equality import base64_text, identity, identity_type, location, same, same_member, schedule
from pulumi_acr_tasks.schema.secrets import MASK, masked, secret_values
from pulumi_acr_tasks.schema.values import UNKNOWN, contains_unknown, from_engine

_BESIDE = Path(__file__).resolve().parents[4].parent / "shared" / "azure-spec"
_SPECIFICATION = Path(os.environ.get("ACR_TASKS_SPEC", _BESIDE), "2019-04-01", "containerregistry_build.json")


def test_a_location_has_neither_case_nor_spaces() -> None:
    """`West Europe` is `westeurope`."""
    assert location("West Europe") == location("westeurope") != location("eastus")


def test_base64_has_no_line_breaks() -> None:
    """Tools break base64 into lines of any length."""
    assert base64_text("ab\ncd\r\n") == base64_text("abcd") != base64_text("abCd")


def test_a_schedule_has_fields_and_no_columns() -> None:
    """How far apart the fields stand means nothing."""
    assert schedule(" 0  9 * * mon") == schedule("0 9 * * Mon") != schedule("0 9 * * tue")


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ({}, "None"),
        ({"type": "none"}, "None"),
        ({"type": "systemassigned"}, "SystemAssigned"),
        ({"userAssignedIdentities": {"a": {}}}, "UserAssigned"),
        ({"type": "UserAssigned", "userAssignedIdentities": {"a": {}}}, "UserAssigned"),
        ({"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {"a": {}}}, "SystemAssigned, UserAssigned"),
        ({"type": "SystemAssigned, UserAssigned"}, "SystemAssigned"),
    ],
)
def test_the_type_of_an_identity_follows_from_what_it_has(value: dict[str, Any], type_: str) -> None:
    """The specification's spelling has a comma and a space."""
    assert identity_type(value) == type_


def test_identities_compare_their_ids_without_case() -> None:
    """The principal that the service adds to an id is not a difference."""
    one = {"type": "UserAssigned", "userAssignedIdentities": {"/A": {"principalId": "p"}}}
    assert identity(one) == identity({"userAssignedIdentities": {"/a": {}}})
    assert identity({"type": "None"}) == {}


@pytest.mark.parametrize(
    ("definition", "name", "old", "new"),
    [
        ("DockerBuildRequest", "timeout", None, 3600),
        ("DockerBuildRequest", "agentConfiguration", None, {"cpu": 2}),
        ("TaskRunRequest", "isArchiveEnabled", False, None),
        ("SourceTrigger", "sourceTriggerEvents", ["commit", "pullrequest"], ["PullRequest", "Commit"]),
        ("EncodedTaskStep", "encodedTaskContent", "YWJj\n", "YWJj"),
        ("CustomRegistryCredentials", "identity", "[System]", "[system]"),
    ],
)
def test_members_that_mean_the_same_are_the_same(definition: str, name: str, old: Any, new: Any) -> None:
    """The comparison is symmetric."""
    assert same_member(definition, name, old, new)
    assert same_member(definition, name, new, old)


def test_an_unknown_value_equals_no_value() -> None:
    """It differs even from another unknown value."""
    assert not same({"a": UNKNOWN}, {"a": UNKNOWN}, Kind("string", "map"))
    assert not same_member("Task", "timeout", UNKNOWN, UNKNOWN)
    assert contains_unknown([{"a": [UNKNOWN]}])
    assert not contains_unknown([{"a": [1]}])
    assert repr(UNKNOWN) == "UNKNOWN"


def test_order_counts_where_it_may_mean_something() -> None:
    """Image names and arguments are lists to the service, too."""
    assert not same_member("DockerBuildStep", "imageNames", ["a", "b"], ["b", "a"])


def test_a_whole_request_compares_by_its_own_definition() -> None:
    """A polymorphic object is compared as what its type says."""
    old = {"type": "taskRunRequest", "taskName": "a"}
    assert same(old, {"type": "TaskRunRequest", "taskName": "a", "values": []}, kind("RunRequest"))
    assert not same(old, {"type": "TaskRunRequest", "taskName": "b"}, kind("RunRequest"))


def test_numbers_from_the_engine_are_whole_again() -> None:
    """Whole floats become ints at any depth; booleans, fractions and strings stay."""
    value = {"a": 3.0, "b": [1.5, {"c": 2.0, "__d": 1}], "e": True, "f": "3.0", "g": None}
    seen = from_engine(value)
    assert seen == {"a": 3, "b": [1.5, {"c": 2, "__d": 1}], "e": True, "f": "3.0", "g": None}
    assert type(seen["a"]) is int
    assert seen["e"] is True
    assert from_engine(UNKNOWN) is UNKNOWN


def test_secrets_are_masked_wherever_they_stand() -> None:
    """Tokens, passwords, encoded values, and the values of items with isSecret."""
    task = {
        "step": {
            "type": "EncodedTask",
            "encodedTaskContent": "open",
            "encodedValuesContent": "s1",
            "contextAccessToken": "s2",
            "values": [
                {"name": "a", "value": "s3", "isSecret": True},
                {"name": "b", "value": "open", "isSecret": False},
                {"name": "c", "value": "s4", "isSecret": UNKNOWN},
            ],
        },
        "trigger": {
            "sourceTriggers": [
                {"sourceRepository": {"sourceControlAuthProperties": {"token": "s5", "refreshToken": "s6"}}}
            ]
        },
        "credentials": {"customRegistries": {"h": {"password": {"value": "s7"}, "identity": "open"}}},
    }
    assert list(secret_values(task, Kind("Task"))) == ["s1", "s2", "s3", "s4", "s5", "s6", "s7"]
    shown = str(masked(task, Kind("Task")))
    assert not re.search(r"s\d", shown)
    assert shown.count(MASK) == 7
    assert shown.count("open") == 3


def test_every_known_name_survives_both_spellings() -> None:
    """No member of the specification is lost between Python and ARM."""
    for definition in DEFINITIONS.values():
        for name in definition:
            assert camel_case(snake_case(name)) == name


def test_a_kind_that_is_none_is_refused() -> None:
    """A slip in the table of definitions shows at once."""
    with pytest.raises(ValueError, match="not a kind"):
        kind("list of things")


def test_the_variant_of_an_object_is_told_by_its_type_without_case() -> None:
    """An unknown or absent type leaves the polymorphic definition."""
    assert variant("TaskStepProperties", {"type": "docker"}) == "DockerBuildStep"
    assert variant("TaskStepProperties", {"type": "Other"}) == "TaskStepProperties"
    assert variant("TaskStepProperties", {"type": UNKNOWN}) == "TaskStepProperties"
    assert variant("Argument", {"type": "Docker"}) == "Argument"


def _members(specification: dict[str, Any], name: str) -> dict[str, Any]:
    definition = specification["definitions"][name]
    found: dict[str, Any] = {}
    for base in definition.get("allOf", []):
        found.update(_members(specification, base["$ref"].rpartition("/")[2]))
    found.update(definition.get("properties", {}))
    return found


@pytest.mark.skipif(not _SPECIFICATION.exists(), reason="the official specification is not on this machine")
@pytest.mark.parametrize("name", [name for name in DEFINITIONS if name != "Task"])
def test_the_table_agrees_with_the_specification(name: str) -> None:
    """Every member that an input may have is there, and none that the specification does not know."""
    specification = json.loads(_SPECIFICATION.read_text())
    known = _members(specification, name)
    ours = definitions.members(name)
    assert set(ours) == {member for member, value in known.items() if not value.get("readOnly")}
    required = set(specification["definitions"][name].get("required", []))
    own = set(specification["definitions"][name].get("properties", {}))
    assert required & own == {member for member, of in ours.items() if of.required} & own
    for member, of in ours.items():
        official = known[member]
        assert official.get("default", of.default) == of.default, member
        assert (official.get("minimum"), official.get("maximum")) == (of.least, of.most), member
        values = (official.get("items") or official).get("enum", of.values)
        assert {value.lower() for value in values} <= {value.lower() for value in of.values}, member


@pytest.mark.skipif(not _SPECIFICATION.exists(), reason="the official specification is not on this machine")
@pytest.mark.parametrize("name", ["RunProperties", "ImageDescriptor", "BaseImageDependency"])
def test_the_table_of_answers_agrees_with_the_specification(name: str) -> None:
    """The service sets these members, and a program reads them."""
    specification = json.loads(_SPECIFICATION.read_text())
    assert set(definitions.members(name)) == set(_members(specification, name))


def test_every_member_of_a_task_is_an_argument_of_the_resource() -> None:
    """An argument keeps the kind, and with it the secrets, of its definition."""
    assert DEFINITIONS["Task"].items() <= definitions.INPUTS["Task"].items()
    assert not set(definitions.INPUTS["Task"]) & set(definitions.OUTPUTS["Task"])
    assert not set(definitions.INPUTS["Run"]) & set(definitions.OUTPUTS["Run"])
