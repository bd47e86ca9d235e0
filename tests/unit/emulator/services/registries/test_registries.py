"""Registries and resource groups of clients: kept across starts, with unique names, as many as run prefixes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.unit.emulator.conftest import World

from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.settings import RESOURCE_GROUP_NAME, SUBSCRIPTION_ID, RegistrySetting, SettingsError
from acr_tasks_emulator.store import database
from acr_tasks_emulator.store.database import Database
from acr_tasks_emulator.store.registries import RegistryStore
from acr_tasks_emulator.store.resource_groups import ResourceGroupStore

OTHER = "99999999-0000-0000-0000-000000000000"
BODY: dict[str, Any] = {"location": "West US", "sku": {"name": "Premium"}, "tags": {"a": "b"}}


def test_a_folder_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    """Its registries have the same properties, in their group."""
    old = sqlite3.connect(tmp_path / "emulator.sqlite")
    old.executescript(database.MIGRATIONS[0])
    key = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/older"
    row = (key.lower(), SUBSCRIPTION_ID, "rg", "older", "eastus", "co", 7, "2026-01-02T03:04:05.6000000+00:00")
    old.execute("INSERT INTO registry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    world = World(tmp_path)
    shown = world.registries.show(world.registry)
    assert (shown["name"], shown["location"], shown["sku"]["name"]) == ("older", "eastus", "Standard")
    assert shown["properties"]["creationDate"] == "2026-01-02T03:04:05.6000000+00:00"
    assert world.runs.schedule(world.registry, world.encoded_request())["name"] == "co8"
    world.close()
    opened = Database(tmp_path / "emulator.sqlite")
    assert [(row.name, row.location) for row in ResourceGroupStore(opened).all()] == [("rg", "eastus")]
    opened.close()


def test_changes_are_kept_at_the_next_start(world: World) -> None:
    """New, changed and removed registries are as they were."""
    world.groups.put(OTHER, "Group", {"location": "westus", "tags": {"x": "y"}})
    made, is_new = world.registries.put(OTHER, "group", "Another1", BODY)
    assert (is_new, made.resource_group_name, made.location) == (True, "Group", "westus")
    world.registries.store.delete(world.registry.key)
    shown = world.registries.show(made)
    again = world.reopened()
    assert [again.registries.show(row) for row in again.registries.all()] == [shown]
    assert again.groups.find(OTHER, "GROUP").document == {"tags": {"x": "y"}}
    assert again.groups.subscriptions() == [SUBSCRIPTION_ID, OTHER]
    again.close()


def test_a_removed_group_leaves_its_subscription(world: World) -> None:
    """The error then names the group."""
    row, _ = world.groups.put(OTHER, "group", {"location": "westus"})
    world.groups.store.delete(row.key)
    with pytest.raises(ServiceError, match="ResourceGroupNotFound"):
        world.groups.find(OTHER, "group")
    again = world.reopened()
    with pytest.raises(ServiceError, match="ResourceGroupNotFound"):
        again.groups.find(OTHER, "group")
    again.close()


def test_a_name_that_is_taken_elsewhere_stops_the_start(world: World) -> None:
    """The sentence says that the name belongs to another registry."""
    world.groups.put(OTHER, "group", {"location": "westeurope"})
    world.registries.put(OTHER, "group", "taken", {**BODY, "location": "westeurope"})
    with pytest.raises(SettingsError, match="belongs to another registry"):
        world.registries.open([RegistrySetting("taken")])


def test_run_prefixes_are_limited(world: World) -> None:
    """The registry after the last prefix is refused.

    A removed registry frees its prefix; its run ids are not used again.
    """
    first = world.scheduled()
    for number in range(675):
        world.registries.put(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, f"many{number:03}", {**BODY, "location": "eastus"})
    assert len({row.run_prefix for row in world.registries.all()}) == 676
    with pytest.raises(ServiceError, match="QuotaExceeded"):
        world.registries.put(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, "toomany", BODY)
    world.registries.store.delete(world.registry.key)
    made, _ = world.registries.put(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, "toomany", BODY)
    assert made.run_prefix == world.registry.run_prefix
    assert RegistryStore(world.database).next_run_number(made.key) == 2
    assert first == f"{made.run_prefix}1"


def test_late_requests_to_a_removed_registry_are_refused(world: World) -> None:
    """A change and a run are refused, and a late task is not in a new registry of the same name."""
    world.registries.store.delete(world.registry.key)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        world.registries.update(world.registry, {"tags": {"a": "b"}})
    assert world.registries.all() == []
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        world.scheduled()
    world.task("late1")
    body = {**BODY, "location": "westeurope"}
    made, is_new = world.registries.put(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, world.registry.name, body)
    assert is_new
    assert world.tasks.list(made).tasks == []


def test_a_change_starts_from_the_stored_registry(world: World) -> None:
    """It does not start from the registry as it was when the request arrived."""
    world.registries.update(world.registry, {"properties": {"adminUserEnabled": True}})
    changed = world.registries.update(world.registry, {"tags": {"a": "b"}})
    assert changed.document == {"properties": {"adminUserEnabled": True}, "tags": {"a": "b"}}
    again = world.reopened()
    assert again.registries.all()[0].document == changed.document
    again.close()
