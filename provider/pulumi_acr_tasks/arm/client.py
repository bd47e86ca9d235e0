"""The thirteen operations of Microsoft.ContainerRegistry 2019-04-01, grouped and named as in the specification.

Bodies are camelCase dicts as ARM spells them; answers are models. Every operation raises ServiceError when the service
says no, TransportError when there is no answer, and SignInError when there is no token.
(Source: azure-spec/2019-04-01; answers seen live: facts, section 2.)
"""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from pulumi_acr_tasks.arm import models
from pulumi_acr_tasks.arm.caller import Caller
from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.http.answers import ACCEPTED, answer_of
from pulumi_acr_tasks.arm.http.retry import LONGEST_RETRY_AFTER, retry_after
from pulumi_acr_tasks.arm.http.sign_in import origin
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.arm.operation import CORRELATION_ID, UNCERTAIN, Operation, Send
from pulumi_acr_tasks.arm.responses import refusal
from pulumi_acr_tasks.arm.server_time import ServerTime
from pulumi_acr_tasks.errors import AcrTasksError, ServiceError, TransportError

M = TypeVar("M", bound=models.Model)

API_VERSION = "2019-04-01"
# Registries themselves are not served under 2019-04-01.
REGISTRY_API_VERSION = "2023-07-01"

_UNFINISHED = ("creating", "updating", "deleting", "accepted", "running", "inprogress")
_FIRST_POLL, _LONGEST_POLL = 1.0, 15.0


