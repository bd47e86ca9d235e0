"""Pruning of the image store."""

from __future__ import annotations

from pathlib import Path

import pytest

from acr_tasks_emulator.execution.buildah import image_store

from .observed_agents import ObservedAgents, docker, missing

pytestmark = pytest.mark.skipif(missing is not None, reason=missing or "buildah works")


def images(data: Path) -> int:
    return sum(path.is_dir() for folder in (data / "buildah" / "root").glob("*-images") for path in folder.iterdir())


def test_unnamed_images_are_removed_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unnamed images above the limit are removed; named ones stay, and builds go on."""
    monkeypatch.setattr(image_store, "IMAGES_KEPT", 3)
    files = {"Dockerfile": "FROM busybox\nRUN echo 1 > /a\nRUN echo 2 > /b\nRUN echo 3 > /c\n"}
    counts = []
    for _ in range(2):
        agents = ObservedAgents(tmp_path)
        try:
            for step in (docker(target=None), docker(noCache=True)):
                outcome, log = agents.run(step, files)
                assert outcome.status == "Succeeded", log
                counts.append(images(tmp_path))
        finally:
            agents.close()
    before, after = counts[1], counts[2]
    assert before > 4
    assert after < before
