"""Rules about the images that tasks build, push and run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..conftest import encoded

Row = tuple[str, str, dict[str, Any], dict[str, Any], list[str]]

UNIQUE = "acr-task-require-unique-image-tag"
DIGEST = "acr-task-require-digest-in-steps"
PRIVILEGED = "acr-task-disallow-privileged-step"
TRUSTED = "acr-task-disallow-untrusted-registries"

PINNED = "alpine@sha256:" + "0" * 64


def text(steps: str) -> dict[str, Any]:
    return {"step": {"type": "EncodedTask", "encodedTaskContent": encoded(f"version: v1.1.0\nsteps:\n{steps}")}}


def same(path: str) -> str:
    return f"{path} is the same image name at each run: push one with {{{{.Run.ID}}}} in its tag as well."


def where(line: int, place: str) -> str:
    return f"step.encoded_task_content: line {line}, steps{place}"


def unpinned(line: int, place: str) -> str:
    return f"{where(line, place)} runs an image without a digest: write it as name@sha256:…."


def leaves(place: str, *ways: str) -> str:
    return f"{place} {', '.join(ways)}: remove that from the step."


def foreign(place: str, registry: str, trusted: str) -> str:
    return f"{place} names an image of {registry}: use one of {trusted}."


CMD = "[0].cmd"
ROWS: list[Row] = [
    (UNIQUE, "task", {"step/imageNames": ["app:v1"]}, {}, [same("step.image_names[0]")]),
    (UNIQUE, "task", {"step/imageNames": ["app:v1", "app:{{.Run.ID}}"]}, {}, []),
    (UNIQUE, "task", {"step/imageNames": ["app:{{.Run.ID}}", "web:v1"]}, {}, [same("step.image_names[1]")]),
    (UNIQUE, "task", {"step/imageNames": ["{{.Values.image}}"]}, {}, []),
    (UNIQUE, "task", {"step/imageNames": ["app:v1"], "step/isPushEnabled": False}, {}, []),
    (
        UNIQUE,
        "task",
        text("  - build: -t $Registry/a:1 .\n  - push: [$Registry/a:1]"),
        {},
        [same(where(4, "[1].push[0]"))],
    ),
    (UNIQUE, "task", text("  - build: -t $Registry/a:1 ."), {}, []),  # built, and not pushed
    (UNIQUE, "run", {"runRequest/imageNames": ["web:v1"]}, {}, []),  # a run is made once
    (DIGEST, "task", text("  - cmd: alpine echo"), {}, [unpinned(3, CMD)]),
    (DIGEST, "task", text("  - cmd: -e A=1 --rm alpine:3 echo"), {}, [unpinned(3, CMD)]),
    (DIGEST, "task", text(f"  - cmd: -e A=1 --rm {PINNED} echo"), {}, []),
    (DIGEST, "task", text("  - cmd: acr purge --ago 30d\n  - cmd: mcr.microsoft.com/acr/acr-cli:0.14 tag"), {}, []),
    (DIGEST, "task", text("  - build: -t tests .\n  - cmd: tests"), {}, []),  # built by the task itself
    (DIGEST, "task", text("  - cmd: $Registry/tool:1"), {"except": ["$Registry/*"]}, []),
    (DIGEST, "task", text("  - cmd: '{{.Values.tool}}'"), {}, []),
    (
        PRIVILEGED,
        "task",
        text("  - cmd: alpine ls\n    privileged: true"),
        {},
        [leaves(where(3, CMD), "is privileged")],
    ),
    (PRIVILEGED, "task", text("  - cmd: alpine ls\n    privileged: yes"), {}, [leaves(where(3, CMD), "is privileged")]),
    (PRIVILEGED, "task", text("  - cmd: alpine ls\n    privileged: false"), {}, []),
    (
        PRIVILEGED,
        "task",
        text("  - build: .\n    isolation: process"),
        {},
        [leaves(where(3, "[0].build"), "sets isolation")],
    ),
    (PRIVILEGED, "task", text("  - build: .\n    isolation: default"), {}, []),
    (
        PRIVILEGED,
        "task",
        text("  - cmd: --privileged -v /var/run/docker.sock:/s --pid=host docker ps"),
        {},
        [leaves(where(3, CMD), "is privileged", "mounts a folder of the agent", "shares the agent's pid")],
    ),
    (
        PRIVILEGED,
        "task",
        text("  - cmd: -v cache:/c alpine ls --privileged -v /x:/y"),
        {},
        [],
    ),  # the container's own words
    (
        PRIVILEGED,
        "task",
        text("  - cmd: --mount type=bind,src=/,dst=/h --cap-add SYS_ADMIN alpine"),
        {},
        [leaves(where(3, CMD), "mounts a folder of the agent", "asks for --cap-add")],
    ),
    (TRUSTED, "task", text("  - cmd: alpine echo"), {}, []),  # everything is trusted by default
    (
        TRUSTED,
        "task",
        text("  - cmd: alpine echo\n  - cmd: ghcr.io/x/y:1\n  - push: [quay.io/x/y:1]"),
        {"trusted": ["mcr.microsoft.com"]},
        [
            foreign(where(3, CMD), "docker.io", "mcr.microsoft.com"),
            foreign(where(4, "[1].cmd"), "ghcr.io", "mcr.microsoft.com"),
            foreign(where(5, "[2].push[0]"), "quay.io", "mcr.microsoft.com"),
        ],
    ),
    (
        TRUSTED,
        "task",
        text("  - cmd: acr purge\n  - cmd: $Registry/t:1\n  - push: ['{{.Run.Registry}}/a:1']"),
        {"trusted": ["mcr.microsoft.com"]},
        [],
    ),
    (TRUSTED, "task", text("  - cmd: ghcr.io/contoso/t:1"), {"trusted": ["ghcr.io/contoso/*"]}, []),
]


@pytest.mark.parametrize(("rule", "kind", "changes", "config", "expected"), ROWS)
def test_a_spoiled_field_is_reported(
    rule: str, kind: str, changes: dict[str, Any], config: dict[str, Any], expected: list[str], judged: Any
) -> None:
    """Each row spoils one field of the good task or run, and names the sentences that follow."""
    assert judged(rule, kind, changes, config) == expected


DOCKERFILE = """FROM --platform=linux/amd64 golang:1 AS build
FROM build as test
FROM scratch
FROM mcr.microsoft.com/dotnet/runtime:8
"""


@pytest.fixture
def bases_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: Any) -> Any:
    """Ask about the base images of a run in the project `shop`, when the shell was in a folder of the two projects."""

    def ask(shell: str, context: str = "./app", main: str = "") -> list[str]:
        for project in ("shop", "other"):
            folder = tmp_path / project / main / "app"
            folder.mkdir(parents=True)
            (tmp_path / project / "Pulumi.yaml").write_text(f"name: {project}\n" + (f"main: {main}\n" if main else ""))
            (folder / "Dockerfile").write_text(DOCKERFILE)
        monkeypatch.setenv("PWD", str(tmp_path / shell))
        context = context.format(folder=tmp_path)
        reported: list[str] = judged(
            TRUSTED, "run", {"context": context}, {"trusted": ["mcr.microsoft.com"]}, only_ours=True
        )
        return reported

    return ask


FOREIGN = [foreign("Dockerfile: line 1", "docker.io", "mcr.microsoft.com")]


@pytest.mark.parametrize("main", ["", "program"])
@pytest.mark.parametrize("shell", ["shop", "shop/app"])
def test_bases_of_a_local_context_are_looked_at(main: str, shell: str, bases_of: Any) -> None:
    """FROM lines of the context's Dockerfile count, below the project's or the program's folder; stages do not."""
    assert bases_of(shell if not main else "shop", main=main) == FOREIGN


def test_the_dockerfile_of_another_project_is_not_read(bases_of: Any) -> None:
    """The folder of the shell counts only when it belongs to the project that the engine runs."""
    assert bases_of("other") == []


def test_an_absolute_context_needs_no_project(bases_of: Any) -> None:
    """The Dockerfile of an absolute context is read wherever the shell is."""
    assert bases_of("other", context="{folder}/other/app") == FOREIGN
