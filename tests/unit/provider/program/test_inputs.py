"""Arguments in ARM's form: spellings, secrets, and what the engine gets of a Task."""

from __future__ import annotations

import asyncio
import copy
import datetime
import inspect
from collections.abc import Awaitable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from pulumi_acr_tasks import args
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.program import inputs
from pulumi_acr_tasks.program.inputs import translate_paths
from pulumi_acr_tasks.schema.definitions import DEFINITIONS, INPUTS, Kind, kind, snake_case
from pulumi_acr_tasks.schema.spelling import without_ignored


@pytest.fixture(autouse=True)
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop, which outputs need, and an engine that knows secrets."""
    monkeypatch.setattr(rpc.settings, "monitor_supports_feature", lambda _: True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.run_until_complete(asyncio.sleep(0))
    asyncio.set_event_loop(None)
    loop.close()


def _serialized(value: Any) -> Any:
    """Return what the SDK sends to the engine."""
    serialized: Awaitable[Any] = rpc.serialize_property(value, [], None)
    return asyncio.get_event_loop().run_until_complete(serialized)


def normalize(value: Any, notation: str, path: str = "argument") -> Any:
    return inputs.normalize(value, kind(notation), path)


def _secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


class _Os(str, Enum):
    LINUX = "Linux"


_AS_TYPES = args.DockerBuildStepArgs(
    docker_file_path="Dockerfile",
    context_access_token="t",
    image_names=["a:1"],
    arguments=[args.ArgumentArgs(name="x", value="1"), args.ArgumentArgs(name="y", value="2", is_secret=True)],
)
_AS_SNAKE = {
    "type": "Docker",
    "docker_file_path": "Dockerfile",
    "context_access_token": "t",
    "image_names": ("a:1",),
    "target": None,
    "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "2", "is_secret": True}],
}
_AS_CAMEL = {
    "type": "Docker",
    "dockerFilePath": "Dockerfile",
    "contextAccessToken": "t",
    "imageNames": ["a:1"],
    "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "2", "isSecret": True}],
}


@pytest.mark.parametrize("step", [_AS_TYPES, _AS_SNAKE, _AS_CAMEL], ids=["types", "snake_case", "camelCase"])
def test_the_three_ways_to_write_a_step_are_one(step: Any) -> None:
    """Input types, dicts in Python's spelling and dicts in ARM's are equal, and secrets are marked in each."""
    assert _serialized(normalize(step, "TaskStepProperties")) == {
        "type": "Docker",
        "dockerFilePath": "Dockerfile",
        "contextAccessToken": _secret("t"),
        "imageNames": ["a:1"],
        "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": _secret("2"), "isSecret": True}],
    }


def test_outputs_are_followed_at_any_depth() -> None:
    """An output of an object, and outputs within objects."""
    credentials = {"custom_registries": {"My_Host": {"user_name": pulumi.Output.from_input({"value": "u"})}}}
    expected = {"customRegistries": {"My_Host": {"userName": _secret({"value": "u"})}}}
    assert _serialized(normalize(credentials, "Credentials")) == expected
    # An output that holds a secret anywhere is secret as a whole: that is how the SDK joins outputs.
    whole = pulumi.Output.from_input(credentials)
    assert _serialized(normalize(whole, "Credentials")) == _secret(
        {"customRegistries": {"My_Host": {"userName": {"value": "u"}}}}
    )


def test_an_argument_that_may_be_secret_is_secret() -> None:
    """While isSecret is an output, the value counts as secret."""
    argument = {"name": "x", "value": "1", "is_secret": pulumi.Output.from_input(False)}
    assert _serialized(normalize(argument, "Argument"))["value"] == _secret("1")


def test_keys_of_maps_are_never_translated() -> None:
    """Tags, hosts and identities are the user's own."""
    assert normalize({"task_name": "x"}, "map<string>") == {"task_name": "x"}
    trigger = {"user_assigned_identities": {"client_id": {}}}
    assert normalize(trigger, "IdentityProperties") == {"userAssignedIdentities": {"client_id": {}}}


