"""The engine's messages as plain values, and back."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.rpc import UNKNOWN as MARK
from pulumi.runtime.rpc import wrap_rpc_secret

from pulumi_acr_tasks.plugin.values import Properties, masked, read, write
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown

_OUTPUT = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}


def _message(values: dict[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def _plain(message: struct_pb2.Struct) -> Any:
    return json_format.MessageToDict(message)


def test_numbers_are_whole_and_nulls_are_left_out() -> None:
    """Names that begin with two underscores are the engine's at the top, and a user's within a value."""
    found = read(_message({"timeout": 600, "half": 0.5, "none": None, "tags": {"__a": "b"}, "__internal": {}}))
    assert found.values == {"timeout": 600, "half": 0.5, "tags": {"__a": "b"}}
    assert type(found.values["timeout"]) is int
    assert found.internal == {"__internal": {}}


@pytest.mark.parametrize("value", [MARK, wrap_rpc_secret(MARK), _OUTPUT])
def test_unknown_values_are_recognized(value: Any) -> None:
    """Each form of the protocol is recognized, an unknown secret among them."""
    assert is_unknown(read(_message({"timeout": value})).values["timeout"])
    assert _plain(write({"timeout": UNKNOWN})) == {"timeout": MARK}


@pytest.mark.parametrize("secret", [wrap_rpc_secret("x"), {**_OUTPUT, "value": "x", "secret": True}])
def test_a_mark_comes_back_at_its_path(secret: Any) -> None:
    """A list of outputs is marked as a whole, as the engine marks it."""
    found = read(_message({"step": {"values": ["a", {"value": secret}]}}))
    assert found.values == {"step": {"values": ["a", {"value": "x"}]}}
    assert _plain(write(found.values, found.secrets, whole_lists=False)) == {
        "step": {"values": ["a", {"value": wrap_rpc_secret("x")}]}
    }
    assert _plain(write(found.values, found.secrets)) == {"step": {"values": wrap_rpc_secret(["a", {"value": "x"}])}}


@pytest.mark.parametrize(
    ("values", "marked"),
    [
        ({"agentConfiguration": {"cpu": 2}}, {"agentConfiguration": {"cpu": wrap_rpc_secret(2.0)}}),
        ({"agentConfiguration": {"CPU": 2}}, {"agentConfiguration": {"CPU": wrap_rpc_secret(2.0)}}),
        ({"agentConfiguration": {"memory": 2}}, {"agentConfiguration": {"memory": 2.0}}),
        ({"agentConfiguration": "2"}, {"agentConfiguration": wrap_rpc_secret("2")}),
        ({"tags": {}}, {"tags": {}}),
    ],
)
def test_a_mark_finds_its_value_in_another_spelling(values: Any, marked: Any) -> None:
    """A transform may use Python's names, and the service another case. What is not there any more needs no mark."""
    assert _plain(write(values, {("agent_configuration", "cpu")})) == marked


def test_a_text_is_masked_by_marks_and_by_nature() -> None:
    """Short values stay: hiding each `1` would hide the text."""
    values = {"tags": {"a": "c4nary"}, "timeout": 1, "step": {"type": "Docker", "contextAccessToken": "t0ken"}}
    props = Properties(values, {("tags",), ("timeout",)})
    assert masked("c4nary\n1 t0ken", props) == "[secret]\n1 [secret]"
