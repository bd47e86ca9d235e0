"""The Task resource as the engine calls it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime.rpc import wrap_rpc_secret

from pulumi_acr_tasks import EncodedTaskStepArgs, Task, embedded, engine, host
from pulumi_acr_tasks.errors import EmulatorError, EndpointError, SettingsError
from pulumi_acr_tasks.journal.journal import TASK
from pulumi_acr_tasks.program.declaration import engine_properties
from pulumi_acr_tasks.program.inputs import normalize
from pulumi_acr_tasks.schema.definitions import INPUTS
from pulumi_acr_tasks.service import service_for
from pulumi_acr_tasks.task import verbs as task
from pulumi_acr_tasks.task.resource import TaskProvider

_ID = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"
# As the engine hands values over: every number is a float, and the provider is among the properties.
_NEWS: dict[str, Any] = {
    "__provider": "x",
    "taskName": "build",
    "platform": {"os": "Linux"},
    "step": {"type": "Docker", "dockerFilePath": "Dockerfile"},
    "timeout": 600.0,
}


class _Console:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def status(self, text: str) -> None:
        self.lines.append(("status", text))

    def info(self, text: str) -> None:
        self.lines.append(("info", text))

    def warning(self, text: str) -> None:
        self.lines.append(("warning", text))


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> _Console:
    console = _Console()
    monkeypatch.setattr(host, "attach", lambda: None)
    monkeypatch.setattr(engine, "console", lambda *_: console)
    monkeypatch.setattr(engine, "stack_console", lambda: console)
    return console


def _configured(**config: str) -> TaskProvider:
    provider = TaskProvider()
    raw = {f"acr-tasks:{key}": value for key, value in config.items()}
    provider.configure(ConfigureRequest(Config(raw, "shop")))
    return provider


def _checked(provider: TaskProvider, **changes: Any) -> dict[str, Any]:
    return provider.check({}, {**_NEWS, **changes}).inputs


@pytest.fixture
def provider(console: _Console) -> TaskProvider:
    return _configured(endpoint="embedded")


def test_check_resolves_and_keeps_what_is_unknown(provider: TaskProvider) -> None:
    """Whole numbers, the registry's id, the endpoint; unknown values go back as they came."""
    inputs = _checked(provider, tags={"a": pulumi.UNKNOWN})
    assert inputs["registryId"].endswith("/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/emulator")
    assert inputs["endpoint"] == "embedded"
    assert type(inputs["timeout"]) is int
    assert inputs["tags"]["a"] is pulumi.UNKNOWN
    assert "__provider" not in inputs


def test_failures_never_name_a_property(provider: TaskProvider) -> None:
    """The engine would print its value, secret or not."""
    failures = provider.check({}, {**_NEWS, "timeout": 1.0, "platform": {"os": "x"}}).failures
    assert [failure.property for failure in failures] == ["", ""]
    assert failures[1].reason == "timeout: is 1; it is 300 to 28800 seconds"


def test_diff_is_false_when_nothing_has_changed(provider: TaskProvider, console: _Console) -> None:
    """Other outputs do not matter."""
    inputs = _checked(provider)
    result = provider.diff("id", {**inputs, "type": "x", "__provider": "old"}, {**inputs, "__provider": "new"})
    assert result.changes is False
    assert console.lines == []


def test_diff_leaves_an_ordinary_change_to_the_engine_and_says_the_patch(
    provider: TaskProvider, console: _Console
) -> None:
    """None, so that replace_on_changes works; the line is ephemeral."""
    result = provider.diff("id", _checked(provider), _checked(provider, timeout=700.0))
    assert (result.changes, result.replaces) == (None, None)
    assert console.lines == [("status", "PATCH timeout")]


def test_a_request_is_announced_only_where_one_follows(provider: TaskProvider, console: _Console) -> None:
    """A refresh asks `diff` without `check`: nothing is sent then."""
    olds, news = _checked(provider), _checked(provider, timeout=700.0)
    assert [provider.diff("id", olds, news).changes for _ in range(2)] == [None, None]
    assert console.lines == [("status", "PATCH timeout")]


def test_a_replacement_that_the_options_ask_for_is_announced(provider: TaskProvider, console: _Console) -> None:
    """The engine replaces, so no PATCH follows, and the identity's principal is another one."""
    olds = _checked(provider, identity={"type": "SystemAssigned"}, tags={"a.b": "1"})
    news = {"identity": {"type": "SystemAssigned"}, "tags": {"a.b": "2"}, "timeout": 700.0}
    checked = _checked(provider, **news, __replaceOnChanges=['tags["a.b"]', "step"])
    olds["identity"] = {**olds["identity"], "principalId": "p"}
    assert provider.diff("id", olds, checked).changes is None
    assert "__replaceOnChanges" not in checked
    assert console.lines[0] == ("status", 'replace (tags["a.b"] changed, see replace_on_changes)')
    assert "another principal id" in console.lines[1][1]


