"""The changed lines of a task file in base64 are named by their numbers, without their text."""

from __future__ import annotations

import base64

import pytest

from pulumi_acr_tasks.run.diff import diff_run
from pulumi_acr_tasks.schema.values import changed_lines
from pulumi_acr_tasks.task.diff import diff


def _base64(text: str) -> str:
    return base64.b64encode("\n".join(text).encode()).decode()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("abc", "abx", "line 3"),
        ("abcd", "axyd", "lines 2-3"),
        ("abc", "abcxy", "lines 4-5"),
        ("abcdefg", "xbydefz", "lines 1, 3, 7"),
        ("abcdefghi", "1b2d3f4h5", "lines 1, 3, 5 …"),
        ("abc", "ab", "line 2"),
        ("abc", "bc", "line 1"),
        ("abc", "", "line 1"),
        ("abc", "abc", ""),
        ("a" * 3000, "b", ""),
    ],
)
def test_the_lines_that_differ_are_named(old: str, new: str, said: str) -> None:
    """Numbers are those of the new file; removed lines are named by the line above them."""
    assert changed_lines(_base64(old), _base64(new)) == said


@pytest.mark.parametrize("content", [None, "!!", "/w==", 5])
def test_another_content_has_no_lines(content: object) -> None:
    """`check` reports what is wrong with it."""
    assert changed_lines(content, _base64("ab")) == changed_lines(_base64("ab"), content) == ""


def test_the_announcement_names_the_lines() -> None:
    """A task's PATCH and a new run are announced with them."""
    old, new = ({"encodedTaskContent": _base64(text)} for text in ("abc", "abx"))
    tasks = ({"step": {"type": "EncodedTask", **content}} for content in (old, new))
    assert str(diff(*tasks)) == "PATCH step.encodedTaskContent (line 3)"
    runs = ({"runRequest": {"type": "EncodedTaskRunRequest", **content}} for content in (old, new))
    assert diff_run(*runs).summary == "new run (encodedTaskContent (line 3) changed)"
