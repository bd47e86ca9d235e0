"""Any sequence of valid and invalid requests gets answers that the specification describes, and no 5xx.

schemathesis draws the requests from the specification, hypothesis their order. ACR_TASKS_LIVES says how many sequences
are tried for each mode and version; without it a few are, the same in every run of the same code.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, event, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from schemathesis import GenerationMode

from ..arm import Arm
from ..conftest import LONG, QUICK, encoded
from .specification import OPERATIONS, Specification, described, error_problems

RANDOM = "ACR_TASKS_LIVES" in os.environ
LIVES = int(os.environ.get("ACR_TASKS_LIVES", "4"))
BATCHES = 10  # of so few, until every operation has succeeded: an edit of any local file may change what is drawn
REQUESTS_OF_A_LIFE = 30
# The open questions about tasks and runs answered the other way: what is answered then is described too.
OTHERWISE = {
    "patch-step-type": "merge",
    "patch-step-arrays": "merge",
    "patch-registry-entry": "merge",
    "patch-tags": "merge",
    "patch-trigger-status": "kept",
    "secret-arguments": "blanked",
    "source-registry": "null",
    "replace-creation-date": "new",
    "create-status": "201",
    "page-size": 2,
}
MODES: dict[str, dict[str, Any]] = {
    "sync": {},
    "lro": {"mode": "lro", "switches": {"operation-polls": 1, "operation-seconds": 3600}},
    "otherwise": {"switches": OTHERWISE},
}
WORLDS = [
    ("2019-04-01", "sync"),
    ("2019-04-01", "lro"),
    ("2019-04-01", "otherwise"),
    ("2025-03-01-preview", "sync"),
    ("2025-03-01-preview", "lro"),
]
NAMES = ["task-a", "task-b", "TASK_c"]
FILTERS = ["TaskName eq 'task-a'", "contains(OutputImageManifests, 'app@') or Status ne 'Running'", "runType eq null"]
AS_DESCRIBED = [*OPERATIONS, "Tasks_Create", "Tasks_Create", "Tasks_Update"]  # so that there are tasks to ask for
REFUSALS = {400, 404, 409, 413}


@dataclass
class World:
    """An emulator, the requests to draw, and a count of its answers."""

    arm: Arm
    specification: Specification
    requests: dict[tuple[str, GenerationMode], Any]
    session: requests.Session = field(default_factory=requests.Session)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def send(self, operation_id: str, case: Any) -> requests.Response:
        """Send a request and check its answer."""
        correlation_id = str(uuid.uuid4())
        headers = {"x-ms-correlation-request-id": correlation_id}
        answer = case.call(base_url=self.arm.coordinates.endpoint, session=self.session, headers=headers)
        path = unquote(urlsplit(answer.request.url).path)
        self.answers[operation_id, answer.status_code] += 1
        event(f"{operation_id} {answer.status_code}")
        assert answer.headers["x-ms-correlation-request-id"] == [correlation_id]
        assert answer.headers["x-ms-request-id"]
        if answer.content:
            assert answer.headers["content-type"] == ["application/json; charset=utf-8"]
        if answer.status_code >= 400:
            assert answer.status_code in REFUSALS, answer.text
            assert error_problems(answer.content) == []
        else:
            # What was put into the path wrongly may make it that of another operation.
            answered = self.specification.operation_at(answer.request.method, path)
            assert answered is not None, f"{answer.request.method} {path} is not described: {answer.text}"
            assert self.specification.problems(answered, answer.status_code, answer.content) == []
        return answer

    def follow(self, operation_id: str, answer: Any) -> Any:
        """Poll a long-running operation, and return its last answer."""
        asked_at = answer.headers.get("azure-asyncoperation") or answer.headers.get("location")
        while asked_at:
            polled = self.arm.http.get(asked_at[0])
            assert polled.status_code in (200, 202, 204), polled.text
            if polled.status_code == 202:
                continue
            if "azure-asyncoperation" in answer.headers:
                if polled.json()["status"] == "InProgress":
                    continue
                assert polled.json()["status"] == "Succeeded"
            else:
                assert self.specification.problems(operation_id, polled.status_code, polled.content) == []
                return polled
            asked_at = None
        return answer

    def table(self) -> str:
        """Return the share of successful requests of each operation."""
        lines = []
        for operation_id in OPERATIONS:
            counts = {status: n for (name, status), n in sorted(self.answers.items()) if name == operation_id}
            good = sum(n for status, n in counts.items() if status < 300)
            statuses = ", ".join(f"{status}: {n}" for status, n in counts.items())
            lines.append(f"{operation_id:<36} {good / max(1, sum(counts.values())):>5.0%}  {statuses}")
        return "\n".join(lines)


def life_in(world: World) -> type[RuleBasedStateMachine]:
    """Return a state machine of the operations on the tasks and runs of a registry."""
    simple = {"type": "EncodedTask", "encodedTaskContent": encoded(QUICK)}
    location = world.arm.ok("GET", world.arm.registry, api_version="2023-07-01")["location"]
    task = {"location": location, "properties": {"platform": {"os": "Linux"}, "step": simple}}

    long_run = {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": encoded(LONG),
        "platform": {"os": "Linux"},
    }

    class Life(RuleBasedStateMachine):
        @initialize()
        def has_a_task_and_runs(self) -> None:
            assert world.arm.http.post("/_emulator/reset").status_code < 300
            world.arm("PUT", f"tasks/{NAMES[0]}", task)
            world.arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": NAMES[0]})
            world.arm("POST", "scheduleRun", long_run)  # so that there is something to cancel
            self.runs = [run["name"] for run in world.arm.ok("GET", "runs")["value"]]

        @rule(data=st.data(), operation_id=st.sampled_from(AS_DESCRIBED), patient=st.booleans())
        def asks_as_described(self, data: Any, operation_id: str, patient: bool) -> None:
            case = data.draw(world.requests[operation_id, GenerationMode.POSITIVE], label=operation_id)
            if "runId" in case.path_parameters:
                case.path_parameters["runId"] = data.draw(st.sampled_from(self.runs))
            answer = world.send(operation_id, case)
            if answer.status_code < 300 and patient:
                answer = world.follow(operation_id, answer)
                if operation_id == "Registries_ScheduleRun":
                    self.runs.append(answer.json()["name"])
                if operation_id == "Runs_GetLogSasUrl":
                    assert world.arm.http.head(answer.json()["logLink"]).status_code in (200, 404)

        @rule(data=st.data(), operation_id=st.sampled_from(OPERATIONS))
        def asks_wrongly(self, data: Any, operation_id: str) -> None:
            world.send(operation_id, data.draw(world.requests[operation_id, GenerationMode.NEGATIVE], operation_id))

    return Life


@pytest.mark.parametrize(("version", "mode"), WORLDS)
@pytest.mark.timeout(600 + 6 * LIVES)  # a failing sequence is shrunk before it is reported
@pytest.mark.arm_documented("containerregistry_build.json; where the service differs, overlay.py says how we know")
def test_every_answer_is_described(version: str, mode: str, emulated: Callable[..., Arm]) -> None:
    """Valid and invalid requests, in any order, get no 5xx and only valid answers."""
    specification, arm = described(version), emulated(agents=2, **MODES[mode])
    world = World(arm, specification, drawn(specification, arm))
    for number in range(1 if RANDOM else BATCHES):
        life = life_in(world)
        run_state_machine_as_test(
            life if RANDOM else seed(number)(life),
            settings=settings(
                max_examples=LIVES,
                stateful_step_count=REQUESTS_OF_A_LIFE,
                database=None,
                deadline=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
        done = {operation_id for operation_id, status in world.answers if status < 300}
        if done == set(OPERATIONS):
            break
    print(world.table())
    assert done == set(OPERATIONS), f"some operations never succeeded:\n{world.table()}"


def drawn(specification: Specification, arm: Arm) -> dict[tuple[str, GenerationMode], Any]:
    """Return the strategies of requests by operation: valid ones and invalid ones."""
    parts = arm.registry.split("/")
    parameters = {
        "subscriptionId": [parts[2]],
        "resourceGroupName": [parts[4]],
        "registryName": [parts[-1]],
        "api-version": [specification.version],
        "taskName": NAMES,
        "$filter": FILTERS,
        "$top": [1, 2, 15, 1000],
    }
    members = {
        "Task.location": [arm.ok("GET", arm.registry, api_version="2023-07-01")["location"]],
        "TaskRunRequest.taskName": NAMES,
        "TaskRunRequest.taskId": [f"{arm.registry}/tasks/{name}" for name in NAMES],
    }
    schema = schemathesis.openapi.from_dict(specification.requests(parameters, members))
    operations = [each.ok() for each in schema.get_all_operations()]
    return {
        (each.definition.raw["operationId"], mode): each.as_strategy(generation_mode=mode)
        for each in operations
        for mode in GenerationMode
    }
