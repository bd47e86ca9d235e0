"""Secrets of tasks in the service's answers: masked, and shown by listDetails only."""

from __future__ import annotations

from typing import Any

import pytest

PASSWORD = "password-0123456789"


@pytest.fixture
def answers(arm: Any, task_name: str) -> Any:
    """Put a task and return every answer that has it: PUT, GET, list and PATCH, each with its text."""

    def collect(body: dict[str, Any]) -> dict[str, tuple[dict[str, Any], str]]:
        sent = {
            "PUT": arm("PUT", f"tasks/{task_name}", body),
            "GET": arm("GET", f"tasks/{task_name}"),
            "PATCH": arm("PATCH", f"tasks/{task_name}", {"properties": {"timeout": 601}}),
        }
        for answer in sent.values():
            assert answer.status_code == 200, answer.text
        found = {verb: (answer.json()["properties"], answer.text) for verb, answer in sent.items()}
        listed = arm("GET", "tasks")
        (task,) = (task for task in listed.json()["value"] if task["name"] == task_name)
        return {**found, "list": (task["properties"], listed.text)}

    return collect


def details(arm: Any, task_name: str) -> dict[str, Any]:
    return arm.ok("POST", f"tasks/{task_name}/listDetails")["properties"]


CREDENTIALS = {
    "sourceRegistry": {"loginMode": "Default"},
    "customRegistries": {
        "a.example": {
            "userName": {"value": "ann", "type": "Opaque"},
            "password": {"value": PASSWORD, "type": "Opaque"},
        },
        "B.example": {
            "userName": {"value": "https://v.vault.azure.net/secrets/u", "type": "Vaultsecret"},
            "password": {"value": "https://v.vault.azure.net/secrets/p", "type": "Vaultsecret"},
            "identity": "[system]",
        },
    },
}


@pytest.mark.arm_recorded
def test_registry_credentials_are_masked(docker_task: Any, answers: Any) -> None:
    """The hosts are visible as they were written; each entry is null, even with a vault's address."""
    for verb, (properties, text) in answers(docker_task(credentials=CREDENTIALS)).items():
        assert properties["credentials"]["customRegistries"] == {"a.example": None, "B.example": None}, verb
        assert PASSWORD not in text, verb
        assert "vault.azure.net" not in text, verb


@pytest.mark.arm_documented("TasksCreate example: null; terraform reads the login mode back")
def test_the_source_registry_is_masked_or_shown_as_it_is(docker_task: Any, answers: Any) -> None:
    """The login mode is either null or what was configured."""
    for verb, (properties, _) in answers(docker_task(credentials=CREDENTIALS)).items():
        assert properties["credentials"].get("sourceRegistry") in (None, {"loginMode": "Default"}), verb


@pytest.mark.arm_recorded
def test_list_details_shows_registry_credentials(arm: Any, task_name: str, docker_task: Any) -> None:
    """listDetails has users, passwords, vault addresses and identities in clear text."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task(credentials=CREDENTIALS))
    assert details(arm, task_name)["credentials"]["customRegistries"] == CREDENTIALS["customRegistries"]


STEPS = {
    "arguments": {"type": "Docker", "dockerFilePath": "Dockerfile"},
    "values": {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFtd"},
}


@pytest.mark.parametrize("member", STEPS)
@pytest.mark.arm_documented("TasksCreate example drops the item; terraform says only that the value is not returned")
def test_secret_arguments_are_masked(member: str, docker_task: Any, answers: Any) -> None:
    """A secret item is dropped or has no value; the others are shown."""
    items = [
        {"name": "plain", "value": "seen", "isSecret": False},
        {"name": "hidden", "value": PASSWORD, "isSecret": True},
    ]
    for verb, (properties, text) in answers(docker_task(step={**STEPS[member], member: items})).items():
        shown = properties["step"][member]
        assert items[0] in shown, verb
        assert all(not item.get("value") for item in shown if item["name"] == "hidden"), verb
        assert PASSWORD not in text, verb


@pytest.mark.parametrize("member", STEPS)
@pytest.mark.arm_documented("TasksGetDetails example")
def test_list_details_shows_secret_arguments(member: str, arm: Any, task_name: str, docker_task: Any) -> None:
    """listDetails has every item in full, in its order."""
    items = [
        {"name": "hidden", "value": PASSWORD, "isSecret": True},
        {"name": "plain", "value": "seen", "isSecret": False},
    ]
    arm.ok("PUT", f"tasks/{task_name}", docker_task(step={**STEPS[member], member: items}))
    arm.ok("PATCH", f"tasks/{task_name}", {"properties": {"timeout": 601}})
    assert details(arm, task_name)["step"][member] == items


@pytest.mark.arm_documented("azure-cli reads it from listDetails")
def test_the_token_of_a_context_is_hidden(arm: Any, task_name: str, docker_task: Any, answers: Any) -> None:
    """contextAccessToken is absent everywhere but in listDetails."""
    body = docker_task()
    body["properties"]["step"]["contextAccessToken"] = PASSWORD
    for verb, (properties, text) in answers(body).items():
        assert "contextAccessToken" not in properties["step"], verb
        assert PASSWORD not in text, verb
    assert details(arm, task_name)["step"]["contextAccessToken"] == PASSWORD


@pytest.mark.arm_documented("TasksCreate and TasksGetDetails examples")
def test_the_token_of_a_repository_is_hidden(
    arm: Any, coordinates: Any, task_name: str, docker_task: Any, answers: Any
) -> None:
    """sourceControlAuthProperties is absent everywhere but in listDetails."""
    auth = {"tokenType": "PAT", "token": coordinates.repository_token, "scope": "repo"}
    source = {
        "sourceRepository": {
            "sourceControlType": "Github",
            "repositoryUrl": coordinates.repository_url,
            "branch": "master",
            "sourceControlAuthProperties": auth,
        },
        "sourceTriggerEvents": ["commit"],
        "status": "Enabled",
        "name": "defaultSourceTriggerName",
    }
    for verb, (properties, text) in answers(docker_task(trigger={"sourceTriggers": [source]})).items():
        (trigger,) = properties["trigger"]["sourceTriggers"]
        assert "sourceControlAuthProperties" not in trigger["sourceRepository"], verb
        assert trigger["sourceRepository"]["repositoryUrl"] == coordinates.repository_url, verb
        assert coordinates.repository_token not in text, verb
    (trigger,) = details(arm, task_name)["trigger"]["sourceTriggers"]
    assert trigger["sourceRepository"]["sourceControlAuthProperties"] == auth


@pytest.mark.arm_documented("RunProperties: customRegistries is a list of strings")
def test_a_run_shows_hosts_and_no_secret(arm: Any, quick_request: Any) -> None:
    """A run shows the hosts of its credentials, without the credentials and without secret values."""
    values = [{"name": "hidden", "value": "value-0123456789", "isSecret": True}]
    run_id = arm.schedule(quick_request(credentials=CREDENTIALS, values=values))
    run = arm.until(run_id)
    assert sorted(run["properties"]["customRegistries"]) == ["B.example", "a.example"]
    text = arm("GET", "runs").text + arm("GET", f"runs/{run_id}").text
    assert PASSWORD not in text
    assert "value-0123456789" not in text
