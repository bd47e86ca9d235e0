"""The work around every verb, on either host."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import wrap_rpc_secret

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine import Request, shortened_errors
from pulumi_acr_tasks.engine_call import EngineCalls
from pulumi_acr_tasks.errors import DeadlineError, SettingsError, TransportError
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task import verbs

_SECRET = {"name": "TOKEN", "value": "c4nary", "isSecret": True}
_STEP = {"type": "Docker", "dockerFilePath": "Dockerfile", "arguments": [_SECRET]}


_URN = "urn:pulumi:dev::shop::t::"


class _Verbs:
    """Verbs that record their arguments, and fail on request."""

    kinds = verbs.kinds
    check = staticmethod(verbs.check)
    diff = staticmethod(verbs.diff)
    read = staticmethod(verbs.read)
    delete = staticmethod(verbs.delete)

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.failure: Exception | None = None

    def create(self, service: Any, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.given.append((engine.current_request().urn, inputs))
        if self.failure is not None:
            raise self.failure
        return "id", inputs

    def update(self, service: Any, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        self.given.append(news)
        return news


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> EngineCalls:
    monkeypatch.setattr(shortened_errors, "_shown", {})
    return EngineCalls(Settings.load({"endpoint": "embedded"}.get, {}))


def _kept(id_: str, outs: dict[str, Any], reason: str) -> bool:
    raise AssertionError("nothing is to be kept")


def test_the_request_is_known_while_a_verb_runs_and_its_secrets_are_marked(calls: EngineCalls) -> None:
    """The request is not known after the call."""
    given = _Verbs()
    made = calls.create(given, Request(f"{_URN}a"), {"timeout": 600, "step": _STEP}, _kept)
    assert given.given == [(f"{_URN}a", {"timeout": 600, "step": _STEP})]
    assert made == ("id", {"timeout": 600, "step": {**_STEP, "arguments": wrap_rpc_secret([_SECRET])}})
    assert engine.current_request().urn == ""


def test_ignored_changes_do_not_reach_a_verb(calls: EngineCalls) -> None:
    """The engine has applied paths in ARM's spelling; a transformation may have added others."""
    given = _Verbs()
    old, new = {"agentConfiguration": {"cpu": 2}}, {"agentConfiguration": {"cpu": 4}, "timeout": 700}
    calls.update(given, Request(f"{_URN}a", ignore_changes=("agent_configuration",)), "id", old, new)
    assert given.given == [{"agentConfiguration": {"cpu": 2}, "timeout": 700}]


def test_an_error_shows_no_secret_and_is_shown_in_full_once(calls: EngineCalls) -> None:
    """The service may repeat what it was sent; another resource with the same error gets a line."""
    shown, failing = [], _Verbs()
    for name in "ab":
        failing.failure = SettingsError("refused: c4nary\nset another one")
        with pytest.raises(SettingsError) as caught:
            calls.create(failing, Request(f"{_URN}{name}"), {"step": _STEP}, _kept)
        shown.append(str(caught.value))
    assert "c4nary" not in "".join(shown)
    assert shown[0].endswith("set another one")
    assert shown[1].endswith("(shown in full at a)")


def test_a_custom_timeout_that_is_over_is_named(calls: EngineCalls) -> None:
    """The engine sends it with the request, and enforces nothing."""
    failing = _Verbs()
    failing.failure = TransportError("no answer")
    with pytest.raises(DeadlineError, match="create did not end within 1e-09 s"):
        calls.create(failing, Request(f"{_URN}a", timeout=1e-9), {}, _kept)
