"""Task files: accepted and refused ones, and the order of their steps."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.task_file.graph import Step
from acr_tasks_emulator.execution.task_file.load import TaskFileError, load, read
from acr_tasks_emulator.execution.task_file.templates import run_variables

RUN = {"ID": "cf1", "Registry": "127.0.0.1:5000", "RegistryName": "emulator"}


def steps(text: str) -> tuple[Step, ...]:
    return read(text, RUN, {}).steps


def test_steps_follow_each_other() -> None:
    """Without `when` each step waits for the one before it; ids and timeouts have the service's defaults."""
    first, second = steps("steps:\n- cmd: busybox echo\n- push: [a, b]\n  timeout: 5")
    assert (first.id, first.after, first.cmd, first.timeout) == ("acb_step_0", (), "busybox echo", 600)
    assert (second.id, second.after, second.push, second.timeout) == ("acb_step_1", ("acb_step_0",), ("a", "b"), 5)


def test_defaults_of_the_task() -> None:
    """stepTimeout, env and workingDirectory hold for each step without its own."""
    first, second = steps(
        "stepTimeout: 60\nenv: [A=1]\nworkingDirectory: /workspace/sub\n"
        "steps:\n- cmd: x\n- cmd: y\n  timeout: 7\n  env: [B=2]\n  workingDirectory: other\n"
    )
    assert (first.timeout, first.env, first.working_directory) == (60, ("A=1",), "/workspace/sub")
    assert (second.timeout, second.env, second.working_directory) == (7, ("A=1", "B=2"), "other")


