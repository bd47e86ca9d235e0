"""Runs that triggers start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.emulator.conftest import World

from acr_tasks_emulator.execution.job import Outcome
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.services.tasks.documents import task_id
from acr_tasks_emulator.services.triggers import triggers as triggers_module
from acr_tasks_emulator.services.triggers.base_images import ImagePush
from acr_tasks_emulator.services.triggers.source_events import SourceEvent
from acr_tasks_emulator.services.triggers.triggers import TriggersService, next_firings
from acr_tasks_emulator.services.versions import PREVIEW_2025
from acr_tasks_emulator.store.tasks import TaskStore

URL = "https://github.com/octocat/Hello-World.git"
DAY = 24 * 60 * 60


@pytest.fixture
def triggers(world: World) -> TriggersService:
    return TriggersService(TaskStore(world.database), world.runs, world.registries, world.clock)


def timer(name: str = "t1", schedule: str = "* * * * *", **members: str) -> dict[str, str]:
    return {"name": name, "schedule": schedule, "status": "Enabled", **members}


def advance(world: World, seconds: float) -> Callable[[], None]:
    return lambda: world.clock.advance(seconds)


def runs_of(world: World) -> list[dict[str, Any]]:
    """Return the runs, oldest first."""
    return [run["properties"] for run in reversed(world.runs.list(world.registry, page_size=10_000).runs)]


def test_disabled_tasks_and_timers_do_not_fire(world: World, triggers: TriggersService) -> None:
    """A schedule that can never be due does not fire either."""
    world.task("disabled", status="Disabled", trigger={"timerTriggers": [timer()]})
    world.task("timer", trigger={"timerTriggers": [timer(status="Disabled"), timer("t2", "0 0 30 2 *")]})
    assert triggers.move_clock(advance(world, DAY)) == 0


def test_missed_times_are_skipped(world: World, triggers: TriggersService) -> None:
    """Times before the start, before the task was made, or while the machine slept are skipped."""
    world.clock.advance(DAY)
    triggers.fire_timers()
    world.task(trigger={"timerTriggers": [timer(), timer("t2", "0 0 1 1 *")]})
    assert triggers.fire_timers() == 0
    world.clock.advance(60)
    assert triggers.fire_timers() == 1
    assert world.agents.jobs[0].triggered_by == "Timer"
    world.clock.advance(DAY)
    assert triggers.fire_timers() == 2  # those of the last two minutes
    later = TriggersService(TaskStore(world.database), world.runs, world.registries, world.clock)
    assert later.fire_timers() == 0


def test_a_clock_that_is_set_back(world: World, triggers: TriggersService) -> None:
    """Timers go on at once when a clock that was days ahead is put right; a second back repeats nothing."""
    world.task(trigger={"timerTriggers": [timer()]})
    world.clock.advance(60)
    assert triggers.fire_timers() == 1
    world.clock.advance(-30)
    assert triggers.fire_timers() == 0
    world.clock.advance(90)
    assert triggers.fire_timers() == 1
    ahead = TriggersService(TaskStore(world.database), world.runs, world.registries, world.clock)
    world.clock.advance(10 * DAY)
    ahead.fire_timers()
    world.clock.advance(-10 * DAY)
    assert ahead.fire_timers() == 0
    world.clock.advance(60)
    assert ahead.fire_timers() == 1


def test_the_next_firings(world: World) -> None:
    """Each enabled timer of an enabled task has a next time."""
    timers = [timer(schedule="0 0 * * *", status="Disabled"), timer("t2", "0 0 2 * *"), timer("t3", "30 18 * * *")]
    task = world.task(trigger={"timerTriggers": timers})
    found = next_firings(task, world.clock.now())
    assert {name: (moment.day, moment.hour) for name, moment in found.items()} == {"t2": (2, 0), "t3": (4, 18)}
    task["properties"]["status"] = "Disabled"
    assert next_firings(task, world.clock.now()) == {}


def source_task(world: World, name: str, events: list[str], context: str = f"{URL}#main:src") -> None:
    step = {**World.task_body()["properties"]["step"], "contextPath": context}
    source = {"sourceControlType": "Github", "repositoryUrl": URL, "branch": "main"}
    trigger = {"name": "s", "sourceRepository": source, "sourceTriggerEvents": events}
    world.task(name, step=step, trigger={"sourceTriggers": [trigger]})


def event(kind: str = "commit", pull_request: str | None = None) -> SourceEvent:
    return SourceEvent(kind, (URL,), "main", "6dcb09b", "main", pull_request)


def test_source_events(world: World, triggers: TriggersService) -> None:
    """A commit runs the tasks that follow commits, at that commit; a pull request those that follow pull requests."""
    source_task(world, "commits", ["commit"])
    source_task(world, "pulls", ["commit", "pullrequest"], "https://example.com/context.tar.gz")
    started, concerned = triggers.source_event(event(), "d1")
    assert concerned == 2
    found = {run["task"]: run for run in runs_of(world)}
    assert sorted(run["runId"] for run in found.values()) == sorted(started)
    assert found["commits"]["sourceTrigger"] == {
        "id": "d1",
        "eventType": "commit",
        "commitId": "6dcb09b",
        "repositoryUrl": URL,
        "branchName": "main",
        "providerType": "Github",
    }
    jobs = {job.task_name: job for job in world.agents.jobs}
    assert jobs["commits"].source_location == f"{URL}#6dcb09b:src"
    assert jobs["pulls"].source_location == "https://example.com/context.tar.gz"
    assert (jobs["pulls"].triggered_by, jobs["pulls"].git["Commit"]) == ("Commit", "6dcb09b")
    triggers.source_event(event("pullrequest", "7"), None)
    pull = runs_of(world)[-1]
    assert (pull["task"], pull["sourceTrigger"]["pullRequestId"]) == ("pulls", "7")
    assert len(runs_of(world)) == 3


def docker_task(world: World, name: str, **step: Any) -> None:
    step = {"type": "Docker", "dockerFilePath": "Dockerfile", "contextPath": URL, "imageNames": ["app"], **step}
    base = {"name": "b", "baseImageTriggerType": "Runtime"}
    world.task(name, step=step, trigger={"baseImageTrigger": base})


BASE = {"type": "Runtime", "registry": "127.0.0.1:5000", "repository": "base", "tag": "1", "digest": "sha256:a"}


def learn(world: World, name: str, **override: Any) -> None:
    """Run a task as if its image had been built from BASE."""
    request = {
        "type": "TaskRunRequest",
        "taskId": task_id(world.registry, name),
        "overrideTaskStepProperties": override,
    }
    run = world.runs.schedule(world.registry, request, PREVIEW_2025)
    world.states.started(run["name"])
    world.states.finished(run["name"], Outcome("Succeeded", base_images=[BASE]))


def test_learning_base_images(world: World) -> None:
    """The run of a Docker step records the task's base images, which survive changes of anything else."""
    docker_task(world, "first")
    learn(world, "first")
    step = world.tasks.get(world.registry, "first")["properties"]["step"]
    assert step["baseImageDependencies"] == [BASE]
    assert list(step)[-2:] == ["baseImageDependencies", "contextPath"]
    world.tasks.update(world.registry, "first", {"properties": {"timeout": 600}})
    assert "baseImageDependencies" in world.tasks.get(world.registry, "first")["properties"]["step"]
    docker_task(world, "first", dockerFilePath="other/Dockerfile")
    assert "baseImageDependencies" not in world.tasks.get(world.registry, "first")["properties"]["step"]


