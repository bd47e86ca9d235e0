from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acr_tasks_emulator.execution.job import Outcome

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import World

IMAGE = {"registry": "127.0.0.1:5000", "repository": "web", "tag": "1", "digest": "sha256:abc"}


def properties(world: World, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = world.runs.get(world.registry, run_id)["properties"]
    return found


def names(world: World, **query: Any) -> list[str]:
    return [run["name"] for run in world.runs.list(world.registry, **query).runs]


def test_run_ids_count_by_registry(world: World) -> None:
    """An id is two letters and a counter in base 36, which no deletion sets back."""
    ids = [world.scheduled() for _ in range(37)]
    prefix = ids[0][:2]
    assert ids[:2] == [f"{prefix}1", f"{prefix}2"]
    assert ids[9] == f"{prefix}a"
    assert ids[35:] == [f"{prefix}10", f"{prefix}11"]
    world.runs.clear()
    assert world.scheduled() == f"{prefix}12"


def test_a_run_goes_through_its_states(world: World) -> None:
    """It is Queued, then Running with a startTime, then ended with finishTime and images."""
    run_id = world.scheduled()
    world.clock.advance(5)
    world.states.started(run_id)
    assert properties(world, run_id)["status"] == "Running"
    world.clock.advance(10)
    world.states.finished(run_id, Outcome("Succeeded", [IMAGE]))
    shown = properties(world, run_id)
    assert (shown["status"], shown["outputImages"]) == ("Succeeded", [IMAGE])
    assert shown["createTime"] < shown["startTime"] < shown["finishTime"]
    assert list(shown) == [
        *("runId", "status", "lastUpdatedTime", "runType", "createTime", "startTime", "finishTime", "outputImages"),
        *("platform", "agentConfiguration", "provisioningState", "isArchiveEnabled"),
    ]


def test_an_ended_run_stays_as_it_ended(world: World) -> None:
    """A later report of the agent has no effect."""
    run_id = world.scheduled()
    world.states.finished(run_id, Outcome("Canceled"))
    world.states.started(run_id)
    world.states.finished(run_id, Outcome("Succeeded", [IMAGE]))
    assert properties(world, run_id)["status"] == "Canceled"
    assert "outputImages" not in properties(world, run_id)


@pytest.mark.parametrize(
    ("status", "value"),
    [
        ("Succeeded", "successful"),
        ("Failed", "failed"),
        ("Canceled", "canceled"),
        ("Timeout", "timedout"),
        ("Error", "internalerror"),
    ],
)
def test_the_log_is_complete_when_a_run_has_ended(world: World, status: str, value: str) -> None:
    """The log is marked complete even when the agent did not do it."""
    run_id = world.scheduled()
    assert world.blobs.find_log(world.registry.key, run_id) is None
    world.states.finished(run_id, Outcome(status, error_message="why" if status == "Error" else None))
    log = world.blobs.find_log(world.registry.key, run_id)
    assert log is not None
    assert log.metadata == {"Complete": value}
    assert properties(world, run_id).get("runErrorMessage") == ("why" if status == "Error" else None)


def test_the_agents_log_is_kept(world: World) -> None:
    """It grows during the run, and ends with the agent's own mark."""
    run_id = world.scheduled()
    sink = world.states.log(run_id)
    sink.write(b"one\r\n")
    log = world.blobs.find_log(world.registry.key, run_id)
    assert log is not None
    assert (log.length, log.metadata, log.blob_type) == (5, {}, "AppendBlob")
    sink.write(b"two\r\n")
    sink.complete("failed")
    world.states.finished(run_id, Outcome("Failed"))
    after = world.blobs.find_log(world.registry.key, run_id)
    assert after is not None
    assert after.path.read_bytes() == b"one\r\ntwo\r\n"
    assert after.metadata == {"Complete": "failed"}
    assert after.etag != log.etag


def test_each_request_becomes_a_job(world: World) -> None:
    """The job has the step's own members, its type, and the place of the source."""
    path, _ = world.blobs.new_source(world.registry.key, "11111111-2222-3333-4444-555555555555")
    with world.blobs.store.upload() as (file, upload):
        file.write(b"tar")
        file.close()
        world.blobs.store.commit(upload, world.blobs_container(), path, "application/gzip", world.blobs.now())
    platform = {"os": "Linux", "architecture": "arm"}
    build = {"type": "DockerBuildRequest", "dockerFilePath": "D", "imageNames": ["a"], "platform": platform}
    world.runs.schedule(world.registry, {**build, "sourceLocation": path, "timeout": 300})
    file_run = {"type": "FileTaskRunRequest", "taskFilePath": "acb.yaml", "platform": platform}
    world.runs.schedule(world.registry, {**file_run, "sourceLocation": "https://github.com/a/b.git#main"})
    docker, file_task = world.agents.jobs
    assert docker.step == {
        "type": "Docker",
        "imageNames": ["a"],
        "isPushEnabled": True,
        "noCache": False,
        "dockerFilePath": "D",
    }
    assert docker.source is not None
    assert docker.source.read_bytes() == b"tar"
    assert (docker.source_location, docker.timeout, docker.platform) == (None, 300, platform)
    assert (docker.login_server, docker.registry_name) == ("127.0.0.1:5000", "emulator")
    assert file_task.kind == "FileTask"
    assert (file_task.source, file_task.source_location) == (None, "https://github.com/a/b.git#main")
    assert properties(world, docker.run_id)["runType"] == "QuickBuild"
    assert properties(world, file_task.run_id)["runType"] == "QuickRun"


def test_a_run_of_a_task_takes_the_tasks_step(world: World) -> None:
    """The step has its secrets and the values of the request; the run of a Docker step is a QuickRun too."""
    arguments = [{"name": "a", "value": "s3cret", "isSecret": True}]
    step = {"type": "Docker", "dockerFilePath": "D", "contextPath": "https://x/y.git", "arguments": arguments}
    credentials = {"sourceRegistry": {"loginMode": "Default"}, "customRegistries": {"my.io": {"identity": "[system]"}}}
    world.task("myTask", step=step, timeout=600, credentials=credentials)
    values = [{"name": "v", "value": "1", "isSecret": False}]
    request = {"type": "TaskRunRequest", "taskName": "MYTASK", "values": values}
    run_id = world.runs.schedule(world.registry, request)["name"]
    job = world.agents.jobs[0]
    assert (job.task_name, job.timeout, job.values) == ("myTask", 600, values)
    assert job.step["arguments"] == arguments
    assert job.source_location == "https://x/y.git"
    assert job.credentials == credentials
    shown = properties(world, run_id)
    assert (shown["task"], shown["runType"]) == ("myTask", "QuickRun")
    assert (shown["sourceRegistryAuth"], shown["customRegistries"]) == ("Default", ["my.io"])
    assert "s3cret" not in repr(shown)


def test_a_list_comes_in_pages(world: World) -> None:
    """The pages have each run once, and at most `$top` runs in all."""
    ids = [world.scheduled() for _ in range(12)][::-1]
    for top, expected in ((None, ids), ("7", ids[:7]), ("10", ids[:10]), ("99", ids)):
        found: list[str] = []
        token = None
        for _ in range(9):
            page = world.runs.list(world.registry, top=top, skip_token=token, page_size=5)
            found += [run["name"] for run in page.runs]
            token = page.skip_token
            if token is None:
                break
        assert found == expected


def test_a_run_is_canceled_whether_or_not_an_agent_knows_it(world: World) -> None:
    """A run that has ended stays as it is."""
    run_id = world.scheduled()
    world.runs.cancel(world.registry, run_id)
    assert world.agents.canceled == [run_id]
    assert properties(world, run_id)["status"] == "Canceled"
    assert not world.states.started(run_id)  # it was on its way into the queue
    world.runs.cancel(world.registry, run_id)
    assert world.agents.canceled == [run_id]


def test_after_a_kill_running_runs_are_errors_and_queued_ones_run(world: World) -> None:
    """No acknowledged run is lost, and the log of the first is complete."""
    running, waiting, ended = world.scheduled(), world.scheduled(timeout=450), world.scheduled()
    world.states.started(running)
    killed = world.blobs.open_log(world.registry.key, running)
    killed.write(b"half\r\n")
    killed.close()
    world.states.finished(ended, Outcome("Succeeded"))
    later = world.reopened()
    later.runs.resume()
    shown = properties(later, running)
    assert (shown["status"], shown["runErrorMessage"]) == (
        "Error",
        "The emulator was stopped while this run was under way.",
    )
    log = later.blobs.find_log(later.registry.key, running)
    assert log is not None
    assert log.metadata == {"Complete": "internalerror"}
    assert log.path.read_bytes().startswith(b"half\r\n")
    assert [(job.run_id, job.timeout) for job in later.agents.jobs] == [(waiting, 450)]
    assert properties(later, ended)["status"] == "Succeeded"
    later.close()


def test_a_reset_leaves_nothing_to_the_agents(world: World) -> None:
    """Runs in progress are canceled, and later reports of their agents have no effect."""
    run_id = world.scheduled()
    sink = world.states.log(run_id)
    world.runs.clear()
    assert world.agents.canceled == [run_id]
    sink.write(b"late")
    sink.complete("successful")
    assert not world.states.started(run_id)
    world.states.log(run_id).write(b"late")
    world.states.finished(run_id, Outcome("Succeeded"))
    assert names(world) == []
    assert world.blobs.find_log(world.registry.key, run_id) is None