def test_when() -> None:
    """`when` names earlier steps to wait for, and a dash means none."""
    found = steps(
        "steps:\n- {id: a, cmd: x, when: ['-']}\n- {id: b, cmd: x, when: ['-']}\n- {id: last, cmd: x, when: [a, b]}"
    )
    assert [(step.id, step.after) for step in found] == [("a", ()), ("b", ()), ("last", ("a", "b"))]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version: v9\nsteps:\n- cmd: x", 'invalid version specified: "v9", the current version is "v1.0.0"'),
        ("steps:\n- {}", "step is missing a cmd, build, or push property"),
        ("steps:\n- cmd: x\n  build: .", "step must only contain a single build, cmd, or push property"),
        ("steps:\n- cmd: x\n  id: a b", "step ID cannot contain spaces"),
        ("steps:\n- cmd: x\n  id: ../x", "step ID '../x' can hold letters, digits, dots, underscores and dashes only"),
        ("steps:\n- cmd: x\n  id: a\n- cmd: x\n  id: a", "a already exists as a vertex"),
        ("steps:\n- cmd: x\n  retries: -1", "step must specify retries >= 0"),
        ("steps:\n- cmd: x\n  timeout: soon", "timeout has to be a whole number"),
        ("steps:\n- cmd: x\n  timeout: 1e10", "timeout must not be greater than 2147483647"),
        ("steps:\n- cmd: x\n  timeout: '600'", "line 3: cannot unmarshal !!str into int"),
        ("steps:\n- cmd: x\n  ignoreErrors: 'true'", "line 3: cannot unmarshal !!str into bool"),
        ("steps:\n- cmd: x\n  env: [A: 1]", "cannot unmarshal !!map into string"),
        ("steps:\n- cmd: x\n  env: A=1", "line 3: cannot unmarshal !!str into a list"),
        ("steps:\n- cmd: x\n  timeout: 10000000000", "timeout must not be greater than 2147483647"),
        ("steps:\n- cmd: x\n  startDelay: 10000000000", "startDelay must not be greater than 2147483647"),
        ("steps:\n- cmd: x\n  retryDelay: 10000000000", "retryDelay must not be greater than 2147483647"),
        ("steps:\n- cmd: x\n  ignoreErrors: 1", "ignoreErrors has to be true or false"),
        ("steps:\n- cmd: [x]", "cmd is a list, and has to be text"),
        ("steps:\n- push: x", "push has to be a list of texts"),
        ("steps:\n- cmd: x\n  when: [nobody]", "nobody does not exist as a vertex [from: nobody, to: acb_step_0]"),
        ("steps:\n- cmd: x\n  id: a\n  when: [a]", "Step ID: a is self-referenced"),
        (
            "steps:\n- cmd: x\n  when: ['-', a]",
            "step cannot contain other IDs in when if the immediate execution token is specified",
        ),
        (
            "steps:\n- cmd: x\n  id: a\n  when: [b]\n- cmd: x\n  id: b\n  when: [a]",
            "b does not exist as a vertex [from: b, to: a]",
        ),
        (
            "secrets: [{id: a, keyvault: x}]\nsteps:\n- cmd: x",
            "failed to resolve secrets: failed to fetch secret value from",
        ),
        (
            "secrets: [{id: a}]\nsteps:\n- cmd: x",
            "with ID: a: secret should contain either keyvault property for vault",
        ),
        ("secrets: [{keyvault: x}]\nsteps:\n- cmd: x", "secret is missing an ID as well as auto-generated ID"),
        ("secrets: [{id: a b, keyvault: x}]\nsteps:\n- cmd: x", "secret ID cannot contain spaces"),
        ("secrets: [{id: a, keyvault: x, clientID: y}]\nsteps:\n- cmd: x", "msi client ID is not a valid guid"),
        (
            "secrets: [{id: a, keyvault: x}, {id: a, keyvault: y}]\nsteps:\n- cmd: x",
            "duplicate secret found with ID: a",
        ),
        ("networks: [{name: a b}]\nsteps:\n- cmd: x", "network name 'a b' can hold letters"),
        ("steps:\n- cmd: x\n  repeat: -1", "step must specify repeat >= 0"),
        ("steps:\n- cmd: x\n  retryDelay: -1", "step must specify retryDelay >= 0"),
        ("steps:\n- cmd: x\n  startDelay: -1", "step must specify startDelay >= 0"),
        ("steps:\n- cmd: x\n  cache: warm", "invalid value for cache property. Valid values are 'enabled', 'disabled'"),
        ("steps:\n- cmd: x\n  id: acb_root", "acb_root is a reserved ID, it can't be used"),
        ("env: [A]\nsteps:\n- cmd: x", "cannot parse task environment variable A correctly"),
        ("env: [B=1]\nsteps:\n- cmd: x\n  env: [A]", "cannot parse step environment variable A correctly"),
        (
            "volumes: [{name: v, secret: {f: eA==}}]\nsteps:\n- push: [a]\n  volumeMounts: [{name: v, mountPath: /v}]",
            "invalid use of Mounts. Mounts must have unique container paths and used for CMD steps",
        ),
        ("secrets: [{id: a, clientID: x}]\nsteps:\n- cmd: x", "secret should contain either keyvault property"),
        (
            "volumes: [{name: v, secret: {f: eA==}}, {name: v, secret: {f: eA==}}]\nsteps:\n- cmd: x",
            "duplicate name found",
        ),
        (
            "volumes: [{name: v, secret: {f: eA==}}]\nsteps:\n- cmd: x\n  volumeMounts: [{name: v, mountPath: /v}, "
            "{name: v, mountPath: /v}]",
            "mount with duplicate container file path found",
        ),
        ("steps:\n- cmd: x\n  volumeMounts: [{name: v}]", "mount name or container file path is empty"),
        (
            "volumes: [{name: a b, secret: {f: eA==}}]\nsteps:\n- cmd: x",
            "volume name is not well formed. Only use alphanumeric and - _",
        ),
        ("volumes: [{name: v}]\nsteps:\n- cmd: x", "volume v has to have files below `secret`"),
        ("volumes: [{name: v, secret: {../f: eA==}}]\nsteps:\n- cmd: x", "'../f' is not the name of a file"),
        (
            "volumes: [{name: v, secret: {f: '*'}}]\nsteps:\n- cmd: x",
            "failed to decode Base64 value. please make sure value provided is Base64 encoded",
        ),
        (
            "steps:\n- cmd: x\n  volumeMounts: [{name: v, mountPath: /v}]",
            "provided mount name does not correspond to a volume",
        ),
        ("steps:\n- cmd: x\n  volumeMounts: [{name: v, mountPath: v}]", "mountPath v has to begin with a slash"),
        ("version: v1.1.0\nalias: {src: [x.yaml]}\nsteps:\n- cmd: x", "there is no file x.yaml"),
        (
            "version: v1.1.0\nalias:\n  values: {a-b: x}\nsteps:\n- cmd: x",
            "alias key names only support alphanumeric characters",
        ),
        ("version: v1.1.0\nalias:\n  directive: '%%'\nsteps:\n- cmd: x", "only be overwritten by a single character"),
        ("version: v1.1.0\nalias:\n  directive: a\nsteps:\n- cmd: x", "directives may not be alphanumeric characters"),
        ("version: v1.1.0\nalias:\n  src: x\nsteps:\n- cmd: x", "src has to be a list of files and addresses"),
        ("steps: []", "the task has no steps"),
        ("- cmd: x", "the task is not a mapping with `version` and `steps`"),
        ("steps:\n- cmd: x {{.Values.my-value}}", "template: task:2: bad character U+002D '-'"),
        ("steps:\n- cmd: x {{CI_TAG}}", 'template: task:2: function "CI_TAG" not defined'),
        ("steps:\n- cmd: x {{.Values.x", "template: task:2: unclosed action"),
        ("steps:\n- cmd: x {{regexMatch `a` `b`}}", 'emulator does not have the function "regexMatch" of Sprig'),
        ("steps: [", "yaml: line 1: expected the node content"),
        ("a: &a [x, x]\nb: !!python/object:os.system {}", "the task has no steps"),
        ("[" * 5000, "exceeded max depth of 100"),
    ],
)
def test_refused_task_files(text: str, problem: str) -> None:
    """The error has the agent's words, or a sentence on what the emulator lacks."""
    with pytest.raises(TaskFileError) as caught:
        steps(text)
    assert str(caught.value).startswith("failed to unmarshal task before running: ")
    assert problem in str(caught.value)


