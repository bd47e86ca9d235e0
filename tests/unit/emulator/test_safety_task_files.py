"""Task files that are small and want to be large."""

from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.execution.document import DEPTH, VALUES, VALUES_BY_ALIASES, DocumentError, read_document
from acr_tasks_emulator.execution.graph import Graph
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.task_file import STEPS, TaskFileError, load, read
from acr_tasks_emulator.execution.templates import TemplateError, render

STEP = "version: v1.1.0\nsteps:\n  - cmd: busybox\n"


def laughs(levels: int) -> str:
    lines = ["a0: &a0 ha\n", *(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, levels + 1))]
    return "".join(lines)


def merges(levels: int) -> str:
    lines = [f"m{n}: &m{n}\n  <<: [{','.join([f'*m{n - 1}'] * 10)}]\n" for n in range(1, levels + 1)]
    return "".join(["m0: &m0 {a: 1, b: 2}\n", *lines])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (laughs(9), "document contains excessive aliasing"),
        (merges(9), "document contains excessive aliasing"),
        ("a: &a [*a]", "anchor 'a' value contains itself"),
        ("a: &a {b: *a}", "anchor 'a' value contains itself"),
        ("a: &a\n  <<: *a\n", "anchor 'a' value contains itself"),
        ("[" * 100_000, "exceeded max depth"),
        ("{a: " * 100_000, "exceeded max depth"),
        ("".join(" " * n + "- \n" for n in range(200)), "exceeded max depth"),
        ("- a\n" * (VALUES + 1), "more than 20000 values"),
        ("a: " + "9" * 5000, "yaml: "),
        ("a: 0x" + "9" * 500_000 + "g", None),
        ("a: 2001-99-99", "yaml: "),
        ("a: !!python/object/apply:os.system ['id']", "could not determine a constructor"),
        ("a: !!binary x", "yaml: "),
        ('a: "b\\0c"', "control characters are not allowed"),
        ("a: b\0c", "yaml: "),
        ("a: *nowhere", "yaml: "),
        ("%YAML 9.9\n---\na: b", "yaml: "),
        ("--- a\n--- b", "yaml: "),
    ],
)
def test_documents(text: str, problem: str | None) -> None:
    """Bombs, towers, and values that are none are refused with a sentence; a long word is a long word."""
    if problem is None:
        assert len(read_document(text)["a"]) > 500_000
        return
    with pytest.raises(DocumentError, match=problem) as caught:
        read_document(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [1, 2]\nb: *a", {"a": [1, 2], "b": [1, 2]}),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        ("a: &a x\nb: &a y\nc: *a", {"a": "x", "b": "y", "c": "y"}),
        ("[" * (DEPTH - 1) + "]" * (DEPTH - 1), None),
        ("- a\n" * (VALUES - 1), ["a"] * (VALUES - 1)),
        ("", None),
    ],
)
def test_documents_that_are_read(text: str, expected: Any) -> None:
    """Aliases, merged mappings, and documents at the limits are what people write."""
    found = read_document(text)
    assert found == expected or text.startswith("[")


def test_aliases_count_as_often_as_they_are_named() -> None:
    """The fifth power of ten is too much, the fourth is not."""
    assert 10**5 < VALUES_BY_ALIASES < 10**6
    assert len(read_document(laughs(4))["a4"]) == 10
    with pytest.raises(DocumentError, match="excessive aliasing"):
        read_document(laughs(6))


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ('"aaaaaaaaaa"' + ' | replace "a" "aaaaaaaaaa"' * 20, "longer than 262144 characters"),
        ('"x"' + " | quote" * 200, "longer than 262144 characters"),
        ('"x"' + " | b64enc" * 200, "longer than 262144 characters"),
        ('replace "" "' + "y" * 1000 + '" .Values.long', "longer than 262144 characters"),
        ("trunc " + "9" * 3000 + ' "x"', "not defined"),
        ('repeat 1000000000 "x"', "not defined"),
        ("range .Values.list", "not defined"),
        ("until 1000000000", "not defined"),
        ('"' + '\\"' * 20_000, "longer than 4096 characters"),
        (".Values.list", "the value is a list"),
        (".Values", "the value is a map"),
        (".Values.__class__", "map has no entry"),
    ],
)
def test_templates(action: str, problem: str) -> None:
    """No pipeline makes a gigabyte of a letter, and nothing but plain values is written."""
    values = {"long": "z" * 100_000, "list": ["a"]}
    with pytest.raises(TemplateError, match=problem):
        render(f"{{{{{action}}}}}", {"Values": values})


@pytest.mark.parametrize(
    "text", [" " * 1_000_000, "{{" * 500_000, "{" * 1_000_000, " {{" * 300_000, "\n" * 1_000_000, "}}" * 500_000]
)
def test_templates_that_are_none(text: str) -> None:
    """A million characters without an action stay what they are, and cost no more than reading them."""
    assert render(text, {}) == text


def test_many_values() -> None:
    """A value that is named often is written as often, to a limit."""
    text = "{{.Values.x}}" * 1000
    assert len(render(text, {"Values": {"x": "y" * 1000}})) == 1_000_000
    with pytest.raises(TemplateError, match="what is rendered is longer than"):
        render(text, {"Values": {"x": "y" * 3000}})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "version: v1.1.0\nalias:\n  values:\n    a: " + "y" * 10_000 + "\nsteps:\n  - cmd: a\n#" + " $a" * 1000,
            "stand for more",
        ),
        (
            "version: v1.1.0\nalias:\n  values:\n" + laughs(9).replace("a", "    a", 1).replace("\na", "\n    a"),
            "excessive aliasing",
        ),
        ("version: v1.1.0\nsteps:\n" + "  - cmd: a\n" * (STEPS + 1), "more than 500 steps"),
        ("version: v" + "9" * 5000 + "\nsteps:\n  - cmd: a\n", "invalid version"),
    ],
)
def test_task_files(text: str, problem: str) -> None:
    """What a task file makes of itself before it is read has an end too."""
    with pytest.raises(TaskFileError, match=f"failed to unmarshal task before running: .*{problem}"):
        read(text, {}, {})


def test_a_large_task_file_is_read() -> None:
    """Five hundred steps at once are a task."""
    graph: Graph = read("version: v1.1.0\nsteps:\n" + "  - cmd: a\n    when: ['-']\n" * STEPS, {}, {})
    assert len(graph.steps) == STEPS


def test_values_files(tmp_path: Any) -> None:
    """A file of values is judged like the task file."""
    (tmp_path / "acb.yaml").write_text(STEP)
    for text, problem in ((laughs(9), "excessive aliasing"), ("- a", "not a mapping"), ("a: " + "9" * 5000, "yaml: ")):
        (tmp_path / "values.yaml").write_text(text)
        step = {"type": "FileTask", "taskFilePath": "acb.yaml", "valuesFilePath": "values.yaml"}
        with pytest.raises(TaskFileError, match=problem):
            load(Job("cf1", "emulator", "127.0.0.1:5000", step), tmp_path)
