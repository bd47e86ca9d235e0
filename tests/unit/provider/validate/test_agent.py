# ruff: noqa: E501 - rows of small inputs, each with its sentence
"""Preview's findings about task files and Dockerfiles that the service's agent refuses or reads differently.

The rules are those of the agent's published code; each row is the smallest input of its kind.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.unit.provider.validate.scene import REGISTRY, SETTINGS, docker, task

from pulumi_acr_tasks.run.check import check as check_run
from pulumi_acr_tasks.validate.task_file.file import check_encoded_task, check_task_file


def check_task_yaml(text: str) -> list[str]:
    """Return the errors of a task file, as preview shows them."""
    return [str(finding) for finding in check_task_file(text) if not finding.warning]


def warnings_of_task_file(text: str) -> list[str]:
    """Return the warnings about a task file, as preview shows them."""
    return [str(finding) for finding in check_task_file(text) if finding.warning]


HEAD = "version: v1.1.0\n"


def cmd(line: str, more: str = "") -> str:
    return f"{HEAD}steps:\n  - cmd: {line}\n{more}"


REFUSED = [
    (
        cmd("busybox echo {{.Values.my-value}}"),
        "line 3, column 23: {{.Values.my-value}} has a name with a dash behind a dot",
    ),
    (cmd("busybox echo {{.Values.my-value}}"), 'write {{index .Values "my-value"}}'),
    (
        cmd("busybox echo {{CI_IMAGE_TAG}}"),
        "line 3, column 23: {{CI_IMAGE_TAG}}: function 'CI_IMAGE_TAG' is not defined",
    ),
    (cmd("busybox echo {{.Run.ID | nope}}"), "function 'nope' is not defined"),
    (cmd("busybox echo {{$a := .Values.a}}{{$a.b-c}}"), 'write {{index $a "b-c"}}'),
    (cmd("busybox echo {{if .Values.a}}x"), "line 3, column 23: {{ if … }} is never closed with {{end}}"),
    (cmd("busybox echo {{- end -}}"), "line 3, column 23: {{- end -}} belongs to no if, range or with before it"),
    (cmd('busybox echo {{define "t"}}{{else}}{{end}}'), "line 3, column 37: {{else}} belongs to no if"),
    (cmd("busybox echo {{ - }}"), "line 3, column 23: {{ - }} is empty"),
    (cmd("busybox echo {{.Run.ID"), "line 3, column 23: {{ opens an action that is never closed"),
    (
        "version: 1.0.0-preview\nsteps:\n  - cmd: >\n      busybox echo\n      {{.Run.Registry}}/web:{{.Run.ID}}\n",
        "line 1, column 1: version '1.0.0-preview' is none of",
    ),
    (f"{HEAD}alias:\n  values:\n    my-repo: web\nsteps:\n  - cmd: a\n", "line 4, column 5: the alias 'my-repo' has"),
    (cmd("a", '    ignoreErrors: "true"\n'), "line 4, column 5: ignoreErrors is true or false, without quotes"),
    (cmd("a", "    env:\n      - A: 1\n"), "line 5, column 9: env is a list of strings"),
    (cmd("[busybox, echo]"), "line 3, column 5: cmd is text, and this is a map or a list"),
    (cmd("a", "    entryPoint: [sh, -c]\n"), "line 4, column 5: entryPoint is text"),
    (f"{HEAD}steps:\n  - push: []\n", "line 3, column 5: a step has exactly one of cmd, build and push"),
    (f"{HEAD}env: {{A: b}}\nsteps: [{{cmd: a}}]\n", "line 2, column 1: env is a list"),
    (f"{HEAD}env: [A: b]\nsteps: [{{cmd: a}}]\n", "line 2, column 7: env is a list of strings"),
    (f"{HEAD}secrets: {{a: b}}\nsteps: [{{cmd: a}}]\n", "line 2, column 1: secrets is a list"),
    (f"{HEAD}volumes: [a]\nsteps: [{{cmd: a}}]\n", "line 2, column 11: volumes is a list of maps"),
    (cmd("a", "    id: a\n    when: [b]\n  - {id: b, cmd: b}\n"), "line 5, column 12: the step 'b' is below"),
    (
        f"{HEAD}volumes: [{{name: v, secret: {{a: Zm9v}}}}]\nsteps:\n  - push: [x.io/a:1]\n    volumeMounts: [{{name: v, mountPath: /x}}]\n",
        "line 5, column 5: a push step takes no volumeMounts",
    ),
    (cmd("a", "    volumeMounts: [{name: v, mountPath: /x}]\n"), "line 4, column 20: there is no volume 'v'"),
    (f"{HEAD}secrets: [{{id: a, clientID: c}}]\nsteps: [{{cmd: a}}]\n", "line 2, column 11: a secret has a keyvault"),
    (f"{HEAD}env: [B=1]\nsteps:\n  - cmd: a\n    env: [A]\n", "line 5, column 11: 'A' has no value"),
    (
        f"{HEAD}env: ['A=1,B=', 'A=1,B']\nsteps: [{{cmd: a}}]\n",
        "line 2, column 17: an item of the task's env is NAME=value",
    ),
    ("acr purge --filter 'a:.*' --ago 1d", "acr … is the cmd of a step"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_what_the_agent_refuses_is_an_error_with_its_position(text: str, sentence: str) -> None:
    """The error comes before any run."""
    assert any(sentence in said for said in check_task_yaml(text)), check_task_yaml(text)


TAKEN = [
    cmd("busybox echo hello {{.Values.note}}"),
    cmd('busybox echo {{ .Values.tag | default "latest" }}'),
    cmd("busybox echo {{if .Values.x}}yes{{else}}no{{end}}"),
    cmd('busybox echo {{index .Values "my-value"}}'),
    cmd('busybox echo {{/* a note: nope */}}{{ printf "%s-%s" .Run.ID (.Values.x | upper | quote) }}'),
    f"{HEAD}steps:\n  # the tag is {{{{nope}}}}, see {{{{.Values.a-b}}}}\n  - cmd: a\n",
    f"{HEAD}alias:\n  values:\n    t: 600\nsteps:\n  - cmd: a\n    timeout: $t\n",
    f"{HEAD}alias:\n  values:\n    d: a\nsteps:\n  - {{id: a, cmd: a}}\n  - cmd: b\n    when: [$d]\n",
    f"{HEAD}alias:\n  src: [aliases.yaml]\nsteps:\n  - cmd: a\n    timeout: $t\n    when: [$d]\n",
    f"{HEAD}alias:\n  values:\n    repo: {{{{.Values.r}}}}\nsteps:\n  - cmd: busybox echo $repo\n",
    '"version": "v1.1.0"\nsteps:\n  - cmd: busybox echo $ID\n    timeout: $Date\n',
    cmd("a", "    detach: yes\n    ignoreErrors: off\n    retryDelay: 0\n"),
    cmd("a", "    env: [A=1]\n    env: [B=2]\n    id: y\n  - {cmd: b, when: [y]}\n"),
    cmd("a") + "---\nsteps: [nothing\n",
    cmd("a", "    env: [A]\n"),
    cmd("a", "    note: 2024-13-45\n"),
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_agent_accepts_is_not_a_problem(text: str) -> None:
    """A missing value, an alias in a number, a comment and a second document are accepted."""
    assert check_task_yaml(text) == []


SURPRISES = [
    ("busybox echo hi > out.txt", "takes the redirection"),
    ("busybox echo one && busybox echo two", "is a command of the agent itself"),
    ("busybox echo a; date", "is a command of the agent itself"),
    ("busybox env | sort", "is a command of the agent itself"),
    ("|\n      busybox echo one\n      busybox echo two", "a second line is a command of the agent itself"),
    ('busybox sh -c "echo $HOME"', "replaces $x"),
    ("busybox echo $(date)", "replaces $x"),
    ("busybox echo `date`", "replaces $x"),
]


@pytest.mark.parametrize(("line", "sentence"), SURPRISES)
def test_a_line_that_the_agents_shell_changes_is_a_warning(line: str, sentence: str) -> None:
    """It is allowed, and its author has probably meant something else."""
    assert check_task_yaml(cmd(line)) == []
    (said,) = warnings_of_task_file(cmd(line))
    assert said.startswith("line 3, column 5: cmd: ")
    assert sentence in said


@pytest.mark.parametrize(
    "line",
    [
        "busybox sh -c 'echo a && echo $HOME > x; date | sort'",
        "busybox echo 'a;b' \"c>d\"",
        'busybox sh -c \'echo "$HOME" "`date`"\'',
        "|\n      busybox echo \\\n      two",
        "-t busybox echo hi",
        "busybox echo {{.Values.a}} $Registry",
        "busybox echo {{if eq .Run.OS `linux`}}a{{else if .Values.endpoint}}b{{else}}c{{end}}{{/* if */}}{{ `` }}",
        "acr purge --filter 'a:.*' --ago 1d",
    ],
)
def test_a_line_that_the_agents_shell_keeps_is_not_a_warning(line: str) -> None:
    """Single quotes keep everything from the shell."""
    assert warnings_of_task_file(cmd(line)) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (cmd("a", '    env: ["GREETING=hello world"]\n'), "line 4, column 11: GREETING has a value with a blank"),
        (
            f'{HEAD}steps:\n  - push: ["hello:1"]\n',
            "line 3, column 12: 'hello:1' goes to Docker Hub: write {{.Run.Registry}}",
        ),
        (
            f"{HEAD}steps:\n  - build: https://github.com/example/app -t x\n",
            "line 3, column 5: build: the agent takes https://github.com/example/app for a page",
        ),
        (f"{HEAD}trigger: {{}}\nsteps: [{{cmd: a}}]\n", "line 2, column 1: trigger has no effect in a task file"),
        (
            f"{HEAD}steps: [{{cmd: a, timout: 4}}]\n",
            "line 2, column 18: the agent ignores 'timout'; did you mean timeout?",
        ),
        (f"{HEAD}stepTimeOut: 4\nsteps: [{{cmd: a}}]\n", "line 2, column 1: the agent ignores 'stepTimeOut'"),
    ],
)
def test_other_mistakes_are_warnings(text: str, sentence: str) -> None:
    """Each has its position and the cure."""
    (said,) = warnings_of_task_file(text)
    assert said.startswith(sentence)


@pytest.mark.parametrize("item", ["A='hello world'", 'A="hello world"', "A=x", "A"])
def test_a_quoted_environment_value_is_not_a_warning(item: str) -> None:
    """Quotes within the string keep a blank."""
    assert warnings_of_task_file(cmd("a", f"    env:\n      - {item}\n")) == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            cmd("busybox echo s3cret"),
            "is plain YAML; it is base64 of a task file: write EncodedTaskStepArgs.from_yaml(text) or "
            "EncodedTaskStepArgs.from_file(path)",
        ),
        ("acr purge --filter 'a:.*'", "write EncodedTaskStepArgs.from_cmd(command)"),
        (
            " ".join(base64.b64encode(cmd("a").encode()).decode().partition("d")),
            "line breaks in it do not count, blanks do",
        ),
    ],
)
def test_text_without_base64_is_refused_with_the_cure(value: str, sentence: str) -> None:
    """The message does not repeat the text."""
    (problem,) = check_encoded_task(value, "step.encoded_task_content")
    assert sentence in str(problem)
    assert "s3cret" not in str(problem)


def test_line_breaks_in_base64_do_not_count() -> None:
    """A trailing one does not count either."""
    encoded = base64.b64encode(cmd("a").encode()).decode()
    assert check_encoded_task(f"{encoded[:36]}\n{encoded[36:]}\r\n", "x") == []


@pytest.mark.parametrize(
    ("inputs", "path", "sentence"),
    [
        (
            {
                "trigger": {
                    "baseImageTrigger": {
                        "name": "d",
                        "baseImageTriggerType": "Runtime",
                        "updateTriggerPayloadType": "x",
                    }
                }
            },
            "trigger.base_image_trigger.update_trigger_payload_type",
            "belongs to 2019-06-01-preview of the API, not to 2019-04-01: leave it out (Default is the default)",
        ),
        (
            {"credentials": {"sourceRegistry": {"loginMode": "Default", "identity": "[system]"}}},
            "credentials.source_registry.identity",
            "belongs to 2025-03-01-preview of the API",
        ),
    ],
)
def test_a_member_of_a_later_version_names_the_version(inputs: dict[str, Any], path: str, sentence: str) -> None:
    """The sentence says what to write instead."""
    (problem,) = task(docker(), **inputs)
    assert (problem.path, sentence in problem.message) == (path, True)


def test_a_task_id_in_place_of_a_task_name_is_one_error() -> None:
    """The missing name is not another error."""
    id_ = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/myregistry/tasks/build"
    (problem,) = check_run({**REGISTRY, "runRequest": {"type": "TaskRunRequest", "taskId": id_}}, SETTINGS)[1]
    assert (problem.path, "give task_name ('build')" in problem.message) == ("run_request.task_id", True)
