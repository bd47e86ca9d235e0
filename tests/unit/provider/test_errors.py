"""The tree of errors."""

from __future__ import annotations

import inspect
import re

from pulumi_acr_tasks import errors


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    """The docstring has the classes in their order, each under its base."""
    drawn: list[tuple[str, str]] = []
    stack: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│├└─ ]*)([A-Z]\w+Error)\b", line)
        if match:
            depth = len(match[1]) // 4
            stack[depth:] = [match[2]]
            drawn.append((match[2], stack[depth - 1] if depth else "Exception"))
    written = [
        (name, value.__mro__[1].__name__)
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    ]
    assert drawn == written


def test_a_refusal_has_at_most_four_lines() -> None:
    """They are the operation and the id, the service's words, the cure, and the correlation id."""
    error = errors.WebhookError(
        409,
        "ProviderCall",
        "Failed to\ncreate webhook",
        "GitHub",
        "c1",
        "create task",
        "/tasks/t",
        "use a better token",
    )
    assert str(error).splitlines() == [
        "create task /tasks/t: the service answered 409 ProviderCall",
        "Failed to create webhook",
        "use a better token",
        "correlation id c1",
    ]


def test_a_refusal_without_a_body_has_one_line() -> None:
    """The line has the status."""
    assert str(errors.UnavailableError(503, "", "")) == "request: the service answered 503"


def test_several_problems_are_several_lines() -> None:
    """Each problem is a sentence on a line of its own."""
    assert str(errors.ValidationError(["a: is missing", "b: is empty"])) == "a: is missing\nb: is empty"