class Client:
    """Is a client of the Resource Manager at one endpoint; `send` is the outermost ring around a request."""

    def __init__(self, send: Send, endpoint: str, clock: Clock | None = None) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._send = send
        self._clock = clock or SystemClock()
        self.server_time = ServerTime(self._clock)
        self.caller = Caller()
        self.registries = Registries(self)
        self.runs = Runs(self)
        self.tasks = Tasks(self)

    def call(
        self,
        method: str,
        operation: Operation,
        path: str = "",
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        api_version: str = API_VERSION,
    ) -> httpx.Response:
        """Sends a request to `operation.resource_id` + `path` and awaits the end of a long-running operation."""
        url = f"{self.endpoint}{quote(operation.resource_id)}{path}"
        query = {"api-version": api_version, **(params or {})}
        response = self._request(method, url, operation, json=json, params=query)
        with _carried_out():
            return self._finished(response, operation)

    def answer(self, method: str, operation: Operation, path: str = "", **options: Any) -> Any:
        """Send a request as `call` does, and return what the operation has read of the answer."""
        return _answered(self.call(method, operation, path, **options), operation)

    def pages(
        self, operation: Operation, path: str, params: dict[str, str] | None = None
    ) -> Iterator[tuple[builtins.list[Any], bool]]:
        """Yields the pages of a list, each asked for when it is wanted, with whether there are more of them.

        `nextLink` is followed as it stands, at the same origin only.
        """
        operation = replace(operation, reads=_page)
        response = self.call("GET", operation, path, params=params)
        while True:
            items, link = _answered(response, operation)
            yield items, bool(link)
            if not link:
                return
            response = self._request("GET", self._same_origin(link, operation), operation)

    def items(self, operation: Operation, path: str, params: dict[str, str] | None = None) -> Iterator[Any]:
        """Yields the items of a list, page after page."""
        for page, _ in self.pages(operation, path, params):
            yield from page

    def _request(
        self, method: str, url: str, operation: Operation, *, json: Any = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Accept": "application/json", "User-Agent": "pulumi-acr-tasks"}
        try:
            request = httpx.Request(
                method, url, params=params, json=json, headers=headers, extensions={"operation": operation}
            )
        except httpx.InvalidURL as error:
            raise TransportError(
                f"{operation.action} {operation.resource_id}: {self.endpoint} is not an address ({error})\n"
                "check acr-tasks:endpoint",
                arrived=False,
                lasting=True,
            ) from error
        if method == "POST" and json is None:
            request.headers["Content-Length"] = "0"
        try:
            response = self._send(request)
            self.server_time.note(response)
            self.caller.note(request)
            if response.status_code not in ACCEPTED:
                refused = refusal(response)
                refused.retry_after = retry_after(response)
                raise refused
        except AcrTasksError as error:
            error.uncertain = bool(request.extensions.get(UNCERTAIN))
            raise
        return response

    def _finished(self, response: httpx.Response, operation: Operation) -> httpx.Response:
        """Polls to the end of an operation that the service answered as a long-running one."""
        monitor = response.headers.get("azure-asyncoperation")
        location = response.headers.get("location")
        original = response.request
        if monitor:
            self._poll_status(self._same_origin(monitor, operation), response, operation)
            if original.method in ("PUT", "PATCH"):
                return self._request("GET", str(original.url), operation)
            return self._request("GET", self._same_origin(location, operation), operation) if location else response
        if location and response.status_code == 202:
            return self._poll_location(self._same_origin(location, operation), response, operation)
        return response

    def _poll_status(self, url: str, response: httpx.Response, operation: Operation) -> None:
        asking = replace(operation, reads=None, idempotent=True)
        for wait in _waits():
            self._wait(response, wait, operation)
            response = self._request("GET", url, asking)
            body = answer_of(response) or {}
            status = str(body.get("status") or "Succeeded").lower()
            if status in ("failed", "canceled"):
                error: dict[str, Any] = body["error"] if isinstance(body.get("error"), dict) else {}
                raise ServiceError(
                    response.status_code,
                    str(error.get("code") or status.capitalize()),
                    str(error.get("message") or f"the operation ended as {status}"),
                    correlation_id=response.request.headers.get(CORRELATION_ID, ""),
                    action=operation.action,
                    resource_id=operation.resource_id,
                )
            if status == "succeeded":
                return

    def _poll_location(self, url: str, response: httpx.Response, operation: Operation) -> httpx.Response:
        asking = replace(operation, idempotent=True)
        for wait in _waits():
            self._wait(response, wait, operation)
            response = self._request("GET", url, asking)
            if response.status_code != 202:
                return response
        raise AssertionError("polling has no end of its own")

    def _wait(self, response: httpx.Response, wait: float, operation: Operation) -> None:
        asked = retry_after(response)
        seconds = wait if asked is None else min(asked, LONGEST_RETRY_AFTER)
        # What was accepted and cannot be asked for again is awaited: without its answer nobody knows what to cancel.
        self._clock.sleep(seconds, interruptible=operation.idempotent and not operation.after_cancel)

    def _same_origin(self, link: str, operation: Operation) -> str:
        try:
            elsewhere = origin(link)
        except ValueError:
            elsewhere = "what is not an address"
        if elsewhere != origin(self.endpoint):
            raise TransportError(
                f"{operation.action} {operation.resource_id}: the service refers to {elsewhere}, "
                f"and only {origin(self.endpoint)} is asked\n"
                "check acr-tasks:endpoint: a proxy in between has to write its own address into links"
            )
        return link

    def settled_task(self, response: httpx.Response, operation: Operation) -> models.Task:
        """Reads a task, and again until its provisioningState is final; Failed and Canceled raise ServiceError."""
        for wait in _waits():
            task: models.Task = answer_of(response) or self.answer("GET", operation)
            state = (task.properties.provisioning_state or "Succeeded").lower()
            if state in ("failed", "canceled"):
                raise ServiceError(
                    response.status_code,
                    "ProvisioningFailed",
                    f"the task's provisioningState is {task.properties.provisioning_state}",
                    correlation_id=response.request.headers.get(CORRELATION_ID, ""),
                    action=operation.action,
                    resource_id=operation.resource_id,
                )
            if state not in _UNFINISHED:
                return task
            self._clock.sleep(wait)
            response = self.call("GET", operation)
        raise AssertionError("polling has no end of its own")


def _answered(response: httpx.Response, operation: Operation) -> Any:
    """Return what the operation has read of an answer. Raises TransportError when the service gave none."""
    answer = answer_of(response)
    if answer is None:
        raise TransportError(
            f"{operation.action} {operation.resource_id}: the service accepted it ({response.status_code}) without an "
            f"answer\ncorrelation id {response.request.headers.get(CORRELATION_ID, '')}"
        )
    return answer


def _resource(model: type[M]) -> Callable[[dict[str, Any]], M]:
    """Return what reads a resource; an object with nothing of a resource is another service's."""

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


def _page(body: dict[str, Any]) -> tuple[list[Any], str | None]:
    """Return a page's items and the link to the next page."""
    items, link = body.get("value", "missing"), body.get("nextLink")
    if not isinstance(items, list | None) or not isinstance(link, str | None):
        raise ValueError("it is not a list: its members value and nextLink are not those of one")
    return items or [], link or None


def _upload(body: dict[str, Any]) -> models.SourceUploadDefinition:
    definition = models.SourceUploadDefinition.receive(body)
    if not definition.upload_url or not definition.relative_path:
        raise ValueError("it has no link to upload to")
    return definition


@contextlib.contextmanager
def _carried_out() -> Iterator[None]:
    """Mark whatever is raised after the service has accepted a request: it may have been carried out."""
    try:
        yield
    except AcrTasksError as error:
        error.uncertain = True
        raise


def _waits() -> Iterator[float]:
    wait = _FIRST_POLL
    while True:
        yield wait
        wait = min(wait * 2, _LONGEST_POLL)


_TASK, _RUN = _resource(models.Task), _resource(models.Run)


class Registries:
    """Is the operation group Registries, and the GET of a registry itself."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, registry: RegistryId) -> dict[str, Any]:
        """Gives the registry: `location`, `properties.loginServer`, … (`loginServer` also stands at the top)."""
        operation = Operation("read registry", str(registry), reads=_registry)
        found: dict[str, Any] = self._client.answer("GET", operation, api_version=REGISTRY_API_VERSION)
        return found

    def schedule_run(self, registry: RegistryId, request: dict[str, Any]) -> models.Run:
        """Schedules a run; sent again only when the request certainly did not arrive, or on 429."""
        operation = Operation("schedule run in", str(registry), idempotent=False, reads=_RUN)
        run: models.Run = self._client.answer("POST", operation, "/scheduleRun", json=request)
        return run

    def get_build_source_upload_url(self, registry: RegistryId) -> models.SourceUploadDefinition:
        """Gives where to upload a source, `upload_url`, and how to name it in a request, `relative_path`."""
        operation = Operation("get an upload URL of", str(registry), reads=_upload)
        definition: models.SourceUploadDefinition = self._client.answer("POST", operation, "/listBuildSourceUploadUrl")
        return definition


class Runs:
    """Is the operation group Runs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, registry: RegistryId, filter: str | None = None, top: int | None = None) -> Iterator[models.Run]:  # noqa: A002
        """Yields the registry's runs, the newest first; at most `top`. `filter` is made by arm.filters."""
        params = {"$filter": filter} if filter else {}
        if top is not None:
            params["$top"] = str(top)
        operation = Operation("list runs of", str(registry))
        for index, body in enumerate(self._client.items(operation, "/runs", params)):
            if top is not None and index >= top:
                return
            run = models.Run.receive_item(body)
            if run is not None and run.is_whole:
                yield run

    def get(self, registry: RegistryId, run_id: str) -> models.Run:
        """Reads a run."""
        run: models.Run = self._client.answer("GET", Operation("read run", registry.run(run_id), reads=_RUN))
        return run

    def update(self, registry: RegistryId, run_id: str, body: dict[str, Any]) -> models.Run:
        """Changes whether a run is archived, `{"isArchiveEnabled": bool}`; nothing else can be changed."""
        operation = Operation("update run", registry.run(run_id), reads=_RUN)
        run: models.Run = self._client.answer("PATCH", operation, json=body)
        return run

    def get_log_sas_url(self, registry: RegistryId, run_id: str) -> str:
        """Gives the signed URL of a run's log; the log itself may not exist yet. Spends the write budget."""
        operation = Operation("get the log URL of run", registry.run(run_id), reads=models.RunGetLogResult.receive)
        found: models.RunGetLogResult = self._client.answer("POST", operation, "/listLogSasUrl")
        return found.log_link or ""

    def cancel(self, registry: RegistryId, run_id: str) -> None:
        """Asks for the end of a run; its status becomes Canceled some time later."""
        operation = Operation("cancel run", registry.run(run_id), after_cancel=True, answers=False)
        self._client.call("POST", operation, "/cancel")


