"""The next update marks a value in the state that the program has made secret."""

from __future__ import annotations

from typing import Any

import pytest
from tests.real.twins.lives import NUMBERS, Up, play, played_on_both
from tests.real.twins.provider import PLUGIN
from tests.real.twins.stack import Goal, World
from tests.real.twins.values import Secret, Values

STEP: Values = {"type": "Docker", "dockerFilePath": "Dockerfile", "contextPath": "https://h.example/a.git"}
TASK: Values = {"taskName": "build", "platform": {"os": "Linux"}, "step": STEP, "timeout": 600}
ARGUMENT = {"name": "A", "value": "secret-a", "isSecret": True}


@pytest.mark.parametrize(
    "task", [TASK, {**TASK, "step": {**STEP, "contextAccessToken": "secret-a"}}], ids=["no secret", "a token"]
)
def test_a_mark_that_comes_is_kept_in_state_without_a_request(task: Values, world: World) -> None:
    """Both hosts see it, beside a value that is secret by its nature, too."""
    for stack in played_on_both(world, "Task", [Up(Goal(task)), Up(Goal({**task, "timeout": Secret(600)}))]):
        assert made_secret(stack)


def test_beside_a_secret_in_a_list_the_plugin_alone_sees_a_mark(world: World) -> None:
    """The engine shows no marks to a dynamic resource, which cannot leave the comparison to the engine there."""
    task = {**TASK, "step": {**STEP, "arguments": [ARGUMENT]}}
    assert made_secret(
        play(world, PLUGIN, "Task", [Up(Goal(task)), Up(Goal({**task, "timeout": Secret(600)}))], next(NUMBERS))
    )


NO_TAGS: Values = {**TASK, "tags": Secret({})}


def with_login(host: str) -> Values:
    login = {"userName": Secret({"value": "secret-a"}), "password": {"value": "secret-b"}}
    return {**TASK, "credentials": {"customRegistries": {host: login}}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NO_TAGS, TASK),
        (TASK, NO_TAGS),
        (with_login("a.example"), with_login("A.example")),
    ],
    ids=["an empty map goes", "an empty map comes", "a host in another case"],
)
def test_a_mark_that_comes_or_goes_with_nothing_else_that_matters_is_no_change(
    before: Values, after: Values, world: World
) -> None:
    """Neither host updates the task for the mark of a value that the other inputs lack, or name in another case."""
    for stack in played_on_both(world, "Task", [Up(Goal(before)), Up(Goal(after))]):
        assert "update" not in dict(stack.commands[-1]["calls"])
        assert not stack.commands[-1]["calls"][-1][1].some


def made_secret(stack: Any) -> bool:
    """Return whether the last update has marked the timeout, and asked the service for nothing."""
    return stack.resource.outputs["timeout"] == Secret(600) and not stack.commands[-1]["requests"]
