"""Task files, values and templates that are small and expand to a lot: the run fails, the service goes on."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

HEAD = "version: v1.1.0\nsteps:\n  - cmd: busybox echo "
LAUGHS = "a0: &a0 ha\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("task", "values", "problem"),
    [
        (LAUGHS + HEAD + "x\n", "", "yaml: document contains excessive aliasing"),
        (HEAD + "{{.Values.a9}}\n", LAUGHS, "yaml: document contains excessive aliasing"),
        (HEAD + "x\nz: " + "[" * 50_000, "", "yaml: exceeded max depth"),
        (HEAD + "x\n" + "  - cmd: a\n    when: ['-']\n" * 1000, "", "the task has more than 500 steps"),
        (HEAD + '{{ "aaaaaaaaaa"' + ' | replace "a" "aaaaaaaaaa"' * 20 + " }}", "", "longer than 262144 characters"),
        (HEAD + "{{" + " " * 100_000 + "}}", "", "an action is longer than 4096 characters"),
        (HEAD + "{{.Values.x}}" * 40_000, "x: " + "y" * 10_000, "what is rendered is longer than"),
        (HEAD + "x\n    timeout: " + "9" * 5000, "", "yaml: "),
        (HEAD + "x\nz: !!int s3cret", "", "cannot decode !!str as a !!int"),
    ],
)
@pytest.mark.emulator_choice("the agent's reader, yaml.v2, has the same kinds of refusals; the numbers are ours")
def test_bombs_fail_the_run(
    arm: Any, blobs: httpx.Client, quick_request: Any, task: str, values: str, problem: str
) -> None:
    """The service accepts the request without reading the task file; the run fails, and its log says why."""
    run_id = arm.schedule(quick_request(task, encodedValuesContent=encoded(values)))
    properties = arm.until(run_id)["properties"]
    assert properties["status"] == "Failed"
    assert "failed to unmarshal task before running: " in properties["runErrorMessage"]
    assert problem in properties["runErrorMessage"]
    (last,) = [line for line in blobs.get(arm.log_link(run_id)).text.split("\r\n") if line.startswith("Run ID: ")]
    assert problem in last


@pytest.mark.emulator_choice("spaces and braces are no templates")
def test_long_runs_of_blanks_and_braces_are_accepted(arm: Any, quick_request: Any) -> None:
    """Long runs of blanks, braces and quotes take linear time."""
    for text in (" " * 500_000, "{{" * 250_000, "'" * 100_000, "$" * 100_000):
        run_id = arm.schedule(quick_request(f"{HEAD}x\n# {text}\n"))
        assert arm.until(run_id)["properties"]["status"] == "Succeeded", text[:10]


@pytest.mark.arm_documented("docs/container-registry-tasks-reference-yaml.md: values and templates")
def test_ordinary_aliases_are_read(arm: Any, quick_request: Any) -> None:
    """Anchors, merged mappings and pipelines of ordinary size are read."""
    task = f"x: &x {{timeout: 60}}\n{HEAD}{{{{.Values.a | upper | quote}}}}\n    <<: *x\n"
    run_id = arm.schedule(quick_request(task, encodedValuesContent=encoded("a: &a b\nc: *a\n")))
    assert arm.until(run_id)["properties"]["status"] == "Succeeded"
