# ruff: noqa: E501 - rows of small inputs, each with its sentence
"""What preview says of a Dockerfile that the service's builder refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.provider.validate.scene import REGISTRY, SETTINGS

from pulumi_acr_tasks.run.check import check as check_run
from pulumi_acr_tasks.validate.task_file.dockerfile import check_dockerfile

DOCKERFILES = [
    (
        "FROM --platform=$BUILDPLATFORM busybox AS build\nRUN a\n",
        "line 1, column 1: FROM --platform=$BUILDPLATFORM fails",
    ),
    ("ARG X\nFROM ${X:-busybox}\n", "line 2, column 1: FROM ${X:-busybox} fails"),
    ("FROM busybox\nRUN --mount=type=cache,target=/c a\n", "line 2, column 1: RUN --mount needs BuildKit"),
    ("FROM busybox\nRUN \\\n  --mount=type=cache,target=/c a\n", "line 2, column 1: RUN --mount needs BuildKit"),
    ("FROM busybox\n# a\n  run --network=none a\n", "line 3, column 3: RUN --network needs BuildKit"),
    ("FROM busybox\nCOPY --chmod=755 --chown=1 a b\n", "line 2, column 1: COPY --chmod needs BuildKit"),
    ("FROM busybox\nADD --chown=1 --chmod=755 a b\n", "line 2, column 1: ADD --chmod needs BuildKit"),
    ("FROM busybox\nCOPY --link a b\n", "line 2, column 1: COPY --link needs BuildKit"),
    (
        "FROM busybox\nRUN <<EOF\necho a\nRUN --mount=x b\nEOF\n",
        "line 2, column 1: a here-document (<<) needs BuildKit",
    ),
    ("FROM busybox\nCOPY <<a /b\nx\na\n", "line 2, column 1: a here-document (<<) needs BuildKit"),
]


@pytest.mark.parametrize(("text", "sentence"), DOCKERFILES)
def test_a_dockerfile_that_the_classic_builder_refuses_is_an_error_with_its_position(text: str, sentence: str) -> None:
    """The error has the cure."""
    (finding,) = check_dockerfile(text)
    assert finding.fails
    assert finding.sentence.startswith(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "# syntax=docker/dockerfile:1\nARG TAG=1\nFROM --platform=linux/amd64 busybox:${TAG} AS a\nCOPY --from=a --chown=1 /a /b\n",
        "# escape=`\nFROM busybox\nRUN dir `\n  --mount\n",
        "FROM busybox\nRUN echo '<<EOF' --mount\nRUN sh -c \"cat << EOF\"\n",
        "FROM busybox\r\n# a\u2028FROM $\x0cRUN --mount=x\x85COPY --chmod=1 a b\r\nRUN echo 'a\x0bRUN --mount=x'\r\n",
        "",
    ],
)
def test_a_dockerfile_that_the_classic_builder_accepts_is_right(text: str) -> None:
    """Its own options, and text that only looks like BuildKit's, are accepted."""
    assert check_dockerfile(text) == []


def test_an_argument_that_only_buildkit_sets_is_a_warning() -> None:
    """The build goes on with an empty value."""
    (finding,) = check_dockerfile('FROM busybox\nARG TARGETARCH\nRUN echo "arch=[$TARGETARCH]"\n')
    assert not finding.fails
    assert finding.sentence.startswith("line 2, column 1: TARGETARCH is empty")
    assert check_dockerfile("FROM busybox\nARG TARGETARCH=amd64\n") == []


def test_a_dockerfile_of_a_local_context_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the Dockerfile of a Docker build on Linux is checked: a task file may build with BuildKit."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text("FROM busybox\nARG TARGETOS\nRUN --mount=type=cache,target=/c a\n")
    (tmp_path / "app/acb.yaml").write_text("version: v1.1.0\nsteps:\n  - cmd: busybox echo a > b\n")
    request: dict[str, Any] = {"type": "DockerBuildRequest"}
    found = check_run({**REGISTRY, "runRequest": request, "context": "app"}, SETTINGS)[1]
    assert [(problem.path, problem.message[:35], problem.warning) for problem in found] == [
        ("run_request.docker_file_path", "'Dockerfile', line 3, column 1: RUN", False),
        ("run_request.docker_file_path", "'Dockerfile', line 2, column 1: TAR", True),
    ]
    request = {"type": "FileTaskRunRequest", "taskFilePath": "acb.yaml"}
    inputs, found = check_run({**REGISTRY, "runRequest": request, "context": "app"}, SETTINGS)
    assert [(problem.path, problem.warning) for problem in found] == [("run_request.task_file_path", True)]
    assert "contextHash" in inputs
