"""The check of task files: by the agent's rules, by line and column, and without secrets."""

from __future__ import annotations

import base64

import pytest

from pulumi_acr_tasks.validate.task_file.file import check_encoded_task, check_encoded_values, check_task_file


def check_task_yaml(text: str) -> list[str]:
    """Return the errors of a task file, as preview shows them."""
    return [str(finding) for finding in check_task_file(text) if not finding.warning]


_YAML = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox true\n").decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("steps: [", "line 1, column 9: this is not YAML"),
        ("version: v1.1.0\nsteps:\n  - cmd: a\n   - cmd: b\n", "line 4, column 4: this is not YAML"),
        ("- cmd: a\n", "line 1, column 1: a task file is a map with version and steps"),
        (
            "version: v9\nsteps:\n  - cmd: a\n",
            "line 1, column 1: version 'v9' is none of 1.0-preview-1, v1.0.0, v1.1.0",
        ),
        ("version: v1.1.0\n", "line 1, column 1: steps is a list of at least one step"),
        ("version: v1.1.0\nsteps: []\n", "line 2, column 1: steps is a list of at least one step"),
        ("stepTimeout: soon\nsteps: [{cmd: a}]\n", "line 1, column 1: stepTimeout is a whole number, 0 or more"),
        (
            "steps:\n  - cmd: a\n    build: b\n",
            "line 2, column 5: a step has exactly one of cmd, build and push; this one has cmd and build",
        ),
        (
            "steps:\n  - cmd: a\n  - id: x\n",
            "line 3, column 5: a step has exactly one of cmd, build and push; this one has none of them",
        ),
        (
            "steps:\n  - cmd:\n",
            "line 2, column 5: a step has exactly one of cmd, build and push; this one has none of them",
        ),
        ("steps:\n  - echo hi\n", "line 2, column 5: a step is a map with cmd, build or push"),
        ("steps:\n  - cmd: a\n    id: a b\n", "line 3, column 5: a step's id has no spaces"),
        (
            "steps:\n  - {cmd: a, id: x}\n  - {cmd: b, id: x}\n",
            "line 3, column 14: the id 'x' is another step's already",
        ),
        ("steps:\n  - push: a\n", "line 2, column 5: push is a list of images"),
        ("steps:\n  - cmd: a\n    when: x\n", "line 3, column 5: when is a list"),
        ("steps:\n  - cmd: a\n    env: {A: b}\n", "line 3, column 5: env is a list"),
        ("steps:\n  - cmd: a\n    retries: -1\n", "line 3, column 5: retries is a whole number, 0 or more"),
        ("steps:\n  - cmd: a\n    timeout: .inf\n", "line 3, column 5: timeout is a whole number, 0 or more"),
        ("steps:\n  - cmd: a\n    repeat: yes please\n", "line 3, column 5: repeat is a whole number, 0 or more"),
        ("steps:\n  - cmd: a\n    startDelay: true\n", "line 3, column 5: startDelay is a whole number, 0 or more"),
        ("steps:\n  - cmd: a\n    detach: maybe\n", "line 3, column 5: detach is true or false"),
        ("steps:\n  - build: .\n    cache: on\n", "line 3, column 5: cache is enabled or disabled"),
        ("steps:\n  - {cmd: a}\n  - {cmd: b, when: [c]}\n", "line 3, column 21: no step has the id 'c'"),
        ("steps:\n  - {cmd: a, id: x}\n  - {cmd: b, when: ['-', x]}\n", "line 3, column 14: when is either ['-']"),
        ("steps:\n  - {cmd: a, id: x, when: [x]}\n", "line 2, column 28: the step 'x' waits for itself"),
        (
            "steps:\n  - {cmd: a, id: x, when: [y]}\n  - {cmd: b, id: y}\n",
            "line 2, column 28: the step 'y' is below; when names steps above only",
        ),
        ("secrets:\n  - keyvault: u\nsteps: [{cmd: a}]\n", "line 2, column 5: a secret has an id"),
        ("secrets:\n  - id: a\nsteps: [{cmd: a}]\n", "line 2, column 5: a secret has a keyvault, the URL"),
        (
            "secrets:\n  - {id: a, keyvault: u}\n  - {id: a, keyvault: v}\nsteps: [{cmd: a}]\n",
            "line 3, column 6: the id 'a' is another secret's already",
        ),
        ("networks:\n  - driver: bridge\nsteps: [{cmd: a}]\n", "line 2, column 5: a network has a name"),
        ("volumes:\n  - {name: a b, secret: {}}\nsteps: [{cmd: a}]\n", "line 2, column 5: a volume has a name of"),
        ("volumes:\n  - name: a\nsteps: [{cmd: a}]\n", "line 2, column 5: a volume has a secret"),
    ],
)
def test_each_error_of_a_task_file_has_a_line_and_a_column(text: str, sentence: str) -> None:
    """The service would store the file, and fail in the first run."""
    said = check_task_yaml(text)
    assert len(said) == 1, said
    assert said[0].startswith(sentence), said


