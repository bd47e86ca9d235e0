"""The warning of a Pulumi secret that the service shows."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_acr_tasks.schema.definitions import INPUTS
from pulumi_acr_tasks.validate.readable_secrets import Path, check_marks

VALUES = [{"name": "level", "value": "1"}, {"name": "token", "value": "c4nary-0123"}]
HIDDEN = {"name": "hidden", "value": "c4nary-4567", "isSecret": True}


def warned(marks: set[Path], values: list[Any], name: str = "values", type_: str = "EncodedTask") -> list[str]:
    problems = check_marks({"step": {"type": type_, name: values}}, INPUTS["Task"], marks)
    assert all(problem.warning for problem in problems)
    assert not any("c4nary" in str(problem) for problem in problems)
    return [f"{problem.path}: {problem.message.partition(' is a ')[0]}" for problem in problems]


@pytest.mark.parametrize(
    ("name", "type_"), [("values", "EncodedTask"), ("values", "FileTask"), ("arguments", "Docker")]
)
def test_a_marked_value_of_a_task_is_named(name: str, type_: str) -> None:
    marks: set[Path] = {("step", name, 1, "value")}
    assert warned(marks, VALUES, name, type_) == [f"step.{name}[1].value: the value of 'token'"]


def test_a_marked_value_of_a_run_is_named() -> None:
    """Paths may have Python's spelling, where a transform has added the value."""
    request = {"type": "DockerBuildRequest", "arguments": VALUES}
    for marked in ("runRequest", "run_request"):
        [problem] = check_marks({"runRequest": request}, INPUTS["Run"], {(marked, "arguments", 1, "value")})
        assert str(problem).startswith("run_request.arguments[1].value: the value of 'token' is a Pulumi secret")


def test_a_value_that_the_service_hides_needs_no_warning() -> None:
    for hidden in (True, "unknown"):
        assert warned({("step", "values", 0, "value")}, [{**HIDDEN, "isSecret": hidden}]) == []


def test_a_mark_of_a_whole_owner_counts_for_all_of_its_values() -> None:
    """The name stands within the secret, so it is not shown."""
    all_of_them = ["step.values[0].value: the value", "step.values[1].value: the value"]
    for owner in [("step", "values"), ("step",)]:
        assert warned({owner}, VALUES) == all_of_them
    assert warned({("step", "values", 1)}, VALUES) == all_of_them[1:]
    assert warned({("step", "values", 1, "value"), ("step", "values", 1, "name")}, VALUES) == all_of_them[1:]


def test_a_mark_of_an_owner_with_a_hidden_secret_says_nothing_of_other_values() -> None:
    """An SDK marks the whole object for one secret in it."""
    assert warned({("step", "values")}, [*VALUES, HIDDEN]) == []
    assert warned({("step",), ("step", "values", 1, "value")}, [*VALUES, HIDDEN]) == [
        "step.values[1].value: the value of 'token'"
    ]


def test_marks_elsewhere_and_wrong_shapes_need_no_warning() -> None:
    assert warned({("step", "values", 7, "value"), ("timeout",)}, VALUES) == []
    assert warned({("step", "values", 0)}, ["text", None]) == []
    assert (
        check_marks({"step": "text", "misspelt": {"values": VALUES}}, INPUTS["Task"], {("step",), ("misspelt",)}) == []
    )