def test_unknown_members() -> None:
    """Unknown members do not stop the run, as in the service, and are reported."""
    graph = read(
        "colour: red\nsteps:\n- cmd: x\n  shape: round\n  cpus: 2\n  ports: ['80:80']\n  exitedWith: [1]", RUN, {}
    )
    assert graph.remarks == (
        "The task file's member acb_step_0.exitedWith has no effect here",
        "The task file's member colour is unknown and has no effect",
        "The task file's member acb_step_0.shape is unknown and has no effect",
    )
    assert graph.on_host().remarks == (
        "Containers share the host's network here: networks and ports of the task file have no effect",
        "The task file's member acb_step_0.cpus has no effect here",
        *graph.remarks,
    )


def test_networks() -> None:
    """Steps run in the task's default network, else in the agent's; with the host's network they join no other."""
    graph = read("steps:\n- cmd: x", RUN, {})
    assert [network.name for network in graph.networks] == ["acb_default_network"]
    assert graph.steps[0].network == "acb_default_network"
    own = (
        "networks: [{name: a}, {name: b, driver: overlay, ipv6: true, isDefault: true}, {name: c, skipCreation: true}]"
    )
    graph = read(f"{own}\nsteps:\n- cmd: x\n- cmd: x\n  network: a", RUN, {})
    assert [(each.name, each.driver, each.ipv6, each.external) for each in graph.networks] == [
        ("a", "bridge", False, False),
        ("b", "overlay", True, False),
        ("c", "bridge", False, True),
    ]
    assert [step.network for step in graph.steps] == ["b", "a"]
    assert (graph.on_host().networks, graph.on_host().steps[0].network) == ((), None)
    assert read("networks: [{name: a}]\nsteps:\n- cmd: x", RUN, {}).steps[0].network is None


def test_variables_of_a_step() -> None:
    """A step's variables override the task's of the same name."""
    assert steps("env: [A=1, B=2]\nsteps:\n- cmd: x\n  env: [A=3=4]")[0].env == ("B=2", "A=3=4")


def test_aliases_need_their_version() -> None:
    """`$ID` is the run's id since v1.1.0; before, it is text."""
    text = "steps:\n- cmd: x $ID $Registry/a $RegistryName $HOME $IDEA ${ID} $$ID $ID_x"
    assert steps(f"version: v1.1.0\n{text}")[0].cmd == ("x cf1 127.0.0.1:5000/a emulator $HOME $IDEA ${ID} $ID cf1_x")
    assert steps(text)[0].cmd == "x $ID $Registry/a $RegistryName $HOME $IDEA ${ID} $$ID $ID_x"


def test_a_separator_of_unicode_ends_no_line() -> None:
    """Text behind one is no member of the file: only line feeds end lines."""
    graph = read('version: v1.1.0\nsteps:\n- cmd: "busybox echo a\u2028alias: b"\n', {}, {})
    assert graph.steps[0].cmd == "busybox echo a\u2028alias: b"


def test_images_by_alias() -> None:
    """The first word of a command may be an alias without a directive, such as those of Microsoft's images."""
    text = (
        "alias: {values: {mine: own/image, az: own/az}}\nsteps:\n- cmd: bash -c $mine\n- cmd: mine bash\n- cmd: az acr"
    )
    assert [step.cmd for step in steps(f"version: v1.1.0\n{text}")] == [
        "mcr.microsoft.com/acr/bash:9fb281c -c own/image",
        "own/image bash",
        "own/az acr",
    ]
    assert steps(text)[0].cmd == "bash -c $mine"


