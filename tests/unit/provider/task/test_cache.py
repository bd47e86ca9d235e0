"""The tasks of a registry as one process knows them, asked by many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.clock import deadline
from pulumi_acr_tasks.arm.http.transport import cancelable, transport
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.arm.models import Task
from pulumi_acr_tasks.task.cache import TaskCache

_ENDPOINT = "https://arm.example.org"
_REGISTRY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"


class _Registry:
    """Answers page after page; each answer is held back until `open` is set."""

    def __init__(self, *pages: list[str], status: int = 200, list_status: int = 200) -> None:
        self.pages, self.status, self.list_status = pages, status, list_status
        self.requests: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.removeprefix(f"{_REGISTRY}/tasks").strip("/")
        number = int(request.url.params.get("page", 0))
        self.requests.append(name or f"page {number}")
        assert self.open.wait(10)
        status = self.status if name else max(self.status, self.list_status)
        if status != 200:
            return httpx.Response(status, json={"error": {"code": "No", "message": "no"}})
        if name:
            found = any(name in page for page in self.pages)
            return httpx.Response(200, json={"name": name}) if found else httpx.Response(404)
        value = [{"name": each} for each in self.pages[number]]
        link = {"nextLink": f"{_ENDPOINT}{_REGISTRY}/tasks?page={number + 1}"} if number + 1 < len(self.pages) else {}
        return httpx.Response(200, json={"value": value, **link})

    def tasks(self) -> TaskCache:
        client = Client(cancelable(transport(httpx.Client(transport=httpx.MockTransport(self))), None), _ENDPOINT)
        return TaskCache(client, RegistryId.parse(_REGISTRY))


class _Callers:
    """Threads that each ask for one thing; what comes of it is kept by its name."""

    def __init__(self) -> None:
        self.came: dict[str, Any] = {}
        self._threads: list[threading.Thread] = []

    def ask(self, name: str, call: Callable[[], Any]) -> None:
        def run() -> None:
            try:
                self.came[name] = call()
            except errors.AcrTasksError as error:
                self.came[name] = error

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def end(self) -> dict[str, Any]:
        for thread in self._threads:
            thread.join(timeout=20)
        return self.came


def _until(condition: Callable[[], bool]) -> None:
    """Waits for other threads to come somewhere."""
    tick = threading.Event()
    for _ in range(1000):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("it did not come")


def test_many_who_wait_share_one_list() -> None:
    """Callers that come while a page is read, and later ones, share it."""
    registry = _Registry(["a", "b"])
    registry.open.clear()
    tasks, callers = registry.tasks(), _Callers()
    for name in ("a", "B", "c", "d"):
        callers.ask(name, lambda name=name: tasks.find(name))
    _until(lambda: len(tasks._asked) == 4)
    registry.open.set()
    came = callers.end()
    assert {name: task and task.name for name, task in came.items()} == {"a": "a", "B": "b", "c": None, "d": None}
    assert tasks.find("e") is None
    assert registry.requests == ["page 0"]


def test_the_timeout_of_the_one_that_asks_is_no_error_of_the_others() -> None:
    """They ask anew."""
    registry = _Registry(["a", "b"])
    registry.open.clear()
    tasks, callers = registry.tasks(), _Callers()

    def hasty() -> Task | None:
        with deadline(0.5):
            return tasks.find("a")

    callers.ask("a", hasty)
    _until(lambda: registry.requests == ["page 0"])
    callers.ask("b", lambda: tasks.find("b"))
    _until(lambda: "a" in callers.came)
    registry.open.set()
    came = callers.end()
    assert isinstance(came["a"], errors.DeadlineError)
    assert came["b"].name == "b"
    assert registry.requests == ["page 0", "page 0"]


def test_a_lonely_one_costs_one_request() -> None:
    """The first page of a small registry is all of it."""
    registry = _Registry(["a"])
    assert registry.tasks().find("b") is None
    assert registry.requests == ["page 0"]


def test_few_tasks_read_few_pages_of_a_large_registry() -> None:
    """At most one page and one GET are read for each task, and none twice."""
    registry = _Registry(*([f"other{page}"] for page in range(50)), ["x", "y"])
    tasks = registry.tasks()
    assert [tasks.read(name).name for name in ("x", "y", "x", "y")] == ["x", "y", "x", "y"]
    assert registry.requests == ["page 0", "x", "page 1", "y"]


@pytest.mark.parametrize("order", [1, -1])
def test_many_tasks_cost_the_pages_of_the_list(order: int) -> None:
    """260 tasks are at most five requests, in any order."""
    names = [f"task-{number:03}" for number in range(260)]
    registry = _Registry(names[:100], names[100:200], names[200:])
    tasks = registry.tasks()
    assert [tasks.read(name).name for name in names[::order]] == names[::order]
    assert len(registry.requests) <= 5


def test_concurrent_reads_share_the_pages() -> None:
    """Each page is read once, and only as many pages as are needed."""
    registry = _Registry(["a"], ["b"], ["c"], ["d"])
    registry.open.clear()
    tasks, callers = registry.tasks(), _Callers()
    for name in ("a", "b", "A", "B", "b"):
        callers.ask(name, lambda name=name: tasks.find(name))
    _until(lambda: len(tasks._asked) == 2)
    registry.open.set()
    assert {task.name for task in callers.end().values()} == {"a", "b"}
    assert registry.requests == ["page 0", "page 1"]


def test_a_missing_task_is_confirmed_by_its_own_get() -> None:
    """One GET follows a list without the task, and a list that is not found."""
    for registry in (_Registry(["a"]), _Registry(["a"], list_status=404)):
        tasks = registry.tasks()
        assert tasks.read("a").name == "a"
        with pytest.raises(errors.NotFoundError, match="read task"):
            tasks.read("b")
        assert tasks.find("b") is None
        assert registry.requests.count("b") == 1


def test_an_error_reaches_all_that_wait_and_no_later_caller() -> None:
    """A permission may be granted in between."""
    registry = _Registry(["a"], status=403)
    registry.open.clear()
    tasks, callers = registry.tasks(), _Callers()
    for name in ("a", "b", "c"):
        callers.ask(name, lambda name=name: tasks.find(name))
    _until(lambda: len(tasks._asked) == 3)
    registry.open.set()
    assert {type(error) for error in callers.end().values()} == {errors.ForbiddenError}
    assert registry.requests == ["page 0"]
    registry.status = 200
    assert tasks.find("a") is not None


def test_our_own_writes_update_the_cache() -> None:
    """A page that is older than a write does not undo it."""
    registry = _Registry(["gone", "old"])
    registry.open.clear()
    tasks, callers = registry.tasks(), _Callers()
    callers.ask("old", lambda: tasks.find("old"))
    _until(lambda: registry.requests == ["page 0"])
    tasks.wrote("made", Task.receive({"name": "made"}))
    tasks.wrote("gone", None)
    registry.open.set()
    assert callers.end()["old"] is not None
    assert tasks.find("Made") is not None
    assert tasks.find("gone") is None
    assert registry.requests == ["page 0"]


def test_one_resource_claims_a_name() -> None:
    """The first resource that claims it has it until it gives it up."""
    tasks = _Registry([]).tasks()
    assert tasks.claim("a")
    assert not tasks.claim("A")
    tasks.release("a")
    assert tasks.claim("a")
    tasks.wrote("a", Task.receive({"name": "a"}))
    assert not tasks.claim("a")
    tasks.wrote("a", None)
    assert tasks.claim("a")


def test_a_registry_that_is_ill_has_no_tasks_to_speak_of() -> None:
    """It is an error, never an empty list."""
    with pytest.raises(errors.UnavailableError):
        _Registry([], status=503).tasks().find("a")