def test_diff_lets_the_engine_find_new_secrets(provider: TaskProvider) -> None:
    """It does so only when no value differs, because the engine would call its own values a change."""
    inputs = {**_checked(provider, tags={"__owner": "me"}), "__provider": "x"}
    assert inputs["tags"] == {"__owner": "me"}
    assert provider.diff("id", {**inputs, "type": "x"}, inputs).changes is None
    assert provider.diff("id", {**inputs, "__provider": "y"}, inputs).changes is False
    assert provider.diff("id", inputs, {**inputs, "status": "enabled"}).changes is False


def test_diff_says_a_put_for_good(provider: TaskProvider, console: _Console) -> None:
    """A PUT is worth a lasting line."""
    olds = _checked(provider, platform={"os": "Linux", "architecture": "arm"})
    assert provider.diff("id", olds, _checked(provider)).changes is None
    assert console.lines == [("info", "PUT (platform.architecture removed)")]


def test_diff_replaces_delete_first(provider: TaskProvider) -> None:
    """Two tasks of one name cannot be; an unknown registry replaces, too."""
    for changes in ({"taskName": "other"}, {"registryName": "other"}, {"registryName": pulumi.UNKNOWN}):
        result = provider.diff("id", _checked(provider), _checked(provider, **changes))
        assert result.changes is True
        assert result.delete_before_replace is True
        assert result.replaces == ["taskName" if "taskName" in changes else "registryId"]


def test_diff_warns_of_a_lost_principal(provider: TaskProvider, console: _Console) -> None:
    """Its role assignments go with it."""
    olds = _checked(provider, identity={"type": "SystemAssigned"})
    provider.diff("id", olds, _checked(provider))
    assert ("warning", "the system-assigned identity is removed, its principal id is lost") in console.lines


def test_diff_warns_of_another_principal_after_a_replacement(provider: TaskProvider, console: _Console) -> None:
    """The roles of the former task are not granted to the new one."""
    olds = _checked(provider, identity={"type": "SystemAssigned"})
    provider.diff("id", olds, _checked(provider, identity={"type": "SystemAssigned"}, taskName="other"))
    assert [kind for kind, _ in console.lines] == ["status", "warning"]
    assert "another principal id" in console.lines[1][1]


