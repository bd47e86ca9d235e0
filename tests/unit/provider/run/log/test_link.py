"""The link to a log, and a log that another one replaces."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest

from pulumi_acr_tasks.errors import (
    AcrTasksError,
    CanceledError,
    ForbiddenError,
    NotFoundError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.run.log.display import BackgroundLog
from pulumi_acr_tasks.run.log.follow import LogFollower, LogLink, LogUnavailableError

LINK = "https://storage.example/log?sig=hush"
AGAIN = "(the agent was restarted: the log begins again)"


class Clock:
    """A clock whose time passes when something waits; each wait takes the next of `changes` into account."""

    def __init__(self, *changes: Callable[[], None]) -> None:
        self.time = 0.0
        self._changes = list(changes)

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.time += seconds
        assert self.time < 100_000, "it never ends"
        if self._changes:
            self._changes.pop(0)()
        return event.is_set()


def asked_at(answers: list[str | AcrTasksError], seconds: int) -> list[float]:
    """Return when a link is requested that is needed all the time; the last of the answers repeats."""
    clock, asked = Clock(), []

    def ask() -> str:
        asked.append(clock.time)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, AcrTasksError):
            raise answer
        return answer

    link = LogLink(ask, clock)
    for _ in range(seconds):
        if link.get():
            link.worked()
        clock.time += 1.0
    return asked


def test_a_link_that_works_is_requested_once() -> None:
    """The service counts each request as a write."""
    assert asked_at([LINK], 3600) == [0.0]


@pytest.mark.parametrize("nothing", ["", "no address", "ftp://storage.example/log", "https://[broken"])
def test_a_missing_link_is_requested_ten_times_and_given_up(nothing: str) -> None:
    """The pauses grow."""
    with pytest.raises(LogUnavailableError, match="asked for a link to it 10 times"):
        asked_at([nothing], 3600)
    assert asked_at([nothing, nothing, LINK], 3600) == [0.0, 1.0, 3.0]


@pytest.mark.parametrize("passing", [UnavailableError(503, "", ""), NotFoundError(404, "", ""), TransportError("lost")])
def test_a_failed_request_for_a_link_is_repeated(passing: AcrTasksError) -> None:
    """An unavailable service and an unknown run count as a missing link."""
    assert asked_at([passing, passing, passing, LINK], 3600) == [0.0, 1.0, 3.0, 7.0]


def test_during_an_outage_a_link_is_requested_once_a_minute() -> None:
    """The requests go on until the wait for the run ends, because they cost nothing."""
    asked = asked_at([TransportError("lost")], 3600)
    assert asked[-1] - asked[-2] == 60.0
    assert len(asked) < 70


def test_a_refusal_is_final() -> None:
    """Permissions do not come by waiting."""
    with pytest.raises(ForbiddenError):
        asked_at([ForbiddenError(403, "AuthorizationFailed", "")], 10)


def test_links_that_expire_at_once_are_requested_ever_more_slowly() -> None:
    """A link that worked for long is renewed at once."""
    clock, asked = Clock(), []

    def ask() -> str:
        asked.append(clock.time)
        return LINK

    link = LogLink(ask, clock)
    while clock.time < 3600:
        if link.get():
            link.worked()
            link.refused()
        clock.time += 1.0
    assert len(asked) < 70
    link.get()
    link.worked()
    clock.time += 4000.0
    link.refused()
    assert link.get() == LINK
    assert asked[-1] == clock.time


class Storage:
    """A storage with one log; `content` is None without one. Each write has an ETag of its own."""

    def __init__(self, content: bytes | None) -> None:
        self.content, self.complete, self.writes = content, False, 0
        self.refuses, self.tells_lengths = False, True

    def write(self, content: bytes | None, *, complete: bool = False) -> Callable[[], None]:
        def change() -> None:
            self.content, self.complete, self.writes = content, complete, self.writes + 1

        return change

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.refuses:
            return httpx.Response(403)
        if self.content is None:
            return httpx.Response(404)
        headers = {"etag": f'"{self.writes}"', **({"x-ms-meta-Complete": "successful"} if self.complete else {})}
        if request.method == "HEAD":
            length = {"content-length": str(len(self.content))} if self.tells_lengths else {}
            return httpx.Response(200, headers={**headers, **length})
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content):
            return httpx.Response(416)
        return httpx.Response(206, headers=headers, content=self.content[start:])

    def shown(self, *changes: Callable[[], None], links: list[str] | None = None) -> list[str]:
        shown: list[str] = []

        def link() -> str:
            if links is not None:
                links.append(LINK)
            self.refuses = False
            return LINK

        with httpx.Client(transport=httpx.MockTransport(self)) as http:
            LogFollower(http, link, shown.extend, Clock(*changes)).follow(threading.Event())
        return shown


@pytest.mark.parametrize("tells_lengths", [True, False])
def test_a_log_that_grows_is_not_taken_for_another_one(tells_lengths: bool) -> None:
    """Each write changes its ETag, also the last one, which only marks it as complete. A proxy may hide lengths."""
    storage = Storage(b"one\n")
    storage.tells_lengths = tells_lengths
    grown = b"one\ntwo\n" + b"x" * 1000 + b"\n"
    shown = storage.shown(storage.write(b"one\ntwo\n"), storage.write(grown), storage.write(grown, complete=True))
    assert shown == ["one", "two", "x" * 1000]


@pytest.mark.parametrize("other", [b"1st\n2nd\n3rd\n", b"1st\n", b"1.\n"])
def test_a_log_that_was_replaced_begins_again(other: bytes) -> None:
    """Whether it is longer, as long, or shorter, a note is shown, and it is read from its beginning."""
    storage = Storage(b"one\n")
    lines = other.decode().split()
    assert storage.shown(storage.write(other), storage.write(other, complete=True)) == ["one", AGAIN, *lines]


def test_a_log_that_was_gone_for_a_while_begins_again() -> None:
    """It does so also when the same log comes back."""
    storage = Storage(b"one\n")
    shown = storage.shown(storage.write(None), storage.write(b"one\ntwo\n", complete=True))
    assert shown == ["one", AGAIN, "one", "two"]


def test_a_log_that_stays_empty_is_the_same_log() -> None:
    """It is the same also when it is written again."""
    storage = Storage(b"")
    shown = storage.shown(storage.write(b""), storage.write(b""), storage.write(b"one\n", complete=True))
    assert shown == ["one"]


def test_a_link_that_expired_in_the_queue_is_renewed() -> None:
    """The storage had said 404 before, so that 403 does not mean a firewall."""
    storage, links = Storage(None), list[str]()

    def expire() -> None:
        storage.refuses = True

    shown = storage.shown(lambda: None, expire, storage.write(b"one\n", complete=True), links=links)
    assert shown == ["one"]
    assert len(links) == 2


def test_any_failure_of_a_log_is_one_warning_without_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on, and no thread ends with a traceback."""

    def broken(self: LogFollower, stop: threading.Event) -> None:
        raise RuntimeError(LINK)

    monkeypatch.setattr(LogFollower, "follow", broken)
    warnings: list[str] = []
    log = BackgroundLog(lambda: LINK, str, lambda lines: None, warnings.append)
    log.start()
    log.finish(10)
    assert warnings == ["The log cannot be shown: RuntimeError. The run goes on."]


def test_the_end_of_the_command_is_not_a_failure_of_a_log() -> None:
    """No warning appears under a run that has succeeded."""

    def link() -> str:
        raise CanceledError("canceled while waiting for the service")

    warnings: list[str] = []
    log = BackgroundLog(link, str, lambda lines: None, warnings.append)
    log.start()
    log.finish(10)
    assert log.ended.is_set()
    assert warnings == []
