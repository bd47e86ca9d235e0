"""Both hosts do the same through drawn lives: the same problems, differences, requests, messages and states."""

from __future__ import annotations

from hypothesis import given
from tests.real.twins import runs, tasks
from tests.real.twins.lives import Step, played_on_both
from tests.real.twins.stack import World


@tasks.drawn
@given(steps=tasks.lives())
def test_a_task_s_life_is_the_same_on_both_hosts(steps: list[Step], world: World) -> None:
    """They agree after each command, also after a failed one, and an update does what its preview has said."""
    played_on_both(world, "Task", steps)


@tasks.drawn
@given(steps=runs.lives())
def test_a_run_s_life_is_the_same_on_both_hosts(steps: list[Step], world: World) -> None:
    """They agree for all kinds of requests, with local files and without."""
    played_on_both(world, "Run", steps)
