"""Task files that are small and expand to a lot."""

from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.task_file.graph import Graph
from acr_tasks_emulator.execution.task_file.graph_reader import STEPS
from acr_tasks_emulator.execution.task_file.load import TaskFileError, load, read
from acr_tasks_emulator.execution.task_file.yaml_document import (
    DEPTH,
    VALUES,
    VALUES_BY_ALIASES,
    DocumentError,
    read_document,
)
from acr_tasks_emulator.execution.template.evaluator import render
from acr_tasks_emulator.execution.template.nodes import TemplateError

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
        ("a: 0x" + "9" * 500_000 + "g", None),
        ("a: !!int hunter2", "cannot decode !!str as a !!int"),
        ("a: [hunter2", "expected ',' or ']'"),
        ("a: !!binary x", "yaml: "),
        ('a: "b\\0c"', "control characters are not allowed"),
        ("a: b\0c", "yaml: "),
        ('a: "b\\ud800c"', "found invalid Unicode character escape code"),
        ('"\\udfff": b', "found invalid Unicode character escape code"),
        ("a: *nowhere", "yaml: "),
        ("%YAML 9.9\n---\na: b", "yaml: "),
    ],
)
def test_documents(text: str, problem: str | None) -> None:
    """Bombs, deep nesting and malformed values are refused with a sentence; a long word is accepted."""
    if problem is None:
        assert len(read_document(text)["a"]) > 500_000
        return
    with pytest.raises(DocumentError, match=problem) as caught:
        read_document(text)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [1, 2]\nb: *a", {"a": [1, 2], "b": [1, 2]}),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        ("a: &a x\nb: &a z\nc: *a", {"a": "x", "b": "z", "c": "z"}),
        ("a: 1\na: 2\n---\n[", {"a": 2}),
        ("a: !!python/object/apply:os.system ['id']", {"a": ["id"]}),
        ("a: 2001-99-99\nb: " + "9" * 5000, {"a": "2001-99-99", "b": "9" * 5000}),
        (
            "[yes, No, on, OFF, y, 010, 0o10, 0x1F, 0b11, 1_000, 08, 1e3, 1.10, .5, ~, '', '010', 1:30]",
            [True, False, True, False, True, 8, 8, 31, 3, 1000, 8.0, 1000.0, 1.1, 0.5, None, "", "010", "1:30"],
        ),
        ("[" * (DEPTH - 1) + "]" * (DEPTH - 1), None),
        ("- a\n" * (VALUES - 1), ["a"] * (VALUES - 1)),
        ("", None),
    ],
)
def test_documents_that_are_read(text: str, expected: Any) -> None:
    """Aliases, merged mappings, and documents at the limits are accepted."""
    found = read_document(text)
    assert found == expected or expected is None


def test_aliases_count_once_for_each_use() -> None:
    """Ten to the power of five values are too many, ten to the power of four are not."""
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
        ("trunc " + "9" * 3000 + ' "x"', "expected integer; found"),
        ('repeat 1000000000 "x"', "longer than 262144 characters"),
        ('indent 1000000000 "x"', "longer than 262144 characters"),
        ('printf "%1000000000d" 1', "at most 1000 places"),
        ("until 1000000000", "at most 10000 items"),
        ("range 1000000000}}{{end", "range over more than 10000"),
        ("range .Values.list", "unexpected EOF"),
        ('"' + '\\"' * 20_000 + '"', "longer than 4096 characters"),
        (".Values.list.x", "can't evaluate field x"),
        (".Values.list.__class__", "can't evaluate field __class__"),
        ("(" * 1000 + "1" + ")" * 1000, "more than 100 deep"),
        ("if 1}}{{" * 300 + "end", "more than 100 deep"),
        ("range until 9000}}{{range until 9000}}{{end}}{{end", "more than 200000 steps"),
        ('define "x"}}{{template "x"}}{{end}}{{template "x"', "exceeded maximum template depth"),
        ("$x := list 1}}" + "{{$x = list $x $x}}" * 60 + "{{$x", "longer than 262144 characters"),
        ("range until 9000}}{{lower $.Values.long}}{{end", "longer than|more than the emulator works on"),
        ("range until 9000}}{{$x := lower $.Values.long}}{{end", "more than the emulator works on"),
    ],
)
def test_templates(action: str, problem: str) -> None:
    """No pipeline grows to a gigabyte, no loop takes a minute, and no template reads attributes of Python objects."""
    values = {"long": "z" * 100_000, "list": ["a"]}
    with pytest.raises(TemplateError, match=problem):
        render(f"{{{{{action}}}}}", {"Values": values})


@pytest.mark.parametrize("text", [" " * 1_000_000, "{ " * 500_000, "\n" * 1_000_000, "}}" * 500_000])
def test_texts_without_templates(text: str) -> None:
    """A million characters without an action stay as they are, in linear time."""
    assert render(text, {}) == text


@pytest.mark.parametrize("text", ["{{" * 500_000, "{" * 1_000_000, " {{" * 300_000, "{{/*" * 200_000])
def test_templates_that_never_end(text: str) -> None:
    """A million characters of opening braces are refused at the first one."""
    with pytest.raises(TemplateError, match=r"unexpected|unclosed"):
        render(text, {})


def test_many_values() -> None:
    """A value that is used often is written as often, up to a limit."""
    text = "{{.Values.x}}" * 1000
    assert len(render(text, {"Values": {"x": "y" * 1000}})) == 1_000_000
    with pytest.raises(TemplateError, match="what is rendered is longer than"):
        render(text, {"Values": {"x": "y" * 3000}})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "version: v1.1.0\nalias:\n  values:\n    a: " + "y" * 10_000 + "\nsteps:\n  - cmd: a" + " $a" * 1000,
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
    """The rendered size of a task file has a limit."""
    with pytest.raises(TaskFileError, match=f"failed to unmarshal task before running: .*{problem}"):
        read(text, {}, {})


def test_a_large_task_file_is_read() -> None:
    """Five hundred steps are accepted."""
    graph: Graph = read("version: v1.1.0\nsteps:\n" + "  - cmd: a\n    when: ['-']\n" * STEPS, {}, {})
    assert len(graph.steps) == STEPS


def test_values_files(tmp_path: Any) -> None:
    """A values file has the same limits as a task file."""
    (tmp_path / "acb.yaml").write_text(STEP)
    for text, problem in (
        (laughs(9), "excessive aliasing"),
        ("- a", "not a mapping"),
        ("a: {b: c}", "unsupported type: map"),
    ):
        (tmp_path / "values.yaml").write_text(text)
        step = {"type": "FileTask", "taskFilePath": "acb.yaml", "valuesFilePath": "values.yaml"}
        with pytest.raises(TaskFileError, match=problem):
            load(Job("cf1", "emulator", "127.0.0.1:5000", step), tmp_path)
