"""The attributes of a Task and a Run."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
from typing import Any

import pulumi
import pytest
from pulumi import _types
from pulumi.runtime import rpc

import pulumi_acr_tasks
from pulumi_acr_tasks import outputs
from pulumi_acr_tasks.schema.definitions import ANSWERS, DEFINITIONS, INPUTS, OUTPUTS, POLYMORPHIC, members

_STEP = {
    "type": "EncodedTask",
    "encodedTaskContent": "eA==",
    "values": [{"name": "a", "value": "1", "isSecret": True}],
    "later": "a member of another version",
}


def _typed(value: Any, cls: type) -> Any:
    """Return what the SDK makes of the engine's answer."""
    return rpc.translate_output_properties(value, lambda name: name, cls)


def test_an_object_is_a_dictionary_and_has_attributes() -> None:
    """A member is the same as an attribute and by subscript, in either spelling; one that is not said is None."""
    step = _typed(_STEP, outputs.TaskStepProperties)
    assert step.encoded_task_content == step["encoded_task_content"] == step["encodedTaskContent"] == "eA=="
    assert step.target is step["target"] is step.get("target") is None
    assert step.get("target", "x") == "x"
    assert "encodedTaskContent" in step
    assert "target" not in step
    assert step.values[0].is_secret is step["values"][0]["isSecret"] is True
    assert dict(step) == {"type": "EncodedTask", "encoded_task_content": "eA==", "values": [dict(step.values[0])]}
    assert copy.deepcopy(step) == step
    assert json.loads(json.dumps(step)) == dict(step)
    with pytest.raises(KeyError, match="tarket"):
        step["tarket"]


def test_an_object_stays_one_among_other_outputs() -> None:
    """Output.all leaves its attributes, at any depth; a resource takes it as an argument."""
    step = _typed(_STEP, outputs.TaskStepProperties)

    async def listed() -> Any:
        return await pulumi.Output.all(step, [step]).future()

    first, [second] = asyncio.run(listed())
    assert first == second == step
    assert first.values[0].name == second["values"][0]["name"] == "a"


def test_a_resource_takes_an_object_under_the_specifications_names() -> None:
    """The names are those of a stack output."""
    step = _typed(_STEP, outputs.TaskStepProperties)
    wanted = {name: value for name, value in _STEP.items() if name != "later"}
    assert asyncio.run(rpc.serialize_property(step, [], None)) == wanted
    bare = _typed({"type": "Docker"}, outputs.TaskStepProperties)
    assert asyncio.run(rpc.serialize_property([bare], [], None)) == [{"type": "Docker"}]


def test_a_member_named_values_leaves_the_dictionary_its_method() -> None:
    """The SDK asks every dictionary for its values."""
    step = _typed({"type": "Docker"}, outputs.TaskStepProperties)
    assert list(step.values()) == ["Docker"]
    assert list(step.values) == []
    assert _types.output_type_to_dict(step) == {"type": "Docker"}


def test_a_constructor_takes_declared_members_only() -> None:
    """A typing error in a test of the user's is told."""
    assert outputs.ImageDescriptor(digest="sha256:1", tag=None) == outputs.ImageDescriptor(digest="sha256:1")
    with pytest.raises(TypeError, match="ImageDescriptor has no member digets"):
        outputs.ImageDescriptor(digets="x")


@pytest.mark.parametrize("name", [*(n for n in (*DEFINITIONS, *ANSWERS) if hasattr(outputs, n)), *POLYMORPHIC])
def test_every_member_of_a_definition_is_there(name: str) -> None:
    """Members have the specification's names, one class for all variants."""
    declared = {pulumi_name for _, pulumi_name, _ in _types._py_properties(getattr(outputs, name))}
    assert declared == set(members(name))


@pytest.mark.parametrize("resource", [pulumi_acr_tasks.Task, pulumi_acr_tasks.Run])
def test_a_resource_has_its_inputs_and_the_service_s_outputs(resource: type) -> None:
    """They have their names in state."""
    declared = set(_types.resource_types(resource))
    assert set(OUTPUTS[resource.__name__]) <= declared
    assert set(members("Task") if resource is pulumi_acr_tasks.Task else ["runRequest"]) <= declared
    assert declared & set(INPUTS[resource.__name__])


def test_every_output_type_is_a_dictionary() -> None:
    """Every output type is tested."""
    found = [each for _, each in inspect.getmembers(outputs, inspect.isclass) if _types.is_output_type(each)]
    assert len(found) > 15
    assert all(issubclass(each, outputs.OutputType) for each in found)


def test_an_unknown_within_an_object_is_unknown() -> None:
    """The output of an identity without its principal counts as unknown."""
    identity = outputs.IdentityProperties(type="SystemAssigned", principal_id=pulumi.UNKNOWN)
    assert pulumi.contains_unknowns(identity)
