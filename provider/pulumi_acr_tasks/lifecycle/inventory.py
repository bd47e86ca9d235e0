"""The tasks of a registry as this process knows them: asked once, by whoever needs them first, for all who wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_acr_tasks.errors import NotFoundError, RegistryNotFoundError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Task

# So many who wait ask for their task each; more of them turn the next page of the list together.
FEW = 2


class Inventory:
    """Is what is known of one registry's tasks, for as long as the process lives. Safe for any number of threads.

    The list is read page by page, and no further than somebody needs it. When the first create or read arrives, nobody
    can know how many will follow; waiting for them would cost the lonely one time. The list's first page costs no more
    than a GET, and answers all of them where the registry has no more tasks than that. Where it has more, one or two
    who wait get a GET each, which is cheaper than the pages of a large registry; the third turns the next page.

    Only our own writes change what is known: what others do to the registry meanwhile is seen by the next command.
    """

    def __init__(self, client: Client, registry: RegistryId) -> None:
        self._client, self._registry = client, registry
        self._lock = threading.Lock()
        self._pages: Iterator[tuple[list[Task], bool]] | None = None
        self._listed: dict[str, Task] = {}
        self._all_listed = False
        self._own: dict[str, Task | None] = {}  # written or asked for by name: outranks a page, which may be older
        self._claimed: set[str] = set()
        self._turning: _Turn | None = None
        self._waiting = 0
        self._masked = False

    def find(self, name: str) -> Task | None:
        """Gives the task of that name, secrets masked, or None when the registry, which exists, has none.

        Raises what the request raised that was made for this and other callers; nothing is remembered of it.
        """
        key = name.lower()
        with self._wanted():
            while True:
                with self._lock:
                    if self._is_known(key):
                        return self._own[key] if key in self._own else self._listed.get(key)
                    turn = self._turning
                    if turn is None and self._pages is not None and self._waiting <= FEW:
                        break
                    leads = turn is None
                    turn = self._turning = turn or _Turn()
                if leads:
                    self._turn(turn)
                turn.done.wait()
                if turn.error is not None:
                    raise turn.error
        return self._get(name)

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

    @contextlib.contextmanager
    def _wanted(self) -> Iterator[None]:
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def _is_known(self, key: str) -> bool:
        return key in self._own or key in self._listed or self._all_listed

    def _turn(self, turn: _Turn) -> None:
        """Turns one page of the list for everybody who waits for `turn`."""
        try:
            if self._pages is None:
                self._pages = self._client.tasks.pages(self._registry)
            page, more = next(self._pages)
            with self._lock:
                self._listed.update({(task.name or "").lower(): task for task in page})
                self._all_listed = not more
        except Exception as error:
            # Everybody who waits is told; who asks later begins anew.
            self._pages = None
            turn.error = error
        finally:
            with self._lock:
                self._turning = None
            turn.done.set()

    def _get(self, name: str) -> Task | None:
        task: Task | None = None
        try:
            task = self._client.tasks.get(self._registry, name)
        except RegistryNotFoundError:
            raise
        except NotFoundError:
            pass  # the list's first page has come: the registry exists
        with self._lock:
            return self._own.setdefault(name.lower(), task)


@dataclass
class _Turn:
    """Is one page on its way: `done` when it has come, with `error` when it has not."""

    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
