"""The specification's own examples pass through our client, models and plan without loss.

The stored examples have faults, which their README names; REPAIRS has each with its cure, and nothing else is changed.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks.arm import models
from pulumi_acr_tasks.arm.client import API_VERSION, Client
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.schema.definitions import Kind, kind
from pulumi_acr_tasks.task.drift import live_task
from pulumi_acr_tasks.task.requests import put_body
from pulumi_acr_tasks.validate.members import check_value

pytestmark = pytest.mark.arm_documented("azure-spec/2019-04-01/examples, and the list of faults in its README")

FOLDER = (
    Path(os.environ.get("ACR_TASKS_SPEC", Path(__file__).resolve().parents[3].parent / "shared" / "azure-spec"))
    / "2019-04-01"
    / "examples"
)

# Which operation of the client an example shows: its group, its name, its parameters beside the registry in our order,
# and the request's method and last segment.
OPERATIONS: dict[str, tuple[str, str, tuple[str, ...], str, str]] = {
    "RegistriesScheduleRun": ("registries", "schedule_run", ("runRequest",), "POST", "scheduleRun"),
    "RegistriesGetBuildSourceUploadUrl": (
        *("registries", "get_build_source_upload_url", (), "POST"),
        "listBuildSourceUploadUrl",
    ),
    "RunsList": ("runs", "list", ("$filter", "$top"), "GET", "runs"),
    "RunsGet": ("runs", "get", ("runId",), "GET", "{runId}"),
    "RunsUpdate": ("runs", "update", ("runId", "runUpdateParameters"), "PATCH", "{runId}"),
    "RunsGetLogSasUrl": ("runs", "get_log_sas_url", ("runId",), "POST", "listLogSasUrl"),
    "RunsCancel": ("runs", "cancel", ("runId",), "POST", "cancel"),
    "TasksList": ("tasks", "list", (), "GET", "tasks"),
    "TasksGet": ("tasks", "get", ("taskName",), "GET", "{taskName}"),
    "TasksCreate": ("tasks", "create", ("taskName", "taskCreateParameters"), "PUT", "{taskName}"),
    "TasksUpdate": ("tasks", "update", ("taskName", "taskUpdateParameters"), "PATCH", "{taskName}"),
    "TasksDelete": ("tasks", "delete", ("taskName",), "DELETE", "{taskName}"),
    "TasksGetDetails": ("tasks", "get_details", ("taskName",), "POST", "listDetails"),
}
BODIES = ("runRequest", "runUpdateParameters", "taskCreateParameters", "taskUpdateParameters")


def _dated(example: dict[str, Any]) -> None:
    """Repair a draft with the version before."""
    assert example["parameters"]["api-version"] == "2018-09-01"
    example["parameters"]["api-version"] = API_VERSION


def _typed(example: dict[str, Any]) -> None:
    """Add the type of a step, which the final specification requires."""
    body = next(example["parameters"][name] for name in BODIES if name in example["parameters"])
    assert "type" not in body["properties"]["step"]
    body["properties"]["step"]["type"] = "Docker"


def _indented(example: dict[str, Any]) -> None:
    """Repair a draft with credentials beside the properties."""
    for answer in example["responses"].values():
        answer["body"]["properties"]["credentials"] = answer["body"].pop("credentials")


def _scheduled(example: dict[str, Any]) -> None:
    """Repair a draft with seconds in its schedule."""
    for answer in example["responses"].values():
        for timer in answer["body"]["properties"]["trigger"]["timerTriggers"]:
            assert len(timer["schedule"].split()) == 6
            timer["schedule"] = timer["schedule"].split(" ", 1)[1]


def _pluralized(example: dict[str, Any]) -> None:
    """Write `runs` in the address, as the live service does."""
    body = example["responses"]["200"]["body"]
    assert body["type"] == "Microsoft.ContainerRegistry/registries/run"
    body["type"] += "s"


REPAIRS: dict[str, Callable[[dict[str, Any]], None]] = {
    "RunsList": _dated,
    "TasksCreate": _dated,
    "TasksGet": _indented,
    "TasksGetDetails": _scheduled,
    "TasksUpdate": _typed,
    "ManagedIdentity/TasksUpdate_WithKeyVaultCustomCredentials": _typed,
    "ManagedIdentity/TasksCreate_WithSystemIdentity": _typed,
    "ManagedIdentity/TasksCreate_WithUserIdentities": _typed,
    "ManagedIdentity/TasksCreate_WithSystemAndUserIdentities": _typed,
    "RegistriesScheduleRun": _pluralized,
    "RegistriesScheduleRun_EncodedTaskRun": _pluralized,
    "RegistriesScheduleRun_FileTaskRun": _pluralized,
    "RegistriesScheduleRun_FileTask_WithCustomCredentials": _pluralized,
    "RegistriesScheduleRun_Task": _pluralized,
    "RegistriesScheduleRun_WithCustomCredentials": _pluralized,
}

NAMES = sorted(str(file.relative_to(FOLDER).with_suffix("")) for file in FOLDER.rglob("*.json"))
missing = pytest.mark.skipif(not NAMES, reason=f"the examples are not in {FOLDER}; name azure-spec in ACR_TASKS_SPEC")


def example_of(name: str) -> dict[str, Any]:
    example: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if name in REPAIRS:
        REPAIRS[name](example)
    return example


def operation_of(name: str) -> tuple[str, str, tuple[str, ...], str, str]:
    return OPERATIONS[name.rpartition("/")[2].partition("_")[0]]


def replies() -> Iterator[tuple[str, str]]:
    """Yield every example with every status that it has an answer for."""
    for name in NAMES:
        for status in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["responses"]:
            # A run that was accepted without saying which is refused, as nobody could follow it.
            if (operation_of(name)[1], status) != ("schedule_run", "202"):
                yield name, status


@missing
def test_every_operation_has_an_example() -> None:
    """The specification has thirteen operations, and every repair has its example."""
    assert {operation_of(name)[1] for name in NAMES} == {operation[1] for operation in OPERATIONS.values()}
    assert len(OPERATIONS) == 13
    assert set(REPAIRS) <= set(NAMES)


@missing
@pytest.mark.parametrize(("name", "status"), list(replies()))
def test_an_example_passes_through_the_client(name: str, status: str) -> None:
    """The client sends the example's request verbatim, and returns its answer without loss."""
    example = example_of(name)
    group, method, names, verb, segment = operation_of(name)
    parameters, seen = example["parameters"], []
    answer = example["responses"][status].get("body")

    settled = _settled(answer) if group == "tasks" else answer

    def send(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) > 1:
            return httpx.Response(200, json=settled, request=request)
        return httpx.Response(int(status), json=answer, request=request)

    given = [copy.deepcopy(parameters[each]) for each in names]
    if "$top" in names:
        given[1] = int(given[1])
    client = Client(send, "https://management.azure.com", InstantClock())
    registry = RegistryId(*(parameters[each] for each in ("subscriptionId", "resourceGroupName", "registryName")))
    got = getattr(getattr(client, group), method)(registry, *given)
    got = list(got) if method == "list" else got

    request, *polls = seen
    assert [poll.method for poll in polls] == ([] if settled == answer else ["GET"])
    assert request.method == verb
    assert request.url.path.startswith(str(registry))
    assert request.url.path.rpartition("/")[2] == segment.format(**parameters)
    assert request.url.params["api-version"] == parameters["api-version"] == API_VERSION
    if "$filter" in names:
        # An empty filter is left out.
        assert request.url.params.get("$filter", "") == parameters["$filter"]
        assert request.url.params["$top"] == str(parameters["$top"])
    sent = [parameters[each] for each in names if each in BODIES]
    assert ([json.loads(request.content)] if request.content else []) == sent
    _assert_same(got, settled, method)


