"""The operations of Microsoft.ContainerRegistry 2019-04-01, grouped and named as in the specification.

Bodies are camelCase dicts as ARM spells them; answers are models. Every operation raises ServiceError when the service
refuses, TransportError when there is no answer, and SignInError when there is no token. (Source:
azure-spec/2019-04-01.)
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_acr_tasks.arm import models
from pulumi_acr_tasks.arm.http.transport import Operation, carried_out

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId

M = TypeVar("M", bound=models.Model)

# Registries themselves are not served under 2019-04-01.
REGISTRY_API_VERSION = "2023-07-01"


def _resource(model: type[M]) -> Callable[[dict[str, Any]], M]:
    """Return the function that reads a resource. It raises ValueError for another service's object."""

    def reads(body: dict[str, Any]) -> M:
        if not any(body.get(member) for member in ("id", "name", "properties")):
            raise ValueError("it has neither id, name nor properties")
        return model.receive(body)

    return reads


def _registry(body: dict[str, Any]) -> dict[str, Any]:
    properties = body.get("properties", {})
    if not isinstance(properties, dict) or not isinstance(body.get("location"), str):
        raise ValueError("it is not a registry: its members location and properties are not those of one")
    return {**body, "loginServer": properties.get("loginServer")}


def _upload(body: dict[str, Any]) -> models.SourceUploadDefinition:
    definition = models.SourceUploadDefinition.receive(body)
    if not definition.upload_url or not definition.relative_path:
        raise ValueError("it has no link to upload to")
    return definition


_TASK, _RUN = _resource(models.Task), _resource(models.Run)


def filter_by_run_ids(run_ids: Iterable[str]) -> str:
    """Return the `$filter` of Runs_List for the runs of these ids."""
    equalities = ["RunId eq '{}'".format(run_id.replace("'", "''")) for run_id in run_ids]
    return " or ".join(equalities) if len(equalities) < 2 else f"({' or '.join(equalities)})"


class Registries:
    """The operation group Registries, and the GET of a registry itself."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, registry: RegistryId) -> dict[str, Any]:
        """Return the registry: `location`, `properties.loginServer`, … (`loginServer` also stands at the top)."""
        operation = Operation("read registry", str(registry), reads=_registry)
        found: dict[str, Any] = self._client.answer("GET", operation, api_version=REGISTRY_API_VERSION)
        return found

    def schedule_run(self, registry: RegistryId, request: dict[str, Any]) -> models.Run:
        """Schedule a run; repeat the request only when it certainly did not arrive, or on 429."""
        operation = Operation("schedule run in", str(registry), idempotent=False, reads=_RUN)
        run: models.Run = self._client.answer("POST", operation, "/scheduleRun", json=request)
        return run

    def get_build_source_upload_url(self, registry: RegistryId) -> models.SourceUploadDefinition:
        """Return the URL to upload a source to, `upload_url`, and its path in a request, `relative_path`."""
        operation = Operation("get an upload URL of", str(registry), reads=_upload)
        definition: models.SourceUploadDefinition = self._client.answer("POST", operation, "/listBuildSourceUploadUrl")
        return definition


class Runs:
    """The operation group Runs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, registry: RegistryId, condition: str = "", top: int | None = None) -> Iterator[models.Run]:
        """Yield the registry's runs, the newest first; at most `top`. `condition` is a `$filter`."""
        params = {"$filter": condition} if condition else {}
        if top is not None:
            params["$top"] = str(top)
        operation = Operation("list runs of", str(registry))
        for body in islice(self._client.items(operation, "/runs", params), top):
            run = models.Run.receive_item(body)
            if run is not None and run.is_whole:
                yield run

    def get(self, registry: RegistryId, run_id: str) -> models.Run:
        """Read a run."""
        run: models.Run = self._client.answer("GET", Operation("read run", registry.run(run_id), reads=_RUN))
        return run

    def update(self, registry: RegistryId, run_id: str, body: dict[str, Any]) -> models.Run:
        """Change whether a run is archived, `{"isArchiveEnabled": bool}`; nothing else can be changed."""
        operation = Operation("update run", registry.run(run_id), reads=_RUN)
        run: models.Run = self._client.answer("PATCH", operation, json=body)
        return run

    def get_log_sas_url(self, registry: RegistryId, run_id: str) -> str:
        """Return the signed URL of a run's log; the log itself may not exist yet. Counts as a write."""
        operation = Operation("get the log URL of run", registry.run(run_id), reads=models.RunGetLogResult.receive)
        found: models.RunGetLogResult = self._client.answer("POST", operation, "/listLogSasUrl")
        return found.log_link or ""

    def cancel(self, registry: RegistryId, run_id: str) -> None:
        """Request the cancellation of a run; its status becomes Canceled some time later."""
        operation = Operation("cancel run", registry.run(run_id), after_cancel=True, answers=False)
        self._client.call("POST", operation, "/cancel")


class Tasks:
    """The operation group Tasks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, registry: RegistryId) -> Iterator[models.Task]:
        """Yield the registry's tasks, secrets masked."""
        for page, _ in self.pages(registry):
            yield from page

    def pages(self, registry: RegistryId) -> Iterator[tuple[builtins.list[models.Task], bool]]:
        """Yield the pages of the registry's tasks, secrets masked, each with whether there are more.

        A page is read only when it is wanted; the service decides how many tasks are on it. A task whose members do not
        have the specification's kinds has its name alone and is not `is_whole`, so that the other tasks can be read.
        """
        for page, more in self._client.pages(Operation("list tasks of", str(registry)), "/tasks"):
            tasks = (models.Task.receive_item(body) for body in page)
            yield [task for task in tasks if task is not None], more

    def get(self, registry: RegistryId, name: str) -> models.Task:
        """Read a task, secrets masked."""
        task: models.Task = self._client.answer("GET", Operation("read task", registry.task(name), reads=_TASK))
        return task

    def get_details(self, registry: RegistryId, name: str) -> models.Task:
        """Read a task with its secrets in clear text. Needs a permission of its own, and counts as a write."""
        operation = Operation("read the secrets of task", registry.task(name), reads=_TASK)
        task: models.Task = self._client.answer("POST", operation, "/listDetails")
        return task

    def create(self, registry: RegistryId, name: str, body: dict[str, Any]) -> models.Task:
        """Create a task, or replace the whole task that is there (PUT)."""
        operation = Operation("create or replace task", registry.task(name), reads=_TASK)
        response = self._client.call("PUT", operation, json=body)
        with carried_out():
            return self._client.settled_task(response, operation)

    def update(self, registry: RegistryId, name: str, body: dict[str, Any]) -> models.Task:
        """Merge `body` into a task (PATCH)."""
        operation = Operation("update task", registry.task(name), reads=_TASK)
        return self._client.settled_task(self._client.call("PATCH", operation, json=body), operation)

    def delete(self, registry: RegistryId, name: str) -> bool:
        """Delete a task; return False when the service says (204) that there was none."""
        operation = Operation("delete task", registry.task(name), answers=False)
        return self._client.call("DELETE", operation).status_code != 204