def test_aliases_of_files() -> None:
    """Aliases of files override predefined ones, a later file an earlier one, and the task's own values all of them."""
    files = {"a.yaml": "one: a\ntwo: a\nthree: a\nID: a", "https://host/b.yaml": "two: b\nthree: b"}
    text = (
        "version: v1.1.0\nalias:\n  directive: '%'\n  values: {three: own}\n"
        "  src: [a.yaml, 'https://host/b.yaml']\nsteps:\n- cmd: x %one %two %three %ID $ID"
    )
    assert read(text, RUN, {}, files.__getitem__).steps[0].cmd == "x a b own a $ID"


def test_addresses_of_aliases_without_a_network(tmp_path: Path) -> None:
    """A simulated run fetches nothing, and says so."""
    text = "version: v1.1.0\nalias: {src: ['https://host/b.yaml']}\nsteps:\n- cmd: x"
    job = Job("cf1", "emulator", "127.0.0.1:5000", {"type": "EncodedTask", "encodedTaskContent": encoded(text)})
    with pytest.raises(TaskFileError, match=r"nothing is fetched from https://host/b\.yaml"):
        load(job, tmp_path)


def test_values() -> None:
    """Values of the run override those of the step, which override the file's."""
    job = Job(
        "cf1",
        "emulator",
        "127.0.0.1:5000",
        {
            "type": "EncodedTask",
            "encodedTaskContent": encoded(
                "steps:\n- cmd: x {{.Values.a}} {{.Values.b}} {{.Values.c}} {{.Run.TaskName}}"
            ),
            "encodedValuesContent": encoded("a: file\nb: file\nc: file"),
            "values": [{"name": "b", "value": "step"}, {"name": "c", "value": "step"}],
        },
        values=[{"name": "c", "value": "run"}],
    )
    assert load(job, Path("nowhere")).steps[0].cmd == "x file step run quickrun"


def test_file_task(tmp_path: Path) -> None:
    """A FileTask reads its task file and its values file from the source."""
    (tmp_path / "acb.yaml").write_text("steps:\n- cmd: x {{.Values.a}}\n")
    (tmp_path / "values.yaml").write_text("a: 1\n")
    step = {"type": "FileTask", "taskFilePath": "acb.yaml", "valuesFilePath": "values.yaml"}
    assert load(Job("cf1", "emulator", "r", step), tmp_path).steps[0].cmd == "x 1"


@pytest.mark.parametrize(
    ("member", "value", "problem"),
    [
        ("encodedTaskContent", "%%%", "encodedTaskContent is not text in base64"),
        ("encodedValuesContent", "LSBh", "the values are not a mapping of names to values"),
    ],
)
def test_encoded_content_that_cannot_be_read(member: str, value: str, problem: str) -> None:
    """Content without base64, and values that are not a mapping, are refused."""
    step = {"type": "EncodedTask", "encodedTaskContent": encoded("steps:\n- cmd: x"), member: value}
    with pytest.raises(TaskFileError, match=problem):
        load(Job("cf1", "emulator", "r", step), Path("nowhere"))


def test_run_variables() -> None:
    """The variables are those of the agent; a run without a task is a quickrun."""
    found = run_variables(Job("cf7", "emulator", "127.0.0.1:5000", {}, platform={"os": "Linux"}))
    assert (found["ID"], found["Registry"], found["RegistryName"], found["OS"]) == (
        *("cf7", "127.0.0.1:5000", "emulator", "linux"),
    )
    assert found["TaskName"] == "quickrun"
    assert len(found["Date"]) == len("20230309-203010z")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_base64_with_line_breaks(tmp_path: Path) -> None:
    """Line breaks in base64 do not count, blanks do."""
    content = encoded("version: v1.1.0\nsteps:\n  - cmd: busybox echo a\n")
    step = {"type": "EncodedTask", "encodedTaskContent": f"{content[:20]}\r\n{content[20:]}\n"}
    job = Job("cf1", "emulator", "127.0.0.1:5000", step)
    assert [each.cmd for each in load(job, tmp_path).steps] == ["busybox echo a"]
    job.step["encodedTaskContent"] = f"{content[:20]} {content[20:]}"
    with pytest.raises(TaskFileError, match="encodedTaskContent is not text in base64"):
        load(job, tmp_path)
