"""Errors that a whole stack repeats: shown in full once, then in a line."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.engine import shortened_errors

_URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::"


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortened_errors, "_shown", {})


def _forbidden(name: str, action: str = "update task") -> errors.ForbiddenError:
    return errors.ForbiddenError(403, "AuthorizationFailed", "no", "", f"id-{name}", action, f"/{name}", "get a role")


def _raised(error: errors.AcrTasksError, name: str) -> str:
    short = shortened_errors.shortened(error, _URN + name)
    assert type(short) is type(error)
    return str(short)


def test_the_first_is_shown_in_full_and_the_others_in_a_line() -> None:
    """The line says where the rest stands, and its own correlation id."""
    assert _raised(_forbidden("a"), "a").count("\n") == 3
    assert _raised(_forbidden("b"), "b") == (
        "update task /b: the service answered 403 AuthorizationFailed (shown in full at a; correlation id id-b)"
    )
    assert _raised(_forbidden("a"), "a").count("\n") == 3


def test_another_kind_of_error_is_shown_in_full_too() -> None:
    """It needs another cure."""
    _raised(_forbidden("a"), "a")
    assert _raised(_forbidden("b", "list tasks of"), "b").count("\n") == 3


def test_wrong_settings_are_shown_once() -> None:
    """Every resource of the stack meets the same wrong key."""
    text = "acr-tasks:endpoint is 'x'\nacr-tasks:logLevel is 'y'"
    assert _raised(errors.SettingsError(text), "a") == text
    assert _raised(errors.SettingsError(text), "b") == "acr-tasks:endpoint is 'x' (shown in full at a)"


def test_an_error_of_one_resource_is_always_shown_in_full() -> None:
    """Two webhooks that are refused are two problems."""
    for name in "ab":
        error = errors.WebhookError(409, "ProviderCall", "refused", "GitHub", "id", "update task", f"/{name}", "a cure")
        assert _raised(error, name) == str(error)


def test_an_answer_that_many_waited_for_is_shown_once() -> None:
    """They share the error, and its correlation id."""
    error = errors.UnavailableError(503, "Busy", "no", "", "id", "list tasks of", "/registry")
    assert _raised(error, "a") == str(error)
    assert _raised(error, "b") == (
        "list tasks of /registry: the service answered 503 Busy (shown in full at a; correlation id id)"
    )


def test_a_single_line_is_never_shortened() -> None:
    """The hint would be longer than what it saves."""
    for name in "ab":
        assert _raised(errors.CanceledError("The update was canceled."), name) == "The update was canceled."
