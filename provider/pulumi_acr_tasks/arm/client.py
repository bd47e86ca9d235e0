"""The client of the Resource Manager: one request, the pages of a list, and the end of a long-running operation."""

from __future__ import annotations

import builtins
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from pulumi_acr_tasks.arm import models
from pulumi_acr_tasks.arm.clock import Clock, ServerTime, SystemClock
from pulumi_acr_tasks.arm.http.answers import ACCEPTED, answer_of, read_answers, refusal
from pulumi_acr_tasks.arm.http.connection import open_http, origin
from pulumi_acr_tasks.arm.http.retry_and_throttle import retry, retry_after, throttle
from pulumi_acr_tasks.arm.http.sign_in import TokenCredential, caller_names, sign_in
from pulumi_acr_tasks.arm.http.transport import (
    CORRELATION_ID,
    UNCERTAIN,
    Operation,
    Send,
    cancelable,
    carried_out,
    restart_service,
    transport,
)
from pulumi_acr_tasks.arm.operations import Registries, Runs, Tasks
from pulumi_acr_tasks.errors import AcrTasksError, ServiceError, TransportError

API_VERSION = "2019-04-01"

_UNFINISHED = ("creating", "updating", "deleting", "accepted", "running", "inprogress")
_FIRST_POLL, _LONGEST_POLL = 1.0, 15.0


class Client:
    """A client of the Resource Manager at one endpoint; `send` is the outermost middleware."""

    def __init__(self, send: Send, endpoint: str, clock: Clock | None = None) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._send = send
        self._clock = clock or SystemClock()
        self.server_time = ServerTime(self._clock)
        self._authorization = ""
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
        """Send a request to `operation.resource_id` + `path` and await the end of a long-running operation."""
        url = f"{self.endpoint}{quote(operation.resource_id)}{path}"
        query = {"api-version": api_version, **(params or {})}
        response = self._request(method, url, operation, json=json, params=query)
        with carried_out():
            return self._finished(response, operation)

    def caller_names(self) -> set[str]:
        """Return the names and ids of the identity that signed the last request, as `systemData` may show them."""
        return caller_names(self._authorization)

    def answer(self, method: str, operation: Operation, path: str = "", **options: Any) -> Any:
        """Send a request as `call` does, and return what the operation has read of the answer."""
        return _answered(self.call(method, operation, path, **options), operation)

    def pages(
        self, operation: Operation, path: str, params: dict[str, str] | None = None
    ) -> Iterator[tuple[builtins.list[Any], bool]]:
        """Yield the pages of a list, each with whether there are more; read a page only when it is wanted.

        Follow `nextLink` as it stands, at the same origin only. Raise TransportError for a link that comes again.
        """
        operation, seen = replace(operation, reads=_page), set[str]()
        response = self.call("GET", operation, path, params=params)
        while True:
            items, link = _answered(response, operation)
            yield items, bool(link)
            if not link:
                return
            if link in seen:
                raise TransportError(
                    f"{operation.action} {operation.resource_id}: the list has no end: a page refers to a former one\n"
                    f"correlation id {response.request.headers.get(CORRELATION_ID, '')}"
                )
            seen.add(link)
            response = self._request("GET", self._same_origin(link, response, operation), operation)

    def items(self, operation: Operation, path: str, params: dict[str, str] | None = None) -> Iterator[Any]:
        """Yield the items of a list, page after page."""
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
            self.server_time.update(response)
            self._authorization = request.headers.get("authorization", self._authorization)
            if response.status_code not in ACCEPTED:
                refused = refusal(response)
                refused.retry_after = retry_after(response)
                raise refused
        except AcrTasksError as error:
            error.uncertain = bool(request.extensions.get(UNCERTAIN))
            raise
        return response

    def _finished(self, response: httpx.Response, operation: Operation) -> httpx.Response:
        """Poll to the end of an operation that the service answered as a long-running one."""
        monitor = response.headers.get("azure-asyncoperation")
        location = response.headers.get("location")
        original = response.request
        if monitor:
            self._poll_status(self._same_origin(monitor, response, operation), response, operation)
            if original.method in ("PUT", "PATCH"):
                return self._request("GET", str(original.url), operation)
            if location:
                return self._request("GET", self._same_origin(location, response, operation), operation)
        elif location and response.status_code == 202:
            return self._poll_location(response, operation)
        return response

    def _poll_status(self, url: str, response: httpx.Response, operation: Operation) -> None:
        asking = replace(operation, reads=None, idempotent=True)
        for wait in _waits():
            self._wait(response, wait, operation)
            response = self._request("GET", url, asking)
            body = answer_of(response) or {}
            status = str(body.get("status") or ("Succeeded" if response.status_code != 202 else "InProgress")).lower()
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

    def _poll_location(self, response: httpx.Response, operation: Operation) -> httpx.Response:
        asking, url = replace(operation, idempotent=True), ""
        for wait in _waits():
            # The service may move the address with each answer.
            url = self._same_origin(response.headers.get("location") or url, response, operation)
            self._wait(response, wait, operation)
            response = self._request("GET", url, asking)
            if response.status_code != 202:
                return response
        raise AssertionError("polling has no end of its own")

    def _wait(self, response: httpx.Response, wait: float, operation: Operation) -> None:
        # A Retry-After of 0 would poll without any pause.
        seconds = retry_after(response) or wait
        # An accepted request that cannot be repeated is awaited: only its answer says what to cancel.
        self._clock.sleep(seconds, interruptible=operation.idempotent and not operation.after_cancel)

    def _same_origin(self, link: str, response: httpx.Response, operation: Operation) -> str:
        """Return a link of an answer, which may be relative. Raise TransportError for one to another origin."""
        try:
            link = urljoin(str(response.request.url), link)
            elsewhere = origin(link)
        except ValueError:
            elsewhere = "an invalid address"
        if elsewhere != origin(self.endpoint):
            raise TransportError(
                f"{operation.action} {operation.resource_id}: the service refers to {elsewhere}, "
                f"and only {origin(self.endpoint)} is asked\n"
                "check acr-tasks:endpoint: a proxy in between has to write its own address into links"
            )
        return link

    def settled_task(self, response: httpx.Response, operation: Operation) -> models.Task:
        """Read a task until its provisioningState is final. Raise ServiceError for Failed and Canceled."""
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
    """Return what the operation has read of an answer. Raise TransportError when the service gave none."""
    answer = answer_of(response)
    if answer is None:
        raise TransportError(
            f"{operation.action} {operation.resource_id}: the service accepted it ({response.status_code}) without an "
            f"answer\ncorrelation id {response.request.headers.get(CORRELATION_ID, '')}"
        )
    return answer


