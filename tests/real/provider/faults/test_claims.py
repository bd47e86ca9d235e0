"""A request for a run whose answer was lost claims its own run, and no other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.real.provider.faults.conftest import ENCODED, ILL, POST, RUNS, STEPS, World, rule

# A provider's process ends with its command, and closes no connection before.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

needs_builder = pytest.mark.skipif(shutil.which("buildah") is None, reason="only images prove whose run it is")
LISTED = "The run may have been started all the same"


@needs_builder
def test_lost_answers_are_found_by_the_images(new_world: Callable[..., World]) -> None:
    """Three requests lose their answers at once, and each finds its own run once its image is built."""
    world = new_world(executor="buildah")
    world.fault(rule("POST", POST, drop="after", times=3))
    assert world.make(3, images=True) == ["Succeeded"] * 3, world.errors
    assert sorted(made["imageRefs"][0].partition("@")[0].rpartition("/")[2] for made in world.made) == [
        "app-0",
        "app-1",
        "app-2",
    ]
    assert len({made["runId"] for made in world.made}) == len(world.runs()) == 3


@pytest.mark.parametrize("wait", [True, False])
def test_the_run_of_another_caller_is_never_claimed(wait: bool, new_world: Callable[..., World]) -> None:
    """Our request is lost, and another caller schedules the same one meanwhile."""
    world = new_world()
    world.fault(rule("POST", POST, delayMs=5000, drop="before", times=1))
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(world.make, runRequest=ENCODED, context=None, wait=wait)
        world.met("POST", "/scheduleRun")
        stranger = world.schedule(encodedTaskContent=STEPS)
        assert ours.result(60) == ["TransportError"]
    assert f"{LISTED}: it may be one of {stranger} (" in world.errors[0]
    assert "correlation id" in world.errors[0]
    assert len(world.runs()) == 1


@needs_builder
def test_a_list_that_fails_is_read_by_the_next_update(new_world: Callable[..., World]) -> None:
    """Two answers are lost and the list fails: the next update resumes both runs, and starts none."""
    world = new_world(executor="buildah")
    world.fault(rule("POST", POST, drop="after", times=2), rule("GET", RUNS, **ILL))
    assert world.make(2, images=True) == ["TransportError"] * 2
    assert all(f"{LISTED}, and the runs cannot be looked at: list runs of" in error for error in world.errors)
    first = {run["runId"] for run in world.runs()}
    assert len(first) == 2
    assert world.make(2, images=True) == ["Succeeded"] * 2, world.errors
    assert {made["runId"] for made in world.made} == {run["runId"] for run in world.runs()} == first


def test_unproved_candidates_are_shown_to_the_user_once(new_world: Callable[..., World]) -> None:
    """Two equal requests without images lose their answers: no run is started before the user knows."""
    world = new_world()
    world.fault(rule("POST", POST, drop="after", delayMs=300), rule("GET", RUNS, **ILL))
    assert world.make(2, runRequest=ENCODED, context=None) == ["TransportError"] * 2
    assert len(world.runs()) == 2
    assert world.make(2, runRequest=ENCODED, context=None) == ["TransportError"] * 2
    assert "Nothing was started now." in world.errors[-1]
    assert len(world.runs()) == 2
    assert world.make(2, runRequest=ENCODED, context=None) == ["Succeeded"] * 2
    assert len(world.runs()) == 4
