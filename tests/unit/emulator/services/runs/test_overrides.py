"""A run's overrides of members of its task's step."""

from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.services.runs.jobs import overridden

DOCKER: dict[str, Any] = {
    "type": "Docker",
    "dockerFilePath": "Dockerfile",
    "target": "debug",
    "arguments": [{"name": "a", "value": "1"}, {"name": "b", "value": "2", "isSecret": True}],
    "contextPath": "https://github.com/me/app.git#main",
    "contextAccessToken": "token-0123456789",
}


def test_a_docker_step_takes_file_target_and_arguments() -> None:
    """Arguments are replaced by name, new ones come last; the step of the task stays as it is."""
    before = repr(DOCKER)
    sent = [{"name": "b", "value": "3", "isSecret": False}, {"name": "c", "value": "4"}]
    step = overridden(DOCKER, {"file": "other/Dockerfile", "target": "release", "arguments": sent})
    assert (step["dockerFilePath"], step["target"]) == ("other/Dockerfile", "release")
    assert step["arguments"] == [{"name": "a", "value": "1"}, *sent]
    assert repr(DOCKER) == before


def test_other_steps_take_their_file_only() -> None:
    """Only a Docker step has arguments and a target; an encoded step has no file."""
    override = {"file": "other.yaml", "target": "release", "arguments": [{"name": "a", "value": "1"}]}
    file_step = {"type": "FileTask", "taskFilePath": "acb.yaml"}
    assert overridden(file_step, override) == {"type": "FileTask", "taskFilePath": "other.yaml"}
    encoded = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFtd"}
    assert overridden(encoded, override) == encoded


def test_empty_members_override_nothing() -> None:
    """Clients send empty members without meaning a change."""
    empty = {"file": "", "target": "", "arguments": [], "values": [], "contextPath": ""}
    assert overridden(DOCKER, empty) == DOCKER


@pytest.mark.parametrize(
    ("context", "keeps_token"),
    [
        ("https://github.com/me/app.git#feature", True),
        ("https://GITHUB.com/me/app.git#feature", True),
        ("github.com/me/app", True),
        ("https://attacker.example/app.git", False),
        ("https://github.com@attacker.example/app.git", False),
        ("https://github.com:444/me/app.git", False),
        ("http://github.com/me/app.git", False),
        ("source/202603040000/a.tar.gz", False),
        ("https://[", False),
    ],
)
def test_the_tasks_token_stays_with_its_host(context: str, keeps_token: bool) -> None:
    """Another branch of the host gets the token; another host does not."""
    step = overridden(DOCKER, {"contextPath": context})
    assert step["contextPath"] == context
    assert ("contextAccessToken" in step) is keeps_token
