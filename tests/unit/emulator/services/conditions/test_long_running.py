from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acr_tasks_emulator.services.conditions import long_running as module
from acr_tasks_emulator.services.conditions.long_running import Operations
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.switches import Switches

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import World

TASK = {"id": "/registries/r/tasks/One", "properties": {"provisioningState": "Succeeded", "timeout": 600}}


def operations_of(world: World, **switches: Any) -> Operations:
    return Operations(world.clock, Switches(**switches), enabled=True)


def test_an_operation_is_over_after_its_polls_or_its_time(world: World) -> None:
    """Whichever is first; its end is a moment that stays."""
    operations = operations_of(world, operation_polls=1, operation_seconds=10)
    polled, timed = (operations.begin(world.registry, f"/tasks/{n}", "Creating") for n in range(2))
    assert [operations.has_ended(operations.poll(polled.name)) for _ in range(3)] == [False, True, True]
    world.clock.advance(9)
    assert not operations.has_ended(timed)
    world.clock.advance(1)
    assert operations.has_ended(timed)
    world.clock.advance(1)
    assert operations.status(timed)["endTime"] == "2026-03-04T05:06:17.8912340+00:00"
    assert operations.status(polled)["endTime"] == "2026-03-04T05:06:07.8912340+00:00"


def test_the_latest_operation_tells_the_state(world: World) -> None:
    """Ids are compared without case; the document itself is left alone."""
    operations = operations_of(world)
    operations.begin(world.registry, TASK["id"], "Creating")
    operations.begin(world.registry, TASK["id"].upper(), "Updating")
    assert operations.shown(TASK)["properties"] == {"provisioningState": "Updating", "timeout": 600}
    assert TASK["properties"]["provisioningState"] == "Succeeded"
    world.clock.advance(2)
    assert operations.shown(TASK) == TASK


def test_old_operations_are_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a long life does not fill the memory."""
    monkeypatch.setattr(module, "KEPT", 2)
    operations = operations_of(world)
    names = [operations.begin(world.registry, f"/tasks/{number}", "Creating").name for number in range(3)]
    with pytest.raises(ServiceError, match="was not found"):
        operations.poll(names[0])
    assert operations.under_way("/tasks/0") is None
    assert operations.under_way("/tasks/2") is not None
    operations.clear()
    assert operations.under_way("/tasks/2") is None
