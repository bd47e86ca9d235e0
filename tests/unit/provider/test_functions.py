"""The functions refuse wrong arguments, all at once, before any request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks import context_hash
from pulumi_acr_tasks.functions import invoke
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings

_REGISTRY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Return a service without defaults for the registry, whose client cannot be opened."""
    monkeypatch.setattr(Service, "client", lambda _: pytest.fail("a request was made"))
    return Service(Settings("https://arm.example.org"))


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        (
            "getTask",
            {"taskNam": "build", "registryName": 7, "subscriptionId": "s"},
            [
                "taskNam: is not a member of getTask; did you mean task_name?",
                "task_name: is missing",
                "resource_group_name: is missing; give it or registry_id here, or set acr-tasks:resourceGroupName",
                "registry_name: is not a string",
            ],
        ),
        (
            "getTask",
            {"registryId": _REGISTRY, "registryName": "contoso", "taskName": "x"},
            [
                "registry_id: is given together with registry_name; give one or the other",
                "task_name: is 'x'; a task's name has 5 to 50 letters, digits, - and _",
            ],
        ),
        ("getTask", {"registryId": _REGISTRY, "taskName": None}, ["task_name: is missing"]),
        ("getRun", {"registryId": _REGISTRY}, ["run_id: is missing"]),
        (
            "getRun",
            {"registryId": _REGISTRY, "runId": "../tasks/build"},
            ["run_id: is '../tasks/build'; a run's id in its registry looks like cf1"],
        ),
        ("getRun", {"registryId": _REGISTRY, "runId": 7}, ["run_id: is a number; a string is expected"]),
        ("listTasks", {"registryId": "contoso"}, ["registry_id: 'contoso' is not a registry's id"]),
        (
            "contextHash",
            {"dockerFilePath": False, "contexts": "app"},
            [
                "docker_file_path: is a boolean; a string is expected",
                "contexts: is not a member of contextHash; did you mean context?",
                "context: is missing",
            ],
        ),
        (
            "contextHash",
            {"context": "https://github.com/contoso/app.git"},
            ["context: is an address, which the service fetches; only local contexts have a hash"],
        ),
        ("contextHash", {"context": "missing"}, ["context: the folder missing does not exist"]),
        ("listTask", {}, ["acr-tasks:index:listTask is not a function; did you mean listTasks?"]),
    ],
)
def test_wrong_arguments_are_refused(service: Service, name: str, args: dict[str, Any], expected: list[str]) -> None:
    """Each argument has a sentence of its own, and the function returns nothing."""
    results, problems = invoke(service, f"acr-tasks:index:{name}", args)
    assert results == {}
    assert [str(problem)[: len(sentence)] for problem, sentence in zip(problems, expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("args", "files"),
    [
        ({}, {}),
        ({"dockerFilePath": "web.Dockerfile"}, {"docker_file_path": "web.Dockerfile"}),
        ({"dockerFilePath": ""}, {"docker_file_path": None}),
        (
            {"taskFilePath": "acb.yaml", "valuesFilePath": "values.yaml"},
            {"task_file_path": "acb.yaml", "values_file_path": "values.yaml"},
        ),
    ],
)
def test_the_hash_of_a_context_is_that_of_a_program(
    service: Service, args: dict[str, str], files: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`contextHash` returns what `context_hash` returns in a Python program, for each kind of request."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".dockerignore").write_text("*.yaml\n*Dockerfile\n")
    for name in ("Dockerfile", "web.Dockerfile", "acb.yaml", "values.yaml"):
        (tmp_path / "app" / name).write_text(name)
    results, problems = invoke(service, "acr-tasks:index:contextHash", {"context": "app", **args})
    assert problems == []
    assert results == {"hash": context_hash("app", **files)}
