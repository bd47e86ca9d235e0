"""The Run resource as the engine sees it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from pulumi_acr_tasks.errors import EndpointError
from pulumi_acr_tasks.run import RunProvider
from pulumi_acr_tasks.settings import Settings

TASK_RUN = {"type": "TaskRunRequest", "taskName": "greeting"}


@pytest.fixture
def provider() -> RunProvider:
    """One that was configured for the embedded emulator, which it never starts here."""
    provider = RunProvider()
    provider._settings = Settings.load({"endpoint": "embedded"}.get, {})
    return provider


def state(provider: RunProvider, **inputs: Any) -> dict[str, Any]:
    """The outputs of a run that was made of these inputs."""
    checked = provider.check({}, {"runRequest": TASK_RUN, **inputs})
    assert checked.failures == []
    return {**checked.inputs, "__provider": "old", "runId": "cf1", "status": "Succeeded", "imageRefs": []}


def diff(provider: RunProvider, olds: dict[str, Any], **news: Any) -> Any:
    inputs = provider.check({}, {"runRequest": TASK_RUN, "__provider": "new", **news}).inputs
    return provider.diff("id", olds, inputs)


def test_failures_name_no_property_and_show_no_value(provider: RunProvider) -> None:
    """The engine would print the value of a named property, secret or not; the path stands in the reason."""
    values = [{"name": "key", "value": 5.0, "isSecret": True}]
    failures = provider.check({}, {"runRequest": {**TASK_RUN, "values": values}, "logs": "x"}).failures
    assert [(failure.property, failure.reason.split(":")[0]) for failure in failures] == [
        ("", "run_request.values[0].value"),
        ("", "logs"),
    ]
    assert "5" not in failures[0].reason


def test_the_engines_numbers_are_whole_again(provider: RunProvider) -> None:
    """They arrive as floats."""
    inputs = provider.check({}, {"runRequest": TASK_RUN, "queueTimeout": 30.0}).inputs
    assert type(inputs["queueTimeout"]) is int


def test_what_is_unknown_stays_so_for_the_engine(provider: RunProvider) -> None:
    """It goes back as the SDK's own object."""
    inputs = provider.check({}, {"runRequest": {**TASK_RUN, "taskName": Unknown()}}).inputs
    assert inputs["runRequest"]["taskName"] is pulumi.UNKNOWN


def test_an_unchanged_run_is_unchanged(provider: RunProvider) -> None:
    """Another provider reference is no change that a user would call one."""
    assert diff(provider, state(provider)).changes is False


def test_a_new_run_is_made_before_the_old_one_goes(provider: RunProvider) -> None:
    """So that a run that fails leaves the old one in state."""
    result = diff(provider, state(provider, triggers=["1"]), triggers=["2"])
    assert (result.changes, result.replaces, result.delete_before_replace) == (True, ["triggers"], False)


def test_an_unknown_request_is_a_new_run(provider: RunProvider) -> None:
    """The engine asks with unknowns during up, too."""
    result = provider.diff("id", state(provider), {**state(provider), "runRequest": Unknown()})
    assert (result.changes, result.replaces) == (True, ["runRequest"])


def test_the_archive_alone_is_left_to_the_engine_to_compare(provider: RunProvider) -> None:
    """Then replace_on_changes works."""
    result = diff(provider, state(provider), runRequest={**TASK_RUN, "isArchiveEnabled": True})
    assert (result.changes, result.replaces) == (None, None)


def test_local_behaviour_is_an_update(provider: RunProvider) -> None:
    """Which makes no request."""
    result = diff(provider, state(provider), cancelOnDelete=True)
    assert (result.changes, result.replaces) == (True, None)


def test_a_run_of_another_endpoint_is_refused(provider: RunProvider) -> None:
    """Never dropped, never replaced."""
    with pytest.raises(EndpointError, match="this run lives at https://elsewhere"):
        diff(provider, {**state(provider), "endpoint": "https://elsewhere"})
