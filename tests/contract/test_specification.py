"""Each operation's answer fits the official specification, but for what the live service is known to do otherwise."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

PREFIX = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.ContainerRegistry/registries/{registryName}"
)
OPERATIONS = [
    "Registries_ScheduleRun",
    "Registries_GetBuildSourceUploadUrl",
    "Runs_List",
    "Runs_Get",
    "Runs_Update",
    "Runs_GetLogSasUrl",
    "Runs_Cancel",
    "Tasks_List",
    "Tasks_Get",
    "Tasks_Create",
    "Tasks_Update",
    "Tasks_Delete",
    "Tasks_GetDetails",
]
# Where the live service answers otherwise than the schema says.
NULLABLE = {"Credentials.sourceRegistry", "Credentials.customRegistries"}  # masked: null instead of an object
BESIDES = {"Task": {"systemData"}, "Run": {"systemData"}}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)")
TYPES = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}


class Specification:
    """The stored description of 2019-04-01, as far as answers go."""

    def __init__(self, file: Path) -> None:
        self.document = json.loads(file.read_text(encoding="utf-8-sig"))

    def operation(self, operation_id: str) -> dict[str, Any]:
        operations = (each for path in self.document["paths"].values() for each in path.values())
        return next(each for each in operations if each["operationId"] == operation_id)

    def answer(self, operation_id: str, answer: httpx.Response) -> list[str]:
        """What is wrong with an answer; an empty list when it fits."""
        described = self.operation(operation_id)["responses"].get(str(answer.status_code))
        if described is None:
            return [f"{answer.status_code} is no answer of {operation_id}: {answer.text}"]
        if "schema" not in described:
            return [f"a body that is not described: {answer.text}"] if answer.content else []
        return list(self.problems(described["schema"], answer.json(), operation_id))

    def members(self, name: str, value: Any) -> dict[str, Any]:
        """The members of a definition, those of its bases and of the kind that its discriminator names."""
        definition = self.document["definitions"][name]
        found: dict[str, Any] = {}
        for base in definition.get("allOf", []):
            found |= self.members(base["$ref"].rpartition("/")[2], None)
        found |= definition.get("properties", {})
        if "discriminator" in definition and isinstance(value, dict):
            kind = value.get(definition["discriminator"])
            for other, each in self.document["definitions"].items():
                if each.get("x-ms-discriminator-value") == kind and self._extends(each, name):
                    found |= self.members(other, None)
        return found

    def required(self, name: str) -> list[str]:
        definition = self.document["definitions"][name]
        bases = (base["$ref"].rpartition("/")[2] for base in definition.get("allOf", []))
        return definition.get("required", []) + [member for base in bases for member in self.required(base)]

    @staticmethod
    def _extends(definition: dict[str, Any], name: str) -> bool:
        return any(base["$ref"].endswith(f"/{name}") for base in definition.get("allOf", []))

    def problems(self, schema: dict[str, Any], value: Any, path: str, member: str = "") -> Iterator[str]:
        if value is None and member in NULLABLE:
            return
        if "$ref" in schema:
            yield from self._definition(schema["$ref"].rpartition("/")[2], value, path)
            return
        wanted = schema.get("type", "object")
        if not isinstance(value, TYPES[wanted]) or (wanted == "integer" and isinstance(value, bool)):
            yield f"{path}: {value!r} is no {wanted}"
        elif wanted == "array":
            for index, item in enumerate(value):
                yield from self.problems(schema["items"], item, f"{path}[{index}]")
        elif wanted == "object":
            for key, item in value.items():
                yield from self.problems(schema["additionalProperties"], item, f"{path}[{key!r}]", member)
        elif schema.get("format") == "date-time" and not DATE.fullmatch(value):
            yield f"{path}: {value!r} is no date"
        elif not schema.get("x-ms-enum", {}).get("modelAsString", True) and value not in schema["enum"]:
            yield f"{path}: {value!r} is none of {schema['enum']}"

    def _definition(self, name: str, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no {name}"
            return
        members = self.members(name, value)
        for key in self.required(name):
            if key not in value:
                yield f"{path}.{key}: missing"
        for key, item in value.items():
            if key in members:
                yield from self.problems(members[key], item, f"{path}.{key}", f"{name}.{key}")
            elif key not in BESIDES.get(name, ()):
                yield f"{path}.{key}: unknown to {name}"


@pytest.fixture(scope="module")
def specification() -> Specification:
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "azure-spec"
    folder = Path(os.environ.get("ACR_TASKS_SPEC", beside))
    file = folder / "2019-04-01" / "containerregistry_build.json"
    if not file.is_file():
        pytest.skip(f"the specification is not at {file}; name its folder in ACR_TASKS_SPEC")
    return Specification(file)


FULL = {
    "status": "Enabled",
    "platform": {"os": "Linux", "architecture": "arm", "variant": "v7"},
    "agentConfiguration": {"cpu": 2},
    "timeout": 3600,
    "step": {
        "type": "Docker",
        "contextPath": "https://github.com/Azure-Samples/acr-build-helloworld-node",
        "contextAccessToken": "token-0123456789",
        "imageNames": ["testtask:v1"],
        "dockerFilePath": "Dockerfile",
        "target": "release",
        "arguments": [{"name": "a", "value": "1"}, {"name": "b", "value": "2", "isSecret": True}],
    },
    "trigger": {
        "timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}],
        "baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"},
    },
    "credentials": {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {
            "r.example": {
                "userName": {"type": "Opaque", "value": "bob"},
                "password": {"type": "Vaultsecret", "value": "https://v.vault.azure.net/secrets/p"},
                "identity": "[system]",
            }
        },
    },
}


@pytest.fixture(scope="module")
def answers(arm: Any, location: str) -> dict[str, httpx.Response]:
    """One life of a task and of a run, with everything in it: the answer of each operation."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    body = {"location": location, "tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}, "properties": FULL}
    step = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFt7Y21kOiBidXN5Ym94IGVjaG8gaGl9XQ=="}
    simple = {"location": location, "properties": {"platform": {"os": "Linux"}, "step": step}}
    found = {
        "Tasks_Create": arm("PUT", f"tasks/{name}", body),
        "Tasks_Get": arm("GET", f"tasks/{name}"),
        "Tasks_List": arm("GET", "tasks"),
        "Tasks_GetDetails": arm("POST", f"tasks/{name}/listDetails"),
        "Tasks_Update": arm("PATCH", f"tasks/{name}", {"properties": {"timeout": 600}}),
        "Registries_GetBuildSourceUploadUrl": arm("POST", "listBuildSourceUploadUrl"),
    }
    arm.ok("PUT", f"tasks/{name}", simple)
    scheduled = arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": name})
    run_id = scheduled.json()["properties"]["runId"]
    arm.until(run_id)
    return {
        **found,
        "Registries_ScheduleRun": scheduled,
        "Runs_Get": arm("GET", f"runs/{run_id}"),
        "Runs_List": arm("GET", "runs"),
        "Runs_Update": arm("PATCH", f"runs/{run_id}", {"isArchiveEnabled": True}),
        "Runs_GetLogSasUrl": arm("POST", f"runs/{run_id}/listLogSasUrl"),
        "Runs_Cancel": canceled(arm, name),
        "Tasks_Delete": arm("DELETE", f"tasks/{name}"),
    }


def canceled(arm: Any, name: str) -> httpx.Response:
    """Cancels a run that has just been scheduled."""
    run_id = arm.schedule({"type": "TaskRunRequest", "taskName": name})
    answer = arm("POST", f"runs/{run_id}/cancel")
    arm.until(run_id)
    return answer


@pytest.mark.parametrize("operation_id", OPERATIONS)
@pytest.mark.arm_documented("containerregistry_build.json, 2019-04-01")
def test_the_answer_fits_the_specification(
    operation_id: str, specification: Specification, answers: dict[str, httpx.Response]
) -> None:
    """Status, members, types, dates and required members are those of the specification."""
    assert specification.answer(operation_id, answers[operation_id]) == []


@pytest.mark.arm_documented("containerregistry_build.json, 2019-04-01")
def test_every_operation_is_asked(specification: Specification, answers: dict[str, httpx.Response]) -> None:
    """The specification has these thirteen operations and no other."""
    described = {each["operationId"] for path in specification.document["paths"].values() for each in path.values()}
    assert described == set(OPERATIONS) == set(answers)
