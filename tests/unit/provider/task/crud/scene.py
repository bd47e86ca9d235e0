"""A registry that keeps tasks and masks secrets, and the calls of the engine for a task in it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.task import announce, crud, drift
from pulumi_acr_tasks.task import read as reads

ENDPOINT = "https://arm.example.org"

REGISTRY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"

TASK_ID = f"{REGISTRY}/tasks/build"

INPUTS: dict[str, Any] = {
    "registryId": REGISTRY,
    "taskName": "build",
    "endpoint": ENDPOINT,
    "platform": {"os": "Linux"},
    "step": {
        "type": "Docker",
        "dockerFilePath": "Dockerfile",
        "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "c4nary", "isSecret": True}],
    },
    "identity": {"type": "SystemAssigned"},
    "timeout": 600,
}


@dataclass
class FakeService:
    """One registry in westeurope, with its tasks as the service answers them."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    has_registry: bool = True
    missing: str = "ResourceGroupNotFound"
    refusals: dict[str, int] = field(default_factory=dict)
    stubborn: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    page_size: int = 100

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content) if request.content else None
        self.requests.append((request.method, path.removeprefix(REGISTRY), body))
        status = self.refusals.get(f"{request.method} {path.removeprefix(REGISTRY)}")
        if status:
            return httpx.Response(status, json={"error": {"code": "No", "message": "no"}})
        if not self.has_registry:
            return httpx.Response(404, json={"error": {"code": self.missing, "message": "no group"}})
        if path == REGISTRY:
            return httpx.Response(200, json={"location": "westeurope", "properties": {}})
        if path == f"{REGISTRY}/tasks":
            return self.page(int(request.url.params.get("page", 0)))
        name = path.removeprefix(f"{REGISTRY}/tasks/").removesuffix("/listDetails")
        if request.method == "PUT":
            self.tasks[name] = {"name": name, **body}
        elif name not in self.tasks:
            return httpx.Response(204 if request.method == "DELETE" else 404)
        elif request.method == "PATCH":
            self.tasks[name]["properties"].update(body.get("properties", {}))
        elif request.method == "DELETE":
            del self.tasks[name]
            return httpx.Response(200)
        if request.method in self.stubborn:
            self.tasks[name]["properties"].update(self.stubborn[request.method])
        return httpx.Response(200, json=self.answer(name, clear=path.endswith("/listDetails")))

    def page(self, number: int) -> httpx.Response:
        names = sorted(self.tasks)[number * self.page_size :]
        more = {"nextLink": f"{ENDPOINT}{REGISTRY}/tasks?page={number + 1}"} if len(names) > self.page_size else {}
        return httpx.Response(200, json={"value": [self.answer(name) for name in names[: self.page_size]], **more})

    def answer(self, name: str, *, clear: bool = False) -> dict[str, Any]:
        answer = copy.deepcopy(self.tasks[name])
        answer["type"] = "Microsoft.ContainerRegistry/registries/tasks"
        answer["systemData"] = {"createdBy": "x"}
        answer["properties"].update(provisioningState="Succeeded", creationDate="2025-04-08T08:17:33.8618426+00:00")
        if "identity" in answer and answer["identity"]["type"] != "None":
            answer["identity"].update(principalId="p", tenantId="t")
        if not clear:
            step = answer["properties"]["step"]
            step["arguments"] = [item for item in step.get("arguments", []) if not item.get("isSecret")]
            registries = answer["properties"].get("credentials", {}).get("customRegistries", {})
            registries.update(dict.fromkeys(registries))
        return answer


@dataclass
class Messages:
    """The messages that the console was given."""

    lines: list[str] = field(default_factory=list)

    def info(self, text: str) -> None:
        self.lines.append(text)

    error = warning = status = info


def create(service: Service, inputs: dict[str, Any], urn: str = "") -> tuple[str, dict[str, Any]]:
    with engine.serving(engine.Request(urn)):
        return crud.create(service, inputs)


def update(service: Service, old: dict[str, Any], new: dict[str, Any], urn: str = "") -> dict[str, Any]:
    with engine.serving(engine.Request(urn)):
        return crud.update(service, TASK_ID, old, new)


def read(service: Service, id_: str, props: dict[str, Any], urn: str = "") -> Any:
    """Return the outputs and the inputs of the refreshed state; None when the task is dropped from it."""
    with engine.serving(engine.Request(urn)):
        found, outs, inputs = reads.read(service, id_, props)
    return (outs, drift.inputs_of(props) if inputs is None else inputs) if found else None


def delete(service: Service, id_: str, props: dict[str, Any], urn: str = "") -> None:
    with engine.serving(engine.Request(urn)):
        crud.delete(service, id_, props)


def next_process(service: Service) -> Service:
    """Another command of the engine: nothing is known any more but what the state and the journal say."""
    return Service(service.settings, service.client())


URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"

LOGIN = {"userName": {"value": "u"}, "password": {"value": "c4nary-password"}}

WITH_LOGIN: dict[str, Any] = {**INPUTS, "credentials": {"customRegistries": {"a.example": LOGIN}}}


def check(service: Service, urn: str = URN, olds: dict[str, Any] | None = None, **changes: Any) -> Any:
    news = {key: value for key, value in {**INPUTS, **changes}.items() if value is not None}
    with engine.serving(engine.Request(urn)):
        inputs, problems = announce.check(service, olds or {}, news)
    return inputs.get("taskName"), [str(problem) for problem in problems]
