"""The tasks of a registry as this process knows them: asked once, by whoever needs them first, for all who wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.http.deadlines import wait_within_deadline
from pulumi_acr_tasks.errors import DeadlineError, NotFoundError, RegistryNotFoundError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Task


class TaskCache:
    """What is known of one registry's tasks, for as long as the process lives. Safe for any number of threads.

    The next page of the list is turned while fewer pages have been turned than tasks have been asked for. A task that
    the pages turned so far do not show is otherwise asked for by itself.

    So the tasks of a registry of ours cost its pages, and a few among many of other people's at most two requests each.
    Only our own writes change what is known: what others do to the registry meanwhile is seen by the next command.
    """

    def __init__(self, client: Client, registry: RegistryId) -> None:
        self._client, self._registry = client, registry
        self._lock = threading.Lock()
        self._pages: Iterator[tuple[list[Task], bool]] | None = None
        self._turned = 0
        self._asked: set[str] = set()
        self._listed: dict[str, Task] = {}
        self._at_the_end = False  # no page is left
        self._complete = False  # the list was read to its end: what it does not show is not there
        self._own: dict[str, Task | None] = {}  # written or asked for by name: outranks a page, which may be older
        self._odd: set[str] = set()  # listed with members that are not understood: they have to be asked for by name
        self._claimed: set[str] = set()
        self._turning: _Turn | None = None
        self._masked = False

    def find(self, name: str) -> Task | None:
        """Return the task of that name, secrets masked; None when the registry, which exists, has none.

        For a task that is to be made: a list that was read to its end is enough to say that there is none. Raises what
        the request raised that was made for this and other callers; an error is not remembered.
        """
        try:
            return self._look_up(name, believing_the_list=True)
        except RegistryNotFoundError:
            raise
        except NotFoundError:
            return None

    def read(self, name: str) -> Task:
        """Return the task of that name, secrets masked.

        For a task that was there. Only its own GET says that it is gone: NotFoundError is raised of nothing else.
        """
        found = self._look_up(name, believing_the_list=False)
        return found if found is not None else self._get(name)

    def claim(self, name: str) -> bool:
        """Says whether the caller may make a task of that name: one resource of the program, and no second."""
        with self._lock:
            free = name.lower() not in self._claimed and self._own.get(name.lower()) is None
            if free:
                self._claimed.add(name.lower())
            return free

    def release(self, name: str) -> None:
        """Gives up a claim: the task was not made."""
        with self._lock:
            self._claimed.discard(name.lower())

    def wrote(self, name: str, task: Task | None) -> None:
        """Keeps what the service answered to a write of ours; None after a delete."""
        with self._lock:
            self._own[name.lower()] = task
            self._claimed.discard(name.lower())

    @property
    def is_masked(self) -> bool:
        """Says whether listDetails has been refused, so that it need not be asked again."""
        return self._masked

    def refused_details(self) -> bool:
        """Remembers that listDetails was refused; True the first time."""
        with self._lock:
            first, self._masked = not self._masked, True
            return first

    def _look_up(self, name: str, *, believing_the_list: bool) -> Task | None:
        """Return the task, or None when nothing that is known by then has it; raise NotFoundError of its own GET."""
        key = name.lower()
        while True:
            with self._lock:
                self._asked.add(key)
                if (
                    key in self._own
                    or key in self._listed
                    or (self._complete and believing_the_list and key not in self._odd)
                ):
                    return self._own[key] if key in self._own else self._listed.get(key)
                turn = self._turning
                if turn is None and (self._at_the_end or self._turned >= len(self._asked)):
                    break
                leads = turn is None
                turn = self._turning = turn or _Turn()
            if leads:
                self._turn(turn)
            wait_within_deadline(turn.done)
            # A limit of the one that turned the page is no reason for the others: they begin anew.
            if turn.error is not None and (leads or not isinstance(turn.error, DeadlineError)):
                raise turn.error
        return self._get(name)

    def _turn(self, turn: _Turn) -> None:
        """Turn one page of the list for everybody who waits for `turn`."""
        try:
            if self._pages is None:
                self._pages = self._client.tasks.pages(self._registry)
            page, more = next(self._pages)
            with self._lock:
                self._turned += 1
                for task in page:
                    key = (task.name or "").lower()
                    if task.is_whole:
                        self._listed[key] = task
                    else:
                        self._odd.add(key)
                self._complete = self._at_the_end = not more
        except NotFoundError:
            # It says nothing about any task: each is asked for by itself.
            self._at_the_end = True
        except Exception as error:
            # Everybody who waits is told; who asks later begins anew.
            self._pages, self._turned = None, 0
            turn.error = error
        finally:
            with self._lock:
                self._turning = None
            turn.done.set()

    def _get(self, name: str) -> Task:
        try:
            task = self._client.tasks.get(self._registry, name)
        except NotFoundError:
            with self._lock:
                self._own.setdefault(name.lower(), None)
            raise
        with self._lock:
            return self._own.setdefault(name.lower(), task) or task


@dataclass
class _Turn:
    """One page on its way: `done` when it has come, with `error` when it has not."""

    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
