"""Arguments that a resource does not have, as programs of other languages and transforms may send them."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks.task.check import check
from pulumi_acr_tasks.validate.members import check_arguments


@pytest.mark.parametrize(
    ("resource", "name", "sentence"),
    [
        ("Task", "stepp", "stepp: is not an argument of Task; did you mean step?"),
        ("Task", "Timeout", "did you mean timeout?"),
        ("Task", "agentPoolName", "agent_pool_name: belongs to 2019-06-01-preview of the API"),
        ("Task", "provisioningState", "provisioningState: is not an argument of Task"),
        ("Run", "runrequest", "did you mean run_request?"),
    ],
)
def test_an_unknown_argument_is_a_problem(resource: str, name: str, sentence: str) -> None:
    """A name that the resource does not have is refused; the sentence names what was meant."""
    assert sentence in str(check_arguments({name: "x"}, resource)[0])


def test_members_that_check_writes_are_accepted(known_task: dict[str, object]) -> None:
    """They may come back from state, and an absent value is not an argument."""
    resolved, problems = check(known_task, {}, "https://management.azure.com")
    assert problems == []
    assert check_arguments({**resolved, "stepp": None}, "Task") == []
    assert (
        check_arguments(dict.fromkeys(("endpoint", "contextHash", "contextContents", "contextTree"), "x"), "Run") == []
    )


@pytest.fixture
def known_task() -> dict[str, object]:
    registry = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso"
    step = {"type": "EncodedTask", "encodedTaskContent": "dmVyc2lvbjogdjEuMS4wCnN0ZXBzOiBbe2NtZDogaGVsbG99XQo="}
    return {"registryId": registry, "taskName": "hello", "platform": {"os": "Linux"}, "step": step}
