"""A refresh drops what is proved to be gone, keeps what is there, and fails for what it could not read."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, EncodedTaskStepArgs, PlatformPropertiesArgs, Run, Task

TASK_FILE = "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="

for name in ("one-task", "two-task", "three-task"):
    Task(
        name,
        platform=PlatformPropertiesArgs(os="Linux"),
        step=EncodedTaskStepArgs(encoded_task_content=TASK_FILE),
    )
Run("run", run_request=EncodedTaskRunRequestArgs(encoded_task_content=TASK_FILE), logs="none")
"""


def test_a_refresh_tells_gone_from_unread(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The state has what exists; a refresh that could not read something fails."""
    emulator = idle_emulator
    stack = new_stack(program=PROGRAM, **emulator.config)
    stack.up().succeeded()
    everything = set(stack.resources())

    # One 404 at the list of tasks says nothing of any task.
    emulator.meets({"match": {"method": "GET", "path": ".*/tasks$"}, "times": 1, "status": 404})
    stack.refresh().changed_nothing()

    # Not permitted: nothing is dropped, and the refresh fails, for tasks and runs alike.
    body = {"error": {"code": "AuthorizationFailed", "message": "does not have authorization"}}
    emulator.meets({"match": {"method": "GET", "path": ".*"}, "times": 20, "status": 403, "body": body})
    screen = stack.refresh().failed().screen
    assert "list tasks of" in screen
    assert "read run" in screen
    emulator.meets()

    # A task that somebody deleted, and a run that the service has forgotten.
    emulator.ask("DELETE", "/tasks/two-task")
    missing = {"error": {"code": "ResourceNotFound", "message": "The run was not found."}}
    emulator.meets({"match": {"method": "GET", "path": ".*/runs/.*"}, "times": 9, "status": 404, "body": missing})
    screen = stack.refresh().succeeded().screen
    assert "task two-task does not exist any more" in screen
    assert "The service has forgotten run" in screen
    assert set(stack.resources()) == everything - {"two-task"}
    emulator.meets()
    stack.up().succeeded()

    # The registry is gone, and all that was in it: destroy succeeds, and so does a refresh of the same state.
    state = stack.folder / "state.json"
    stack.pulumi("stack", "export", "--stack", "dev", "--file", str(state)).succeeded()
    url = f"{emulator.endpoint}{emulator.registry_id}?api-version=2023-07-01"
    httpx.delete(url, headers={"Authorization": "Bearer any"}).raise_for_status()
    assert "registry emulator was gone already" in stack.destroy().succeeded().screen
    stack.pulumi("stack", "import", "--stack", "dev", "--file", str(state)).succeeded()
    screen = stack.refresh().succeeded().screen
    assert "registry emulator does not exist any more; the task is dropped" in screen
    assert "registry emulator does not exist any more; the run is dropped" in screen
    assert stack.resources() == {}