def test_diff_confirms_what_the_journal_has(
    provider: TaskProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The engine has shown the id: a later create of that URN takes nothing over."""
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr(host, "find_request", lambda: engine.Request(urn))
    with engine.serving(engine.Request(urn)):
        journal = provider.service.journal()
    journal.begin(TASK, endpoint="embedded", resource_id=f"{_ID}/tasks/build")
    provider.diff(f"{_ID}/tasks/build", _checked(provider), _checked(provider))
    assert journal.find(TASK, endpoint="embedded") is None


def test_the_program_hands_over_the_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends without organizations call theirs `organization`."""
    for organization, expected in [("acme", "acme"), ("organization", None), (None, None)]:
        monkeypatch.setattr(pulumi, "get_organization", functools.partial(lambda name: name, organization))
        assert engine_properties(Task, {}).get("__organization") == expected


def test_a_mistake_in_a_task_file_names_the_file_and_the_line(
    provider: TaskProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program hands over the path that it has read; no state keeps it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acb.yaml").write_text("version: v1.1.0\nsteps:\n  - cmd: busybox\n    when: [gone]\n")
    step = EncodedTaskStepArgs.from_file("acb.yaml")
    given = engine_properties(Task, {"step": normalize(step, INPUTS["Task"]["step"], "step")})
    assert given["__taskFile"] == "acb.yaml"
    checked = provider.check({}, {**_NEWS, **{name: value for name, value in given.items() if value is not None}})
    assert [failure.reason for failure in checked.failures] == [
        "step.encoded_task_content: acb.yaml:4:12: no step has the id 'gone'"
    ]
    assert "__taskFile" not in checked.inputs


def test_each_organization_and_backend_has_entries_of_its_own(
    provider: TaskProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program hands over the organization in a property that `check` takes out."""
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    kept = []
    for organization, login in [("one", "https://a"), ("two", "https://a"), ("one", "https://b")]:
        (tmp_path / "credentials.json").write_text(f'{{"current": "{login}"}}')
        service_for.cache_clear()
        assert "__organization" not in _checked(provider, __organization=organization)
        with engine.serving(engine.Request(urn)):
            journal = provider.service.journal()
        assert journal.find(TASK, endpoint="embedded") is None
        journal.begin(TASK, endpoint="embedded", resource_id=f"{_ID}/tasks/build")
        kept.append(journal.find(TASK, endpoint="embedded"))
    assert None not in kept
    assert len(list(tmp_path.rglob("*.json"))) == 1 + 3


SECRET_ARGUMENT = {"name": "TOKEN", "value": "c4nary", "isSecret": True}


def test_secrets_that_a_refresh_brings_are_encrypted(provider: TaskProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are marked in outputs and inputs, although no program has marked them.

    The engine marks a list of outputs as a whole. In inputs a diff then shows what stands beside a secret.
    """
    login = {"password": {"value": "c4nary", "type": "Opaque"}}
    step = {"type": "Docker", "contextPath": "https://x:c4nary@a.example/b.git", "arguments": [SECRET_ARGUMENT]}
    props = {"credentials": {"customRegistries": {"a.example": login}}, "step": step, "timeout": 600}
    monkeypatch.setattr(task, "read", lambda *_: ("id", props, props))
    read = provider.read("id", {})
    marked = {**SECRET_ARGUMENT, "value": wrap_rpc_secret("c4nary")}
    for found, arguments in ((read.outs, wrap_rpc_secret([SECRET_ARGUMENT])), (read.inputs, [marked])):
        assert found is not None
        value = found["credentials"]["customRegistries"]["a.example"]["password"]["value"]
        assert value == wrap_rpc_secret("c4nary")
        assert found["step"]["contextPath"] == wrap_rpc_secret(step["contextPath"])
        assert found["step"]["arguments"] == arguments
        assert found["timeout"] == 600


def test_checked_inputs_are_marked_leaf_by_leaf(provider: TaskProvider) -> None:
    """A diff then shows what stands beside a secret."""
    plain = {"name": "VERSION", "value": "1"}
    step = {"type": "Docker", "dockerFilePath": "Dockerfile", "arguments": [plain, SECRET_ARGUMENT]}
    inputs = provider.check({}, {"taskName": "build", "platform": {"os": "Linux"}, "step": step}).inputs
    assert inputs["step"]["arguments"] == [plain, {**SECRET_ARGUMENT, "value": wrap_rpc_secret("c4nary")}]


def test_diff_refuses_a_task_that_lives_elsewhere(provider: TaskProvider) -> None:
    """The preview fails already."""
    olds = {**_checked(provider), "endpoint": "https://management.azure.com"}
    with pytest.raises(
        EndpointError, match=r"lives at https://management\.azure\.com; the stack now points to embedded"
    ):
        provider.diff("id", olds, _checked(provider))


def test_a_wrong_configuration_is_an_error_in_a_sentence(console: _Console) -> None:
    """It is raised within the resource's request, so it shows at the resource."""
    with pytest.raises(SettingsError, match="acr-tasks:endpoint is 'bogus'"):
        _configured(endpoint="bogus")


def test_an_emulator_that_is_not_installed_fails_the_preview(
    provider: TaskProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names what to install; an incomplete credential fails the preview too."""
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    with pytest.raises(EmulatorError, match=r"pip install \"pulumi-acr-tasks\[emulator\]\""):
        _checked(provider)
    azure = _configured(credential="client-secret", subscriptionId="s", resourceGroupName="g", registryName="contoso")
    with pytest.raises(SettingsError, match="the credential 'client-secret' needs acr-tasks:tenantId"):
        _checked(azure)


def test_a_problem_names_the_resource_as_the_source_of_the_task_s_name(provider: TaskProvider) -> None:
    """The program has no task_name that its author could correct."""
    news = {key: value for key, value in _NEWS.items() if key != "taskName"}
    (failure,) = provider.check({}, news).failures
    assert failure.reason.startswith("task_name: is ''; ")
    assert failure.reason.endswith("; it is the resource's name here: give a task_name")
    (failure,) = provider.check({}, {**news, "taskName": "x"}).failures
    assert "resource's name" not in failure.reason


def test_check_alone_refuses_a_misspelt_key(console: _Console) -> None:
    """Refresh and destroy use the configuration in state: a stack of an earlier release can still be destroyed."""
    provider = TaskProvider()
    provider.configure(
        ConfigureRequest(Config({"acr-tasks:endpoint": "embedded", "acr-tasks:regstryName": "x"}, "shop"))
    )
    with pytest.raises(SettingsError, match="did you mean acr-tasks:registryName"):
        _checked(provider)
    with pytest.raises(SettingsError) as caught:
        _configured(endpoint="bogus", regstryName="x")
    assert len(str(caught.value).splitlines()) == 2
