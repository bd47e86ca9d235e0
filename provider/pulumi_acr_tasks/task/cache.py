"""A cache of a registry's tasks: each page of the list is read once, by one thread for all that wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.clock import wait_within_deadline
from pulumi_acr_tasks.errors import DeadlineError, NotFoundError, RegistryNotFoundError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Task


class TaskCache:
    """A cache of one registry's tasks, for as long as the process lives. Safe for any number of threads.

    The next page of the list is read while fewer pages have been read than tasks have been asked for. After that, a
    task that the pages do not show is asked for by itself.

    So the tasks of a program's own registry cost its pages. A few tasks in a large shared registry cost at most two
    requests each. Only writes of this process change the cache: the next command sees what others have changed.
    """

    def __init__(self, client: Client, registry: RegistryId) -> None:
        self._client, self._registry = client, registry
        self._lock = threading.Lock()
        self._pages: Iterator[tuple[list[Task], bool]] | None = None
        self._pages_read = 0
        self._asked: set[str] = set()
        self._listed: dict[str, Task] = {}
        self._at_the_end = False  # no page is left
        self._complete = False  # the list was read to its end: other tasks do not exist
        self._own: dict[str, Task | None] = {}  # written or asked for by name: newer than any page
        self._odd: set[str] = set()  # listed with unknown members: asked for by name
        self._claimed: set[str] = set()
        self._reading: _PageRead | None = None
        self._masked = False

    def find(self, name: str) -> Task | None:
        """Return the task of that name, secrets masked; None when the registry, which exists, has none.

        For a task that is to be made: a list that was read to its end proves that there is none. Raises the error
        of the request that was made for this and other callers; an error is not remembered.
        """
        try:
            return self._look_up(name, trust_list=True)
        except RegistryNotFoundError:
            raise
        except NotFoundError:
            return None

    def read(self, name: str) -> Task:
        """Return the task of that name, secrets masked.

        For a task that the state has. Only the answer to its own GET proves that it is gone, and raises NotFoundError.
        """
        found = self._look_up(name, trust_list=False)
        return found if found is not None else self._get(name)

    def claim(self, name: str) -> bool:
        """Return whether the caller may make a task of that name: only one resource of the program may."""
        with self._lock:
            free = name.lower() not in self._claimed and self._own.get(name.lower()) is None
            if free:
                self._claimed.add(name.lower())
            return free

    def release(self, name: str) -> None:
        """Give up a claim: the task was not made."""
        with self._lock:
            self._claimed.discard(name.lower())

    def wrote(self, name: str, task: Task | None) -> None:
        """Keep the answer to a write of this process; None after a delete."""
        with self._lock:
            self._own[name.lower()] = task
            self._claimed.discard(name.lower())

    @property
    def is_masked(self) -> bool:
        """True after a refused listDetails, which need not be sent again."""
        return self._masked

    def refused_details(self) -> bool:
        """Remember that listDetails was refused; return True the first time."""
        with self._lock:
            first, self._masked = not self._masked, True
            return first

    def _look_up(self, name: str, *, trust_list: bool) -> Task | None:
        """Return the task, None when the cache proves that there is none; raise NotFoundError after its own GET."""
        key = name.lower()
        while True:
            with self._lock:
                self._asked.add(key)
                if key in self._own or key in self._listed or (self._complete and trust_list and key not in self._odd):
                    return self._own[key] if key in self._own else self._listed.get(key)
                read = self._reading
                if read is None and (self._at_the_end or self._pages_read >= len(self._asked)):
                    break
                leads = read is None
                read = self._reading = read or _PageRead()
            if leads:
                self._read_page(read)
            wait_within_deadline(read.done)
            # The deadline of the thread that read the page does not end the others: they begin anew.
            if read.error is not None and (leads or not isinstance(read.error, DeadlineError)):
                raise read.error
        return self._get(name)

    def _read_page(self, read: _PageRead) -> None:
        """Read one page of the list for all threads that wait for `read`."""
        try:
            if self._pages is None:
                self._pages = self._client.tasks.pages(self._registry)
            page, more = next(self._pages)
            with self._lock:
                self._pages_read += 1
                for task in page:
                    key = (task.name or "").lower()
                    if task.is_whole:
                        self._listed[key] = task
                    else:
                        self._odd.add(key)
                self._complete = self._at_the_end = not more
        except NotFoundError:
            # A missing list proves nothing about a task: each is asked for by itself.
            self._at_the_end = True
        except Exception as error:
            # All threads that wait get the error; later calls begin anew.
            self._pages, self._pages_read = None, 0
            read.error = error
        finally:
            with self._lock:
                self._reading = None
            read.done.set()

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
class _PageRead:
    """A page that is being read. `done` is set at the end; `error` is the reason when the read failed."""

    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