def test_all_errors_come_in_the_order_of_the_lines() -> None:
    """An editor lists them so."""
    said = check_task_yaml("version: v9\nsteps:\n  - cmd: a\n    retries: -1\n  - id: b c\n")
    assert [line.split(",")[0] for line in said] == ["line 1", "line 4", "line 5", "line 5"]


@pytest.mark.parametrize(
    "text",
    [
        "version: v1.1.0\nsteps:\n  - build: -t {{.Run.Registry}}/a:{{.Run.ID}} .\n  - push: ['{{.Run.Registry}}/a']\n",
        "steps:\n  - cmd: {{.Values.image}} run\n",
        "steps:\n{{ range .Values.images }}\n  - push: [{{.}}]\n{{ end }}\n",
        "steps:\n  {{ $a := 1 }}\n  - cmd: a\n  - nonsense\n",
        "{{/* a comment */}}\nsteps:\n  - nonsense\n",
        "steps:\n  - {cmd: a, retries: {{.Values.a}}, cache: {{.Values.b}}, when: [{{.Values.c}}]}\n",
        "steps:\n  - {cmd: a, id: '{{.Values.x}}'}\n  - {cmd: b, when: [c]}\n",
        "version: {{.Values.version}}\nsteps:\n  - cmd: $Registry/a\n",
    ],
)
def test_templates_are_not_checked_before_they_are_rendered(text: str) -> None:
    """An action stands for a value, a control structure for any number of lines."""
    assert check_task_yaml(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "VERSION: x\nsteps:\n  - cmd: a\n",
        "steps:\n  - cmd: a\n    isDetached: 7\n",
        "version: V1.0.0\nstepTimeout: 60\nsteps:\n  - {cmd: a, id: a, when: ['-'], detach: yes}\n"
        "  - {cmd: b, when: ['-']}\n  - {build: ., when: [a, acb_step_1], cache: Enabled, retries: 3}\n",
        "secrets: [{id: s, keyvault: u, clientID: c}]\nvolumes: [{name: v, secret: {f: YQ==}}]\nnetworks: [{name: n}]\n"
        "steps:\n  - {cmd: a, env: [A=b], volumeMounts: [{name: v, mountPath: /v}]}\n",
        "steps:\n  - cmd: a\n    cmd: b\n",
        "steps:\n  - {cmd: a, timeout: 6e2, retries: 1.5, startDelay: 5.0}\n",
        "version: v9\nversion: v1.1.0\nsteps: []\nsteps:\n  - cmd: a\n    timeout: soon\n    timeout: 5\n",
        "steps:\n  - {cmd: a, id: }\n  - {cmd: b, id: ''}\n  - {cmd: c, id: }\n",
    ],
)
def test_what_the_agent_accepts_is_right(text: str) -> None:
    """Unknown members are ignored, the last of two members of one name counts, and ids may be the agent's own."""
    assert check_task_yaml(text) == []


@pytest.mark.parametrize("value", ["!!!", "YQ", "\u20ac", base64.b64encode(b"\xff\xfe").decode()])
def test_what_is_not_base64_of_text_is_refused(value: str) -> None:
    """The message does not repeat it, because it may be a secret."""
    (problem,) = check_encoded_task(value, "step.encoded_task_content")
    assert str(problem) == (
        "step.encoded_task_content: is not base64 of a task file in UTF-8: "
        "EncodedTaskStepArgs.from_yaml(text) and EncodedTaskStepArgs.from_file(path) make it"
    )


def test_base64_may_have_line_breaks() -> None:
    """Tools write them."""
    assert check_encoded_task("\n".join([_YAML[:20], _YAML[20:]]), "x") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- c4nary\n", "values: line 1, column 1: a file of values is a map from names to values"),
        ("a: 'c4nary\n", "values: line 2, column 1: this is not YAML"),
        ("a: *c4nary\n", "values: line 1, column 4: this is not YAML"),
    ],
)
def test_an_invalid_file_of_values_is_refused_without_its_text(text: str, sentence: str) -> None:
    """The whole file is a secret."""
    (problem,) = check_encoded_values(base64.b64encode(text.encode()).decode(), "values")
    assert str(problem) == sentence


@pytest.mark.parametrize("text", ["a: b\nc: {d: 1}\n", "", "# nothing\n"])
def test_a_file_of_values_is_a_map_or_empty(text: str) -> None:
    """The values may be anything."""
    assert check_encoded_values(base64.b64encode(text.encode()).decode(), "values") == []