class InstantClock:
    """A clock by which waiting takes no time."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        pass


def _settled(answer: Any) -> Any:
    """Return a task as it is once the service has finished; some examples show an earlier state."""
    state = (answer or {}).get("properties", {}).get("provisioningState")
    if state not in ("Creating", "Updating"):
        return answer
    return {**answer, "properties": {**answer["properties"], "provisioningState": "Succeeded"}}


def _assert_same(got: Any, answer: Any, method: str) -> None:
    if method == "list":
        assert [item.raw for item in got] == answer["value"]
    elif method == "get_log_sas_url":
        assert got == answer["logLink"]
    elif isinstance(got, models.Model):
        assert got.raw == answer


REQUESTS = [
    (name, parameter)
    for name in NAMES
    for parameter in BODIES
    if parameter in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["parameters"]
]


@missing
@pytest.mark.parametrize("name", [name for name, parameter in REQUESTS if parameter == "taskCreateParameters"])
def test_a_task_of_the_examples_is_one_that_a_program_can_declare(name: str) -> None:
    """Check finds no problem, and our PUT of it is the example's."""
    body = example_of(name)["parameters"]["taskCreateParameters"]
    inputs = live_task(body)
    assert check_value({key: item for key, item in inputs.items() if key != "location"}, kind("Task"), "") == []
    assert put_body(inputs, body["location"]) == body


@missing
@pytest.mark.parametrize("name", [name for name, parameter in REQUESTS if parameter == "runRequest"])
def test_a_request_of_the_examples_is_one_that_a_program_can_declare(name: str) -> None:
    """Check finds no problem."""
    assert check_value(example_of(name)["parameters"]["runRequest"], Kind("RunRequest"), "run_request") == []
