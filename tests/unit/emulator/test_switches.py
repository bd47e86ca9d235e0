from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from acr_tasks_emulator.services.blobs.sas import READ, Signer
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.settings import SettingsError
from acr_tasks_emulator.switches import DEFAULTS, Switches, allowed

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import World

Worlds = Callable[..., "World"]
README = Path(__file__).parents[3] / "docs/emulator/testing.md"

DOCKER = {
    "type": "Docker",
    "dockerFilePath": "Dockerfile",
    "contextPath": "https://github.com/a/b.git",
    "imageNames": ["web:1", "web:2"],
    "arguments": [{"name": "a", "value": "1"}, {"name": "s", "value": "hidden", "isSecret": True}],
}
ENCODED = {"type": "EncodedTask", "encodedTaskContent": "eA=="}


def patched(world: World, before: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """Make a task of these properties, update them, and return what listDetails shows."""
    world.task(**before)
    world.tasks.update(world.registry, "task1", {"properties": update})
    properties: dict[str, Any] = world.tasks.get_details(world.registry, "task1")["properties"]
    return properties


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ServiceError) as caught:
        call()
    return caught.value.status, caught.value.code


# Reading them


def test_switches_are_read_by_their_kebab_case_names() -> None:
    """Texts and numbers are read; a missing switch has its default."""
    switches = Switches.parse(["patch-step-type=merge", "page-size=3", "agent-delay=0.5"])
    assert switches == Switches(patch_step_type="merge", page_size=3, agent_delay=0.5)
    assert Switches.read({"create-status": 201, "page-size": 7}) == Switches(create_status="201", page_size=7)
    assert Switches.read({}) == DEFAULTS


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"patch_tags": "merge"}, "Switch 'patch_tags' is not known: choose one of patch-step-type, "),
        ({"patch-tags": "both"}, "Switch patch-tags cannot be 'both': replace or merge is allowed."),
        ({"page-size": "0"}, "Switch page-size cannot be '0': a whole number from 1 to 1000 is allowed."),
        ({"page-size": "2.5"}, "cannot be '2.5'"),
        ({"sas-seconds": "nan"}, "Switch sas-seconds cannot be 'nan': a number from 1 to 604800 is allowed."),
        ({"create-status": 300}, "Switch create-status cannot be '300': 200 or 201 is allowed."),
    ],
)
def test_a_wrong_switch_is_refused_with_the_allowed_values(given: dict[str, Any], said: str) -> None:
    """The sentence lists the known names, or the allowed values."""
    with pytest.raises(SettingsError) as caught:
        Switches.read(given)
    assert said in str(caught.value)


def test_every_wrong_switch_is_named_at_once() -> None:
    """Each has its sentence; on the command line a value is needed, and each name may come once."""
    with pytest.raises(SettingsError, match=r"'foo' is not known.* page-size cannot be 'x'"):
        Switches.parse(["foo=1", "page-size=x"])
    with pytest.raises(SettingsError, match="'patch-tags' has no value"):
        Switches.parse(["patch-tags"])
    with pytest.raises(SettingsError, match="given twice"):
        Switches.parse(["page-size=1", "page-size=2"])


def test_the_readme_has_every_switch() -> None:
    """Name, values and default stand in its table, in the table's order."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| `(.+?)` \| .+ \|$", README.read_text(), re.MULTILINE)
    for (name, values, default), field in zip(rows, Switches.model_fields.values(), strict=True):
        assert name == field.alias
        assert values.replace("`", "").split(", ") == allowed(name).rpartition(" from ")[2].split(" or ")
        assert default == (field.default if isinstance(field.default, str) else f"{field.default:g}")


# PATCH


def test_patch_step_type(world_with: Worlds) -> None:
    """A step of another type replaces the step, is refused, or is merged."""
    update = {"step": ENCODED}
    assert "contextPath" not in patched(world_with(), {"step": DOCKER}, update)["step"]
    merged = patched(world_with(patch_step_type="merge"), {"step": DOCKER}, update)["step"]
    assert merged == {**ENCODED, "contextPath": DOCKER["contextPath"]}
    world = world_with(patch_step_type="refuse")
    assert refusal(lambda: patched(world, {"step": DOCKER}, update)) == (400, "InvalidInputValue")
    assert world.tasks.get(world.registry, "task1")["properties"]["step"]["type"] == "Docker"


def test_patch_step_arrays(world_with: Worlds) -> None:
    """Arrays are replaced as a whole, or merged by name."""
    update = {"step": {"type": "Docker", "imageNames": ["web:3"], "arguments": [{"name": "a", "value": "2"}]}}
    replaced = patched(world_with(), {"step": DOCKER}, update)["step"]
    assert replaced["imageNames"] == ["web:3"]
    assert [argument["name"] for argument in replaced["arguments"]] == ["a"]
    merged = patched(world_with(patch_step_arrays="merge"), {"step": DOCKER}, update)["step"]
    assert merged["imageNames"] == ["web:1", "web:2", "web:3"]
    assert [(each["name"], each["value"]) for each in merged["arguments"]] == [("a", "2"), ("s", "hidden")]


def test_patch_registry_entry(world_with: Worlds) -> None:
    """An entry is replaced, or its members merge."""
    before = {"credentials": {"customRegistries": {"my.io": {"userName": {"value": "bob", "type": "Opaque"}}}}}
    update = {"credentials": {"customRegistries": {"MY.io": {"identity": "[system]"}}}}
    entries = [
        patched(world, before, update)["credentials"]["customRegistries"]["my.io"]
        for world in (world_with(), world_with(patch_registry_entry="merge"))
    ]
    assert [sorted(entry) for entry in entries] == [["identity"], ["identity", "userName"]]


def test_patch_tags(world_with: Worlds) -> None:
    """Tags are replaced as a whole, or merged."""
    found = []
    for world in (world_with(), world_with(patch_tags="merge")):
        world.tasks.create(world.registry, "task1", world.task_body() | {"tags": {"a": "1", "b": "2"}})
        update = {"tags": {"b": None, "c": "3"}}
        found.append(world.tasks.update(world.registry, "task1", update)["tags"])
    assert found == [{"c": "3"}, {"a": "1", "c": "3"}]


def test_patch_trigger_status(world_with: Worlds) -> None:
    """A disabled trigger is enabled by the update model's default, or stays as it is; a new one is enabled."""
    timer = {"name": "t1", "schedule": "0 1 * * *"}
    before = {"trigger": {"timerTriggers": [{**timer, "status": "Disabled"}]}}
    update = {"trigger": {"timerTriggers": [timer, {**timer, "name": "t2"}]}}
    for switches, expected in (({}, ["Enabled"] * 2), ({"patch_trigger_status": "kept"}, ["Disabled", "Enabled"])):
        timers = patched(world_with(**switches), before, update)["trigger"]["timerTriggers"]
        assert [each["status"] for each in timers] == expected