_STEP = "steps:\n  - cmd: a\n"
_TROUBLE = {
    "a date that no calendar has": (f"{_STEP}    env: [D=1]\nday: 2024-13-45\n", []),
    "a date in place of an id": (f"{_STEP}    id: 2024-02-31\n", []),
    "a tag that does not fit": (
        f"{_STEP}x: !!int hunter2\n",
        ["line 3, column 4: this is not YAML (the value does"],
    ),
    "lists in brackets, nested deeply": (
        "[" * 2000,
        ["line 1, column 65: this is not YAML (it is nested more than 64 levels deep)"],
    ),
    "indented lists, nested deeply": (
        "- " * 2000 + "a",
        ["line 1, column 129: this is not YAML (it is nested more than 64 levels deep)"],
    ),
    "aliases of aliases": (
        "a0: &a0 [1, 2]\n"
        + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
        + "steps:\n  - id: *a11\n    cmd: a\n",
        ["line 1, column 1: this is not YAML (its aliases stand for more than 100,000 values)"],
    ),
    "quotes that nothing closes": (
        _STEP + '    env: [D={{ "' + '\\"' * 40_000,
        ["line 3, column 13: {{ opens an action that is never closed"],
    ),
    "a step by a merge": (
        "x: &x {id: a b}\nsteps:\n  - <<: *x\n    cmd: a\n",
        ["line 3, column 5: a step's id has"],
    ),
    "a step that is nothing but a merge": (
        "x: &x {cmd: a, when: x}\nsteps:\n  - <<: *x\n",
        ["line 3, column 5: when is a list"],
    ),
    "maps and lists with tags": (
        "!t\nsteps: !l [!s {cmd: a, when: 5, env: !e [{}]}]\n",
        ["line 2, column 24: when is a list", "line 2, column 38: env is a list of strings"],
    ),
    "escaped quotes in a command": (_STEP + "  - cmd: |\n      " + '\\"' * 40_000, []),
    "a command of digits": (_STEP + "  - cmd: a " + "1" * 80_000, []),
    "a key that is a list": (f"{_STEP}? [a]\n: b\n", []),
}


@pytest.mark.parametrize("trouble", _TROUBLE)
def test_any_yaml_is_right_or_an_error(trouble: str) -> None:
    """The agent reads dates as text; no message repeats a scalar, which may be a secret."""
    text, sentences = _TROUBLE[trouble]
    found = check_task_yaml(text)
    assert len(found) == len(sentences), found
    for said, expected in zip(found, sentences, strict=True):
        assert said.startswith(expected)
    assert "hunter2" not in str(found)


def test_a_text_that_is_too_long_to_check_is_a_warning() -> None:
    """The service takes it; the first run shows its mistakes."""
    (found,) = check_task_file("steps: [" + "a," * 60_000)
    assert found.warning
    assert str(found) == "line 1, column 1: the text has 120,008 characters, and only texts up to 100,000 are checked"
    (problem,) = check_encoded_values(base64.b64encode(b"a: " + b"b" * 100_000).decode(), "values")
    assert problem.warning


def test_an_anchor_that_holds_itself_is_right_or_an_error() -> None:
    """No loader reads it without end."""
    assert isinstance(check_task_yaml("steps: &s\n  - cmd: a\n    when: *s\n"), list)
    assert isinstance(check_task_yaml("&a\nsteps:\n  - cmd: *a\n"), list)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            "steps:\n  - cmd: a\n",
            "is plain YAML; it is base64 of a task file: write EncodedTaskStepArgs.from_yaml(text) or "
            "EncodedTaskStepArgs.from_file(path), which encode it",
        ),
        ("b'c3RlcHM6'", "is the text of a bytes object; call .decode() on the bytes instead of str()"),
    ],
)
def test_a_value_in_place_of_base64_is_refused_with_the_call_to_use(value: str, sentence: str) -> None:
    """Each kind of value has its own call."""
    (problem,) = check_encoded_task(value, "step.encoded_task_content")
    assert str(problem) == f"step.encoded_task_content: {sentence}"
    (problem,) = check_encoded_values(value, "step.encoded_values_content")
    expected = sentence.replace("a task file", "a file of values")
    expected = f"step.encoded_values_content: {expected}"
    assert str(problem) == expected.replace("(text)", "(…, values=text)").replace("(path)", "(…, values=path)")


@pytest.mark.parametrize(
    "scalar",
    [
        "*hunter2",
        "!hunter2!x y",
        "!!int hunter2",
        "!!float hunter2",
        "!!timestamp hunter2",
        "&hunter2 &hunter3 x",
        "%hunter2",
        "'hunter2",
        '"hunter2',
        "{hunter2",
        "[hunter2: ]]",
        "!!binary hunter2",
        "!!bool hunter2",
        "- hunter2: hunter2: x",
    ],
)
def test_no_scalar_of_a_file_is_repeated(scalar: str) -> None:
    """It may be a secret; line and column say where it is."""
    for text in (f"steps:\n  - cmd: {scalar}\n", f"a: {scalar}\n", f"{scalar}\n"):
        encoded = base64.b64encode(text.encode()).decode()
        problems = [*check_encoded_task(encoded, "p"), *check_encoded_values(encoded, "p")]
        assert "hunter" not in " ".join(map(str, problems))