def _page(body: dict[str, Any]) -> tuple[list[Any], str | None]:
    """Return a page's items and the link to the next page."""
    items, link = body.get("value", "missing"), body.get("nextLink")
    if not isinstance(items, list | None) or not isinstance(link, str | None):
        raise ValueError("it is not a list: its members value and nextLink are not those of one")
    return items or [], link or None


def _waits() -> Iterator[float]:
    wait = _FIRST_POLL
    while True:
        yield wait
        wait = min(wait * 2, _LONGEST_POLL)


# As wide as the pool of threads that the engine's requests run in.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=64)


def open_client(
    endpoint: str,
    credential: TokenCredential | None = None,
    *,
    audience: str = "",
    log: Callable[[str], None] | None = None,
    verbose: bool = False,
    stop: threading.Event | None = None,
    start: Callable[[], bool] | None = None,
) -> Client:
    """Return a client of the Resource Manager at `endpoint` (a URL), pooled, for any number of threads.

    `credential` gives the tokens (None: requests carry no Authorization header), for `audience` (default: the
    endpoint). `log` gets a redacted line for every request, with `verbose` also the sizes of the bodies and how many
    requests are left. `stop` ends waiting when it is set. `start` starts a service of our own that does not listen any
    more, and returns whether it listens now.
    """
    # The INFO and DEBUG lines of the first two carry whole URLs, signatures included; the third repeats what it raises.
    for name, level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("azure.identity", logging.ERROR)):
        logging.getLogger(name).setLevel(level)
    clock = SystemClock(stop)
    send = cancelable(transport(open_http(limits=_LIMITS), log, verbose=verbose), stop)
    if start is not None:
        send = restart_service(send, start)
    return Client(with_middleware(send, endpoint, credential, audience, clock, stop=stop), endpoint, clock)


def with_middleware(
    send: Send,
    endpoint: str,
    credential: TokenCredential | None,
    audience: str,
    clock: Clock,
    *,
    jitter: bool = True,
    stop: threading.Event | None = None,
) -> Send:
    """Wrap the transport's `send` in middleware, from the inside: throttle, reading of answers, retry, sign-in."""
    send = retry(read_answers(throttle(send, clock)), clock, jitter=jitter)
    return sign_in(send, credential, audience or endpoint, endpoint, stop) if credential is not None else send
