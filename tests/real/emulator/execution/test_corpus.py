"""Task files run for real: each `corpus/NAME.yaml` as `corpus/NAME.expected.yaml` says.

order: the steps as they end well; those of an inner list may end in any order. lines: what stands in the log, with or
without a time before it; count: how often. absent: what stands nowhere in it. error, problem: the run's error, or a
part of it; said: parts of the log. images: the repositories that are pushed. values, valuesFile, files: given with the
request. docker: what is otherwise with docker. simulated: how it ends where nothing is run,
when its words do not tell.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.unit.emulator.execution.test_simulated import Recorder, job_of

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.simulated_executor import SimulatedExecutor

from .observed_agents import ObservedAgents

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.name.removesuffix(".expected.yaml") for path in CORPUS.glob("*.expected.yaml"))
FILES = {
    "Dockerfile": "FROM busybox\nARG WORD\nRUN echo $WORD > /word\n",
    "sub/Dockerfile": "FROM busybox AS nope\nRUN echo on purpose; sleep 2; exit 7\n",
}
_TIME = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
_DONE = re.compile(r"Step ID: (\S+) marked as successful .*")


def expectation(name: str) -> dict[str, Any]:
    return dict(YAML(typ="safe").load((CORPUS / f"{name}.expected.yaml").read_text()))


def expectation_of(name: str, kind: str) -> dict[str, Any]:
    expected = expectation(name)
    return {**expected, **(expected.get("docker", {}) if kind == "docker" else {})}


def request_of(name: str) -> tuple[dict[str, object], dict[str, str]]:
    """The step of a task file, and the files of its source."""
    expected = expectation(name)
    step: dict[str, object] = {"type": "FileTask", "taskFilePath": "acb.yaml", "values": expected.get("values", [])}
    files = {**FILES, **expected.get("files", {}), "acb.yaml": (CORPUS / f"{name}.yaml").read_text()}
    if "valuesFile" in expected:
        files["values.yaml"] = expected["valuesFile"]
        step["valuesFilePath"] = "values.yaml"
    return step, files


def test_the_corpus_is_whole() -> None:
    """Every task file has its expectation, and the corpus has a minimum size."""
    files = {path.name for path in CORPUS.iterdir()}
    assert files == {f"{name}{end}" for name in NAMES for end in (".yaml", ".expected.yaml")}
    assert len(NAMES) >= 25


@pytest.mark.parametrize("name", NAMES)
def test_corpus(agents: ObservedAgents, name: str) -> None:
    """A task file runs in its order, and ends with its status and output."""
    outcome, log = agents.run(*request_of(name))
    expected = expectation_of(name, agents.kind)
    lines = [_TIME.sub("", line) for line in log.splitlines()]
    assert outcome.status == expected["status"], log
    assert_order([match.group(1) for match in map(_DONE.fullmatch, lines) if match], expected["order"])
    for line in expected.get("lines", []):
        assert line in lines, log
    for line, count in expected.get("count", {}).items():
        assert lines.count(line) == count, log
    for text in expected.get("said", []):
        assert text in log
    for text in expected.get("absent", []):
        assert text not in log
    if "error" in expected:
        assert outcome.error_message == expected["error"], log
    if "problem" in expected:
        assert expected["problem"] in (outcome.error_message or ""), log
    assert [image["repository"] for image in outcome.output_images] == expected.get("images", [])


@pytest.mark.parametrize("name", NAMES)
def test_simulated(tmp_path: Path, name: str) -> None:
    """A simulated run ends as the real one does, with its error, unless only running could tell."""
    step, files = request_of(name)
    job, log = job_of(tmp_path, step, files), Recorder()
    outcome = SimulatedExecutor().run(job, RunLog(log, job.secrets()), Cancellation())
    expected = expectation(name)
    if "simulated" in expected:
        expected = {"status": expected["simulated"]}
    assert outcome.status == expected["status"], log.text
    if "error" in expected:
        assert outcome.error_message == expected["error"], log.text
    assert expected.get("problem", "") in (outcome.error_message or "")
    assert not outcome.output_images


def assert_order(found: list[str], expected: list[Any]) -> None:
    rest = list(found)
    for item in expected:
        group = item if isinstance(item, list) else [item]
        assert sorted(rest[: len(group)]) == sorted(group), found
        del rest[: len(group)]
    assert rest == []
