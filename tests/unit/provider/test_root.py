"""The public surface, what importing it costs, and the reference to the provider that lives in users' state."""

from __future__ import annotations

import base64
import importlib
import inspect

import pulumi
import pytest
from pulumi import _types
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_acr_tasks
from pulumi_acr_tasks import outputs


def test_every_public_name_is_importable_and_listed_once_and_sorted() -> None:
    """Each name of the root's table is what its module has, and the table is sorted."""
    table = pulumi_acr_tasks._MODULES
    assert list(table) == sorted(table)
    for name, module in table.items():
        assert getattr(pulumi_acr_tasks, name) is getattr(importlib.import_module(f"pulumi_acr_tasks.{module}"), name)
    assert set(table) <= set(dir(pulumi_acr_tasks))


@pytest.mark.parametrize("module", ["args", "enumerations", "errors"])
def test_every_class_of_a_public_module_is_public(module: str) -> None:
    """A class that is added to one of these modules is added to the root, too."""
    loaded = importlib.import_module(f"pulumi_acr_tasks.{module}")
    own = {
        name for name, value in vars(loaded).items() if inspect.isclass(value) and value.__module__ == loaded.__name__
    }
    assert own == {name for name, where in pulumi_acr_tasks._MODULES.items() if where == module}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name is told as Python tells it."""
    with pytest.raises(AttributeError, match="Tsak"):
        _ = pulumi_acr_tasks.Tsak


_REFERENCES = {
    "TaskProvider": b"\x80\x04\x95(\x00\x00\x00\x00\x00\x00\x00"
    b"\x8c\x10pulumi_acr_tasks\x94\x8c\x0cTaskProvider\x94\x93\x94)\x81\x94.",
    "RunProvider": b"\x80\x04\x95'\x00\x00\x00\x00\x00\x00\x00"
    b"\x8c\x10pulumi_acr_tasks\x94\x8c\x0bRunProvider\x94\x93\x94)\x81\x94.",
}


@pytest.mark.parametrize("name", list(_REFERENCES))
def test_the_pickled_provider_is_a_short_reference_to_the_root(name: str) -> None:
    """State holds a reference of some fifty fixed bytes, which every later release must be able to load."""
    provider = getattr(pulumi_acr_tasks, name)
    assert base64.b64decode(serialize_provider(provider())) == _REFERENCES[name]
    assert provider.serialize_as_secret_always is False


def test_the_attributes_of_a_task_have_types() -> None:
    """The SDK resolves every annotation of Task in the module that Task claims."""
    types = _types.resource_types(pulumi_acr_tasks.Task)
    assert types["timeout"] is int
    assert types["taskName"] is str
    assert types["step"] is outputs.TaskStepProperties
    assert types["systemData"] is outputs.SystemData
    assert _types.output_type_types(outputs.TriggerProperties)["baseImageTrigger"] is outputs.BaseImageTrigger


def test_the_type_tokens_never_change() -> None:
    """A resource's type is part of its URN."""
    assert pulumi_acr_tasks.Task._resource_type_name == "dynamic/acr-tasks:Task"
    assert pulumi_acr_tasks.Run._resource_type_name == "dynamic/acr-tasks:Run"
    assert issubclass(pulumi_acr_tasks.Provider, pulumi.ProviderResource)
