"""What the decorator of every verb does around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest, CreateResult, UpdateResult
from pulumi.runtime.rpc import wrap_rpc_secret

from pulumi_acr_tasks import engine, host, shortened_errors
from pulumi_acr_tasks.engine_call import EngineProvider, engine_call
from pulumi_acr_tasks.errors import DeadlineError, SettingsError, TransportError
from pulumi_acr_tasks.schema.definitions import INPUTS

_SECRET = {"name": "TOKEN", "value": "c4nary", "isSecret": True}
_STEP = {"type": "Docker", "dockerFilePath": "Dockerfile", "arguments": [_SECRET]}


class _Provider(EngineProvider):
    """A provider that keeps what its verbs are given, and fails where it is asked to."""

    kinds = INPUTS["Task"]

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.failure: Exception | None = None

    @engine_call
    def create(self, props: dict[str, Any]) -> CreateResult:
        self.given.append((engine.current_request().urn, props))
        if self.failure is not None:
            raise self.failure
        return CreateResult("id", props)

    @engine_call
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        self.given.append(_news)
        return UpdateResult(_news)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Provider]:
    monkeypatch.setattr(host, "attach", lambda: None)
    monkeypatch.setattr(shortened_errors, "_shown", {})
    provider = _Provider()
    provider.configure(ConfigureRequest(Config({"acr-tasks:endpoint": "embedded"}, "shop")))
    return provider


def _serve(monkeypatch: pytest.MonkeyPatch, name: str, **more: Any) -> None:
    monkeypatch.setattr(host, "find_request", lambda: engine.Request(f"urn:pulumi:dev::shop::t::{name}", **more))


def test_a_verb_gets_plain_values_and_its_secrets_are_marked(
    provider: _Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole numbers, without the engine's own properties; the request is known while the verb runs, and not after."""
    _serve(monkeypatch, "a")
    made = provider.create({"__provider": "x", "timeout": 600.0, "step": _STEP})
    assert provider.given == [("urn:pulumi:dev::shop::t::a", {"timeout": 600, "step": _STEP})]
    assert type(provider.given[0][1]["timeout"]) is int
    assert made.outs == {"timeout": 600, "step": {**_STEP, "arguments": wrap_rpc_secret([_SECRET])}}
    assert engine.current_request().urn == ""


def test_ignored_changes_do_not_reach_a_verb(provider: _Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has applied paths in ARM's spelling; a transformation may have added others."""
    _serve(monkeypatch, "a", ignore_changes=("agent_configuration",))
    old, new = {"agentConfiguration": {"cpu": 2.0}}, {"agentConfiguration": {"cpu": 4.0}, "timeout": 700.0}
    provider.update("id", old, new)
    assert provider.given == [{"agentConfiguration": {"cpu": 2}, "timeout": 700}]


def test_an_error_shows_no_secret_and_is_shown_in_full_once(
    provider: _Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service may repeat what it was sent; another resource with the same error gets a line."""
    shown = []
    for name in "ab":
        _serve(monkeypatch, name)
        provider.failure = SettingsError("refused: c4nary\nset another one")
        with pytest.raises(SettingsError) as caught:
            provider.create({"step": _STEP})
        shown.append(str(caught.value))
    assert "c4nary" not in "".join(shown)
    assert shown[0].endswith("set another one")
    assert shown[1].endswith("(shown in full at a)")


def test_a_custom_timeout_that_is_over_is_named(provider: _Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine sends it with the request, and enforces nothing."""
    _serve(monkeypatch, "a", timeout=1e-9)
    provider.failure = TransportError("no answer")
    with pytest.raises(DeadlineError, match="create did not end within 1e-09 s"):
        provider.create({})
