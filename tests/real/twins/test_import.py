"""The inputs that an import finds by the id alone pass the check, and differ from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.real.twins.provider import PLUGIN
from tests.real.twins.stack import Stack, World
from tests.real.twins.tasks import body, drawn, inputs
from tests.real.twins.values import Values

TASKS = 8


@drawn
@given(tasks=st.lists(inputs(), min_size=TASKS, max_size=TASKS))
def test_an_imported_task_differs_from_nothing(tasks: list[Values], world: World, tmp_path_factory: Any) -> None:
    """Tasks of any shape, made by somebody else, are imported so."""
    service = world.service
    service.reset()
    stack = Stack(world, PLUGIN, Path(tmp_path_factory.mktemp("home")), "Task", "web")
    with stack.command("import") as provider:
        for number, task in enumerate(tasks):
            service.change("PUT", f"tasks/task-{number}", body(task))
            found = provider.imported(f"{service.registry_id}/tasks/task-{number}")
            assert found is not None, provider.calls[-1]
            checked = provider.check(found.inputs, found.inputs)
            assert checked is not None, (provider.calls[-1], found.inputs)
            difference = provider.diff(found, checked, [])
            assert (difference.some, difference.paths) == (False, ()), (found, checked)
