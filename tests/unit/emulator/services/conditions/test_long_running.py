from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acr_tasks_emulator.services.conditions import long_running as module
from acr_tasks_emulator.services.conditions.long_running import Operations
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.switches import Switches

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import World


def test_old_operations_are_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of remembered operations has a limit."""
    monkeypatch.setattr(module, "KEPT", 2)
    operations = Operations(world.clock, Switches(), enabled=True)
    names = [operations.begin(world.registry, f"/tasks/{number}", "Creating").name for number in range(3)]
    with pytest.raises(ServiceError, match="was not found"):
        operations.poll(names[0])
    assert operations.under_way("/tasks/0") is None
    assert operations.under_way("/tasks/2") is not None
    operations.clear()
    assert operations.under_way("/tasks/2") is None
