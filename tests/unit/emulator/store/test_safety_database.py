"""Secrets in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.execution.job import Outcome

SECRET = "hush-of-a-run-0123"
VALUE = {"name": "key", "value": SECRET, "isSecret": True}


def holds_the_secret(data: Path) -> bool:
    """Return whether any file of the database has the secret."""
    return any(SECRET.encode() in file.read_bytes() for file in data.glob("emulator.sqlite*"))


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Canceled", "Error", "Timeout"])
def test_a_runs_secrets_are_gone_when_it_has_ended(world: Any, tmp_path: Path, status: str) -> None:
    """Secrets are kept only while an agent may need them, and are not in the free pages of the file afterwards."""
    run_id = world.scheduled(values=[VALUE])
    assert holds_the_secret(tmp_path)
    world = world.reopened()
    world.runs.resume()
    assert VALUE in world.agents.jobs[0].step["values"]
    world.states.started(run_id)
    world.states.finished(run_id, Outcome(status))
    world.close()
    assert not holds_the_secret(tmp_path)


def test_a_run_that_has_ended_still_has_its_log_as_an_artifact(world: Any) -> None:
    """The log template is not a secret, and is kept."""
    from acr_tasks_emulator.services.versions import PREVIEW_2019

    run_id = world.runs.schedule(world.registry, world.encoded_request(logTemplate="log:{{.Run.ID}}"), PREVIEW_2019)[
        "name"
    ]
    world.states.started(run_id)
    world.states.finished(run_id, Outcome("Succeeded"))
    assert "logArtifactLink" in world.runs.log_links(world.registry, run_id)