@pytest.mark.parametrize(
    "override", [{"file": "other"}, {"target": "other"}, {"contextPath": "https://r.example/b.git"}]
)
def test_an_overridden_build_records_no_base_images(world: World, override: dict[str, str]) -> None:
    """The base images of a run with overrides are not those of the task."""
    docker_task(world, "first")
    learn(world, "first", **override)
    assert "baseImageDependencies" not in world.tasks.get(world.registry, "first")["properties"]["step"]
    learn(world, "first", arguments=[{"name": "a", "value": "b"}])
    assert "baseImageDependencies" in world.tasks.get(world.registry, "first")["properties"]["step"]


def test_a_push_of_a_base_image(world: World, triggers: TriggersService) -> None:
    """A push of another image under a tag starts every task that depends on it, once."""
    for name in ("first", "second"):
        docker_task(world, name)
        learn(world, name)
    docker_task(world, "third")
    assert len(triggers.image_pushed(ImagePush("base", "1", "sha256:b"))) == 2
    assert triggers.image_pushed(ImagePush("base", "1", "sha256:b")) == []
    runs = runs_of(world)[-2:]
    assert [(run["task"], run["runType"]) for run in runs] == [("first", "AutoBuild"), ("second", "AutoBuild")]
    image = {"registry": "127.0.0.1:5000", "repository": "base", "tag": "1", "digest": "sha256:b"}
    assert runs[0]["imageUpdateTrigger"]["images"] == [image]
    assert len(triggers.image_pushed(ImagePush("base", "1", "sha256:a"))) == 2


