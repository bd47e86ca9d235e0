"""The name of a task, and its owner among the resources of a program."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.provider.task.crud.scene import (
    INPUTS,
    REGISTRY,
    TASK_ID,
    URN,
    FakeService,
    Messages,
    check,
    create,
    delete,
    next_process,
)

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.service import Service


def test_two_resources_of_one_program_do_not_make_the_same_task(service: Service, fake: FakeService) -> None:
    """The second one is refused, so neither overwrites the other."""
    assert service.tasks(RegistryId.parse(REGISTRY)).claim("build")
    with pytest.raises(errors.TaskExistsError, match="another resource of this program"):
        create(service, INPUTS)
    assert fake.tasks == {}


def test_a_task_has_its_resource_s_name_until_it_has_its_own(service: Service, home: Path) -> None:
    """The name in the old inputs stays; so it does when the engine asks again without them, for a replacement."""
    assert check(service, taskName=None) == ("build", [])
    assert check(service, f"{URN}-two", taskName=None) == ("build-two", [])
    renamed = f"{URN}-renamed"
    assert check(service, renamed, {"taskName": "before"}, taskName=None) == ("before", [])
    assert check(service, renamed, taskName=None) == ("before", [])
    assert check(service, renamed, taskName="given") == ("given", [])
    assert check(service, "", {"taskName": "before"}, taskName=None) == ("before", [])
    _, problems = check(service, "", taskName=None)
    assert len(problems) == 1
    assert problems[0].startswith("task_name: ")


def test_a_task_that_is_declared_twice_is_a_problem_of_both(service: Service, said: Messages, home: Path) -> None:
    """Both are named; another registry or endpoint is another task."""
    assert check(service) == ("build", [])
    _, problems = check(service, f"{URN}-two", taskName="BUILD")
    assert problems == [
        f"task_name: is 'BUILD'; {URN} declares the same task in registry registry (the case of names does not count)"
    ]
    assert said.lines == [
        f"the task name is 'BUILD'; {URN}-two declares the same task in registry registry "
        "(the case of names does not count)"
    ]
    assert check(service, f"{URN}-two", registryId=f"{REGISTRY}2")[1] == []
    assert check(service, f"{URN}-two", registryId=UNKNOWN)[1] == []


def test_preview_says_that_an_existing_task_will_be_adopted(service: Service, said: Messages, home: Path) -> None:
    """Once the resource is in state there is nothing to adopt."""
    check(service, adopt=True)
    assert said.lines == ["task build of registry registry is taken over if it exists"]
    check(service, adopt=True, olds=INPUTS)
    assert len(said.lines) == 1


def test_a_task_that_has_an_heir_is_only_forgotten(
    service: Service, fake: FakeService, said: Messages, home: Path
) -> None:
    """Another resource of the program has adopted it; without one the task is deleted."""
    create(service, INPUTS, URN)
    later, heir = next_process(service), f"{URN}-heir"
    create(later, {**INPUTS, "adopt": True}, heir)
    fake.requests.clear()
    delete(later, TASK_ID, INPUTS, URN)
    assert fake.requests == []
    assert said.lines[-1] == f"task build is not deleted: it belongs to build-heir now ({heir})"
    delete(later, TASK_ID, INPUTS, heir)
    assert fake.requests == [("DELETE", "/tasks/build", None)]
