from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acr_tasks_emulator.services.errors import ServiceError

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import World


def docker_body(world: World, **properties: Any) -> dict[str, Any]:
    body = world.task_body(**properties)
    body["properties"]["step"] = {
        "type": "Docker",
        "dockerFilePath": "Dockerfile",
        "contextPath": "https://github.com/a/b.git",
        "contextAccessToken": "s3cret-token",
        "imageNames": ["web:1"],
        "arguments": [
            {"type": "Argument", "name": "plain", "value": "shown"},
            {"name": "secret", "value": "s3cret-argument", "isSecret": True},
        ],
    }
    body["properties"]["credentials"] = {
        "customRegistries": {"my.io": {"password": {"type": "Opaque", "value": "s3cret-password"}}}
    }
    sign_in = {"tokenType": "PAT", "token": "s3cret-pat"}
    repository = {"sourceControlType": "Github", "repositoryUrl": "https://x", "sourceControlAuthProperties": sign_in}
    source = {"name": "s", "sourceTriggerEvents": ["commit"], "sourceRepository": repository}
    body["properties"]["trigger"] = {"sourceTriggers": [source]}
    return body


def refusal(world: World, body: Any, name: str = "task1") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        world.tasks.create(world.registry, name, body)
    assert world.tasks.list(world.registry).tasks == []
    return caught.value


def test_member_names_are_read_without_case(world: World) -> None:
    """Members are read in any case; keys of maps keep theirs."""
    body = {"Location": "West Europe", "Tags": {"Key": "v"}, "Properties": world.task_body()["properties"]}
    task, is_new = world.tasks.create(world.registry, "task1", body)
    assert (task["location"], task["tags"], is_new) == ("westeurope", {"Key": "v"}, True)


def test_a_refusal_does_not_repeat_secrets(world: World) -> None:
    """The error does not quote the wrong value."""
    step = {"type": "Docker", "dockerFilePath": "D", "arguments": [{"name": "a", "value": {"s3cret": 1}}]}
    assert "s3cret" not in refusal(world, world.task_body(step=step)).message


def test_tasks_outlive_the_process(world: World) -> None:
    """They are kept in the data folder with their secrets."""
    world.tasks.create(world.registry, "task1", docker_body(world))
    later = world.reopened()
    assert "s3cret-pat" in repr(later.tasks.get_details(later.registry, "task1"))
    later.close()
