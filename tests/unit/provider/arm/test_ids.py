"""ARM ids."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks.arm.ids import RegistryId, parse_run_id, parse_task_id
from pulumi_acr_tasks.errors import ValidationError

_ID = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/R"


def test_an_id_is_read_and_written_back() -> None:
    """The canonical spelling comes back as it was."""
    registry = RegistryId.parse(_ID)
    assert (registry.subscription_id, registry.resource_group_name, registry.registry_name) == ("S", "G", "R")
    assert str(registry) == _ID
    assert registry.task("t") == f"{_ID}/tasks/t"
    assert registry.run("cf1") == f"{_ID}/runs/cf1"


def test_ids_compare_without_case() -> None:
    """Ids compare as the service's do; the spelling of the fixed parts is made canonical."""
    other = RegistryId.parse(_ID.lower() + "/")
    assert other == RegistryId.parse(_ID)
    assert len({other, RegistryId.parse(_ID)}) == 1
    assert str(other) == _ID.replace("/S/", "/s/").replace("/G/", "/g/").removesuffix("R") + "r"
    assert other != RegistryId("S", "G", "R2")
    assert other != "R"


def test_the_ids_of_children_are_taken_apart() -> None:
    """A task's or run's id gives its registry and its name."""
    assert parse_task_id(f"{_ID}/TASKS/build") == (RegistryId("S", "G", "R"), "build")
    assert parse_run_id(f"{_ID}/runs/cf1") == (RegistryId("S", "G", "R"), "cf1")


@pytest.mark.parametrize("text", ["", "R", f"{_ID}/tasks/t", "/subscriptions/S/resourceGroups/G", _ID[1:]])
def test_another_text_is_refused_with_a_pattern(text: str) -> None:
    """The error shows the form of an id."""
    with pytest.raises(ValueError, match="looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP"):
        RegistryId.parse(text)


def test_the_id_of_a_run_is_not_the_id_of_a_task() -> None:
    """Each kind of id is refused as the other."""
    with pytest.raises(ValidationError, match=r"not the id of a task, which looks like /sub.*/tasks/TASK"):
        parse_task_id(f"{_ID}/runs/cf1")
    with pytest.raises(ValidationError, match=r"not the id of a run, which looks like /sub.*/runs/RUN"):
        parse_run_id(f"{_ID}/tasks/t")