def test_a_clock_far_ahead(world: World, triggers: TriggersService, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is moved by a year queues a limited number of runs of a timer of each minute."""
    monkeypatch.setattr(triggers_module, "MOST_RUNS", 100)
    world.task(trigger={"timerTriggers": [timer()]})
    assert triggers.move_clock(advance(world, 365 * DAY)) == 100
    assert triggers.move_clock(advance(world, 60)) == 1


@pytest.mark.parametrize(
    ("context", "folder"), [("src", "src"), ("./src/web/", "src/web"), (".", ""), ("../other", "../other")]
)
def test_a_context_in_the_repository_of_the_trigger(
    world: World, triggers: TriggersService, context: str, folder: str
) -> None:
    """A relative context is a folder of the source trigger's repository, at its branch or at the event's commit."""
    source_task(world, "commits", ["commit"], context)
    world.runs.schedule(world.registry, {"type": "TaskRunRequest", "taskName": "commits"})
    assert world.agents.jobs[-1].source_location == f"{URL}#main:{folder}"
    triggers.source_event(event(), "d1")
    assert world.agents.jobs[-1].source_location == f"{URL}#6dcb09b" + (f":{folder}" if folder else "")


def test_a_context_that_was_uploaded(world: World) -> None:
    """The path of an upload stays one beside a source trigger too."""
    source_task(world, "commits", ["commit"], "source/202603040000/a.tar.gz")
    with pytest.raises(ServiceError, match=r"a\.tar\.gz' is invalid or doesn't exists"):
        world.runs.schedule(world.registry, {"type": "TaskRunRequest", "taskName": "commits"})


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("https://github.com/a/b.git#main:src", "https://github.com/a/b.git#6dcb09b:src"),
        ("HTTPS://GitHub.com/a/b", "HTTPS://GitHub.com/a/b#6dcb09b"),
        ("https://github.example.com/a/b", "https://github.example.com/a/b#6dcb09b"),
        ("git://example.com/a", "git://example.com/a#6dcb09b"),
        ("GIT://example.com/a", "GIT://example.com/a#6dcb09b"),
        ("https://example.com/a.GIT", "https://example.com/a.GIT#6dcb09b"),
        ("https://Dev.Azure.com/a/b/_git/c", "https://Dev.Azure.com/a/b/_git/c#6dcb09b"),
        ("https://example.com/a.tar.gz", "https://example.com/a.tar.gz"),
    ],
)
def test_the_commit_of_an_event_is_built(world: World, triggers: TriggersService, context: str, expected: str) -> None:
    """A repository is built at the pushed commit, whatever its address looks like."""
    source_task(world, "commits", ["commit"], context)
    triggers.source_event(event(), "d1")
    assert world.agents.jobs[-1].source_location == expected