def test_identities_may_be_a_list() -> None:
    """An id that is an output cannot be the key of a dict."""
    identity = {"type": "UserAssigned", "user_assigned_identities": [pulumi.Output.from_input("/a"), "/b"]}
    assert _serialized(normalize(identity, "IdentityProperties")) == {
        "type": "UserAssigned",
        "userAssignedIdentities": {"/a": {}, "/b": {}},
    }


def test_enumerations_are_their_values() -> None:
    """Enumerations of other packages are accepted."""
    assert normalize({"os": _Os.LINUX}, "PlatformProperties") == {"os": "Linux"}


def test_a_member_in_both_spellings_is_refused() -> None:
    """The two values could differ."""
    with pytest.raises(ValidationError, match=r"step: docker_file_path is given twice"):
        normalize({"docker_file_path": "a", "dockerFilePath": "b"}, "TaskStepProperties", "step")


def test_unknown_members_stay_for_check_to_report() -> None:
    """Nothing is dropped silently."""
    assert normalize({"oss": "Linux"}, "PlatformProperties") == {"oss": "Linux"}


def test_what_cannot_be_an_object_stays_for_check_to_report() -> None:
    """A string where a platform is expected is check's affair, with a path."""
    assert normalize("linux", "PlatformProperties") == "linux"
    assert normalize(None, "PlatformProperties") is None
    assert normalize(["a"], "PlatformProperties") == ["a"]


_PATHS = {
    "*": ["*"],
    "tags": ["tags"],
    "tags.task_name": ["tags.task_name"],
    'tags["a.b"]': ['tags["a.b"]'],
    'tags["task_name"]': ["tags.task_name"],
    "agent_configuration.cpu": ["agentConfiguration.cpu"],
    "agentConfiguration.cpu": ["agentConfiguration.cpu"],
    "step.image_names[0]": ["step.imageNames[0]"],
    'step["image_names"]': ["step.imageNames"],
    '["step"].docker_file_path': ["step.dockerFilePath"],
    "trigger.timerTriggers": ["trigger.timerTriggers"],
    "trigger.timer_triggers[*].schedule": ['trigger.timerTriggers["*"].schedule'],
    "trigger.source_triggers[1].source_repository.source_control_auth_properties.token": [
        "trigger.sourceTriggers[1].sourceRepository.sourceControlAuthProperties.token"
    ],
    'credentials.custom_registries["x.azurecr.io"].user_name.value': [
        'credentials.customRegistries["x.azurecr.io"].userName.value'
    ],
    "credentials.custom_registries.user_name.user_name": ["credentials.customRegistries.user_name.userName"],
    'identity.user_assigned_identities["/a/user_name"]': ['identity.userAssignedIdentities["/a/user_name"]'],
    "creation_date": ["creationDate"],
    "registry_name": ["registryId", "subscriptionId", "resourceGroupName", "registryName"],
    'tags["a': ['tags["a'],
}
_RUN_PATHS = {
    "triggers.my_key": ["triggers.my_key"],
    "triggers[0].image_names": ["triggers[0].image_names"],
    "context": ["context", "contextHash", "contextContents", "contextTree"],
    "context_hash": ["contextHash", "contextContents", "contextTree"],
    "run_request.image_names": ["runRequest.imageNames"],
    'run_request.credentials.custom_registries["x_y"].password.value': [
        "runRequest.credentials.customRegistries.x_y.password.value"
    ],
    "image_refs": ["imageRefs"],
    "cancel_on_delete": ["cancelOnDelete"],
}