class Tasks:
    """Is the operation group Tasks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, registry: RegistryId) -> Iterator[models.Task]:
        """Yields the registry's tasks, secrets masked."""
        for page, _ in self.pages(registry):
            yield from page

    def pages(self, registry: RegistryId) -> Iterator[tuple[builtins.list[models.Task], bool]]:
        """Yields the registry's tasks page by page, secrets masked, each page with whether there are more of them.

        A page is asked for when it is wanted. How many tasks are on one, the service decides. A task with members of
        other types than the specification's has its name alone, and is not `is_whole`: it is not in the way of others.
        """
        for page, more in self._client.pages(Operation("list tasks of", str(registry)), "/tasks"):
            understood = (models.Task.receive_item(body) for body in page)
            yield [task for task in understood if task is not None], more

    def get(self, registry: RegistryId, name: str) -> models.Task:
        """Reads a task, secrets masked."""
        task: models.Task = self._client.answer("GET", Operation("read task", registry.task(name), reads=_TASK))
        return task

    def get_details(self, registry: RegistryId, name: str) -> models.Task:
        """Reads a task with its secrets in clear text. Needs a permission of its own, and spends the write budget."""
        operation = Operation("read the secrets of task", registry.task(name), reads=_TASK)
        task: models.Task = self._client.answer("POST", operation, "/listDetails")
        return task

    def create(self, registry: RegistryId, name: str, body: dict[str, Any]) -> models.Task:
        """Creates a task, or replaces all of the one that is there (PUT)."""
        operation = Operation("create or replace task", registry.task(name), reads=_TASK)
        response = self._client.call("PUT", operation, json=body)
        with _carried_out():
            return self._client.settled_task(response, operation)

    def update(self, registry: RegistryId, name: str, body: dict[str, Any]) -> models.Task:
        """Merges `body` into a task (PATCH)."""
        operation = Operation("update task", registry.task(name), reads=_TASK)
        return self._client.settled_task(self._client.call("PATCH", operation, json=body), operation)

    def delete(self, registry: RegistryId, name: str) -> bool:
        """Deletes a task; False when the service says (204) that there was none."""
        operation = Operation("delete task", registry.task(name), answers=False)
        return self._client.call("DELETE", operation).status_code != 204