# Answers


def test_secret_arguments(world_with: Worlds) -> None:
    """Secret items are left out, or shown without their value; listDetails has them all the same."""
    world = world_with(secret_arguments="blanked")
    shown = [each.task(step=DOCKER)["properties"]["step"]["arguments"][1:] for each in (world_with(), world)]
    assert shown == [[], [{"name": "s", "value": "", "isSecret": True}]]
    details = world.tasks.get_details(world.registry, "task1")["properties"]
    assert details["step"]["arguments"][1]["value"] == "hidden"


def test_source_registry(world_with: Worlds) -> None:
    """It is shown, or null even in listDetails; a later PATCH does not lose it."""
    credentials = {"sourceRegistry": {"loginMode": "Default"}}
    assert world_with().task(credentials=credentials)["properties"]["credentials"] == credentials
    world = world_with(source_registry="null")
    assert world.task(credentials=credentials)["properties"]["credentials"] == {"sourceRegistry": None}
    assert patched(world, {"credentials": credentials}, {"timeout": 600})["credentials"] == {"sourceRegistry": None}
    assert world.tasks.stored(world.registry, "task1")["properties"]["credentials"] == credentials


def test_unknown_members(world_with: Worlds) -> None:
    """They are dropped, kept through a PATCH, or refused by their paths; read-only members of an answer are known."""
    unknown = {"agentPoolName": "pool", "step": {**DOCKER, "logTemplate": "x"}}
    assert "pool" not in repr(world_with().task(**unknown))
    world = world_with(unknown_members="kept")
    world.task(**unknown)
    task = world.tasks.update(world.registry, "task1", {"properties": {"timeout": 600, "isSystemTask": False}})
    assert task["properties"]["agentPoolName"] == "pool"
    assert task["properties"]["step"]["logTemplate"] == "x"
    assert task["properties"]["isSystemTask"] is False
    refusing = world_with(unknown_members="refused")
    with pytest.raises(ServiceError, match=r"Could not find member properties.agentPoolName, properties.step.logTem"):
        refusing.task(**unknown)
    first = refusing.task(step={**ENCODED, "values": [{"type": "SetValue", "name": "a", "value": "b"}]})
    again, is_new = refusing.tasks.create(refusing.registry, "task1", first)
    assert (again["properties"]["step"], is_new) == (first["properties"]["step"], False)


def test_replace_creation_date(world_with: Worlds) -> None:
    """A PUT keeps it or sets it; a PATCH never changes it."""
    for world, changes in ((world_with(), False), (world_with(replace_creation_date="new"), True)):
        dates = [world.task()["properties"]["creationDate"]]
        world.clock.advance(60)
        dates.append(world.tasks.update(world.registry, "task1", world.task_body())["properties"]["creationDate"])
        world.clock.advance(60)
        dates.append(world.task()["properties"]["creationDate"])
        assert dates[0] == dates[1]
        assert (dates[1] != dates[2]) is changes


# Runs


def test_log_missing_seconds(world_with: Worlds) -> None:
    """The log of a run that has started answers 404 until the time has passed; other blobs do not."""
    world = world_with(log_missing_seconds=30)
    run_id = world.scheduled()
    log = world.states.log(run_id)
    log.write(b"hello")
    log.complete("successful")
    link = urlsplit(world.runs.log_links(world.registry, run_id)["logLink"])
    container, _, name = link.path.removeprefix("/blobs/").partition("/")
    values = dict(parse_qsl(link.query))
    assert refusal(lambda: world.blobs.readable(container, name, values)) == (404, "BlobNotFound")
    world.clock.advance(30)
    assert world.blobs.readable(container, name, values).path.read_bytes() == b"hello"


def test_sas_seconds(world: World) -> None:
    """A link expires after that time."""
    signer = Signer(b"key", world.clock, 10)
    assert "se=2026-03-04T05%3A06%3A17Z" in signer.link("c", "n", READ)
