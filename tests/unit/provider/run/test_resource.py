"""The Run resource as the engine calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown
from pulumi.runtime.rpc import wrap_rpc_secret

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine_call import EngineCalls
from pulumi_acr_tasks.errors import EndpointError
from pulumi_acr_tasks.run.resource import RunProvider
from pulumi_acr_tasks.settings.settings import Settings

TASK_RUN = {"type": "TaskRunRequest", "taskName": "greeting"}


@pytest.fixture
def provider() -> RunProvider:
    """Return a provider that is configured for the embedded emulator, which it never starts here."""
    provider = RunProvider()
    provider._calls = EngineCalls(Settings.load({"endpoint": "embedded"}.get, {}))
    return provider


def state(provider: RunProvider, **inputs: Any) -> dict[str, Any]:
    """Return the outputs of a run that was made of these inputs."""
    checked = provider.check({}, {"runRequest": TASK_RUN, **inputs})
    assert checked.failures == []
    return {**checked.inputs, "__provider": "old", "runId": "cf1", "status": "Succeeded", "imageRefs": []}


def diff(provider: RunProvider, olds: dict[str, Any], **news: Any) -> Any:
    given = {"runRequest": TASK_RUN, "__provider": "new", **news}
    # As the SDK does: what the check leaves out of the provider's own, it puts back.
    return provider.diff("id", olds, {**provider.check({}, given).inputs, "__provider": given["__provider"]})


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
    """The engine sends them as floats."""
    inputs = provider.check({}, {"runRequest": TASK_RUN, "queueTimeout": 30.0}).inputs
    assert type(inputs["queueTimeout"]) is int


def test_an_unknown_value_goes_back_to_the_engine(provider: RunProvider) -> None:
    """It is the SDK's own object."""
    inputs = provider.check({}, {"runRequest": {**TASK_RUN, "taskName": Unknown()}}).inputs
    assert inputs["runRequest"]["taskName"] is pulumi.UNKNOWN


def test_an_unchanged_run_is_unchanged(provider: RunProvider) -> None:
    """Another reference to the provider does not count as a change."""
    assert diff(provider, state(provider)).changes is False


def test_a_new_run_is_made_before_the_old_one_is_deleted(provider: RunProvider) -> None:
    """If it fails, the old one stays in state."""
    result = diff(provider, state(provider, triggers=["1"]), triggers=["2"])
    assert (result.changes, result.replaces, result.delete_before_replace) == (True, ["triggers"], False)


def test_an_unknown_request_is_a_new_run(provider: RunProvider) -> None:
    """The engine sends unknown values during up, too."""
    result = provider.diff("id", state(provider), {**state(provider), "runRequest": Unknown()})
    assert (result.changes, result.replaces) == (True, ["runRequest"])


def test_the_archive_alone_is_left_to_the_engine_to_compare(provider: RunProvider) -> None:
    """This lets replace_on_changes work."""
    result = diff(provider, state(provider), runRequest={**TASK_RUN, "isArchiveEnabled": True})
    assert (result.changes, result.replaces) == (None, None)


def test_local_behaviour_is_left_to_the_engine_to_compare(provider: RunProvider) -> None:
    """It is an update without a request; replace_on_changes works on it."""
    result = diff(provider, state(provider), cancelOnDelete=True)
    assert (result.changes, result.replaces) == (None, None)


def test_a_value_that_is_secret_since_is_left_to_the_engine_to_find(provider: RunProvider) -> None:
    """The engine does not tell a provider what is secret; a value that is secret by nature was secret before."""
    olds = {**state(provider, triggers={"__mine": "x"}), "__provider": "same"}
    assert olds["triggers"] == {"__mine": "x"}
    assert diff(provider, olds, triggers={"__mine": "x"}, __provider="same").changes is None
    values = [{"name": "key", "value": "x", "isSecret": True}]
    news = {"runRequest": {**TASK_RUN, "values": values}, "__provider": "same"}
    checked = {**olds, "triggers": {}, **news}
    assert provider.diff("id", checked, checked).changes is False


class _Console:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def status(self, text: str) -> None:
        self.lines.append(text)

    def info(self, text: str) -> None:
        self.lines.append(f"kept: {text}")

    def warning(self, text: str) -> None:
        """Accept what the journal says of a resource without a stack."""


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    console = _Console()
    monkeypatch.setattr(engine, "console", lambda *_: console)
    monkeypatch.setattr(engine, "stack_console", lambda: console)
    return console.lines


def test_a_new_run_is_announced_only_after_a_check(provider: RunProvider, lines: list[str]) -> None:
    """A refresh calls `diff` without `check`; so does the search for dependents of a replacement."""
    olds = state(provider, triggers=["1"])
    news = provider.check({}, {"runRequest": TASK_RUN, "triggers": ["2"]}).inputs
    for _ in range(2):
        assert provider.diff("id", olds, news).replaces == ["triggers"]
    assert lines == ["kept: new run (triggers changed)"]


@pytest.mark.parametrize("paths", [["logs"], ["logs", "triggers"], ["*"]])
def test_a_new_run_that_the_options_ask_for_is_announced(
    provider: RunProvider, lines: list[str], paths: list[str]
) -> None:
    """The line names what differs; the engine replaces, and no PATCH follows."""
    olds = state(provider)
    assert diff(provider, olds, logs="none", __replaceOnChanges=paths).changes is None
    assert lines == ["kept: new run (logs changed, see replace_on_changes)"]


def test_the_inputs_of_a_transform_take_effect(provider: RunProvider) -> None:
    """They replace the constructor's, in Python's spelling too; secrets by nature are marked."""
    password = {"user_name": {"value": "u"}, "password": {"value": "p"}}
    request = {
        "type": "DockerBuildRequest",
        "imageNames": ["constructor"],
        "image_names": ["transform"],
        "credentials": {"custom_registries": {"a.example": password}},
        "sourceLocation": "https://example.com/a.git",
    }
    checked = provider.check({}, {"runRequest": request, "cancel_on_delete": True})
    assert checked.failures == []
    assert checked.inputs["cancelOnDelete"] is True
    assert checked.inputs["runRequest"]["imageNames"] == ["transform"]
    [login] = checked.inputs["runRequest"]["credentials"]["customRegistries"].values()
    assert login == {"userName": {"value": wrap_rpc_secret("u")}, "password": {"value": wrap_rpc_secret("p")}}


def test_an_ignored_hash_is_kept(provider: RunProvider, tmp_path: Path) -> None:
    """The engine restores it for `ignore_changes`, and the folder is not read."""
    request = {"type": "DockerBuildRequest"}
    checked = provider.check({}, {"runRequest": request, "context": str(tmp_path / "gone"), "contextHash": "sha256:1"})
    assert checked.failures == []
    assert checked.inputs["contextHash"] == "sha256:1"


def test_a_run_of_another_endpoint_is_refused(provider: RunProvider) -> None:
    """It is neither dropped nor replaced."""
    with pytest.raises(EndpointError, match="this run lives at https://elsewhere"):
        diff(provider, {**state(provider), "endpoint": "https://elsewhere"})