@pytest.mark.parametrize(
    ("given", "path", "wanted"),
    [(INPUTS["Task"], *each) for each in _PATHS.items()] + [(INPUTS["Run"], *each) for each in _RUN_PATHS.items()],
)
def test_property_paths_of_options_are_in_either_spelling(given: dict[str, Kind], path: str, wanted: list[str]) -> None:
    """Names of definitions are translated, also behind keys of maps; those keys, and values of any kind, never."""
    opts = pulumi.ResourceOptions(ignore_changes=[path], replace_on_changes=[path, path])
    translated = translate_paths(opts, given)
    assert translated.ignore_changes == wanted
    assert translated.replace_on_changes == wanted
    assert opts.ignore_changes == [path]
    assert translate_paths(None, given).ignore_changes is None


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("agent_configuration", {"agentConfiguration": {"cpu": 2}}),
        ("agent_configuration.cpu", {"agentConfiguration": {"cpu": 2}}),
        ("step.image_names", {"step": {"type": "Docker", "target": "new"}}),
        ("trigger.timer_triggers[0].schedule", {"trigger": {"timerTriggers": [{"name": "new", "schedule": "old"}]}}),
        ("trigger.source_triggers[0].branch", {}),
        ('credentials.custom_registries["a.b"].user_name', {"credentials": {"customRegistries": {"a.b": {}}}}),
        ("timeout", {}),
        ("docker_file_path", {}),
    ],
)
def test_paths_that_only_we_can_read_are_ignored(path: str, wanted: dict[str, Any]) -> None:
    """A transformation may add them in Python's spelling; what the engine reads itself, it has put back already."""
    new: dict[str, Any] = {
        "timeout": 1,
        "agentConfiguration": {"cpu": 4},
        "step": {"type": "Docker", "imageNames": ["new"], "target": "new"},
        "trigger": {"timerTriggers": [{"name": "new", "schedule": "new"}]},
        "credentials": {"customRegistries": {"a.b": {"userName": {"value": "new"}}}},
    }
    old: dict[str, Any] = {
        "timeout": 2,
        "agentConfiguration": {"cpu": 2},
        "step": {"type": "Docker"},
        "trigger": {"timerTriggers": [{"name": "old", "schedule": "old"}]},
        "credentials": {"customRegistries": {"a.b": {}}},
    }
    before = copy.deepcopy(new)
    assert without_ignored(new, old, [path], INPUTS["Task"]) == {**new, **wanted}
    assert new == before


@pytest.mark.parametrize("name", [name for name in DEFINITIONS if name not in ("Task", "UserIdentityProperties")])
def test_every_definition_has_its_input_type(name: str) -> None:
    """Named as in the specification plus `Args`, with every member that an input may have, described, and no other.

    What is required has no default, but for what check fills in.
    """
    cls = getattr(args, f"{name}Args")
    parameters = dict(inspect.signature(cls).parameters)
    members = {snake_case(member): of for member, of in DEFINITIONS[name].items() if not of.read_only}
    assert set(parameters) == set(members)
    for member, member_kind in members.items():
        has_default = parameters[member].default is not inspect.Parameter.empty
        assert has_default is (not member_kind.required or member == "type" or member_kind.default is not None), member
        assert f"\n{member}: {member_kind.description}" in inspect.getdoc(cls)


@pytest.mark.parametrize(
    ("value", "notation", "sentence"),
    [
        (b"x", "string", "argument is bytes; a string is expected: call .decode() on it"),
        ({"a", "b"}, "string[]", "argument is a set; a list is expected"),
        ({"docker_file_path": b"x"}, "TaskStepProperties", "argument.docker_file_path is bytes; a string is expected"),
        ({"zzz": [1, {"y": b"x"}]}, "TaskStepProperties", "argument.zzz[1]['y'] is bytes; a string is expected"),
        (
            args.SetValueArgs,
            "SetValue",
            "argument is the class SetValueArgs; an object of it is expected:",
        ),
        ({1: "x"}, "map<string>", "argument has the key 1; keys are strings"),
        (datetime.date(2024, 1, 1), "string", "argument is a date; a string, a number, a list or a dict is expected"),
        ("\ud800", "string", "argument has characters that are no text"),
        (10**400, "integer", "argument is a number of more than 15 digits"),
    ],
)
def test_a_value_that_the_engine_cannot_take_is_a_sentence(value: Any, notation: str, sentence: str) -> None:
    """The engine's own error is a traceback; the value is not repeated."""
    with pytest.raises(ValidationError) as caught:
        normalize(value, notation, "argument")
    assert sentence in str(caught.value)
    assert isinstance(caught.value, pulumi.RunError)


def test_paths_are_strings_and_wrong_kinds_go_on_to_check() -> None:
    """`context=Path("app")` is what people write; a dict in place of a string is told in preview by its property."""
    assert normalize(Path("app"), "string") == "app"
    assert normalize({"a": (1, None)}, "string") == {"a": [1, None]}
    assert normalize(["a", None], "string[]") == ["a", None]
