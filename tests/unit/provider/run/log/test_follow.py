"""The log of a run, from bytes to lines, and to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest

from pulumi_acr_tasks.run.log.display import BackgroundLog
from pulumi_acr_tasks.run.log.follow import LineSplitter, LogFollower, LogUnavailableError
from pulumi_acr_tasks.schema.secrets import Mask


class FakeClock:
    """A clock whose time passes when something waits; `on_wait` is called each time with the number of waits so far."""

    def __init__(self, on_wait: Callable[[int], None] = lambda waits: None) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self._on_wait = on_wait

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.time += seconds
            self.waits.append(seconds)
            self._on_wait(len(self.waits))
        return event.is_set()


class Blob:
    """A log in a storage; `content` is None until an agent starts."""

    def __init__(self, content: bytes | None = b"") -> None:
        self.content = content
        self.complete: str | None = None
        self.links = {"one"}
        self.asked: list[str] = []
        self.failures: list[httpx.TransportError] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.headers.get('range', '')}".strip())
        if self.failures:
            raise self.failures.pop()
        if request.url.params["sig"] not in self.links:
            return httpx.Response(403)
        if self.content is None:
            return httpx.Response(404)
        headers = {"x-ms-meta-Complete": self.complete} if self.complete else {}
        if request.method == "HEAD":
            return httpx.Response(200, headers={**headers, "content-length": str(len(self.content))})
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content):
            return httpx.Response(416)
        return httpx.Response(206, headers=headers, content=self.content[start:])


class Following:
    """One log followed to its end, with the lines that it showed."""

    def __init__(self, blob: Blob, changes: list[Callable[[], None]], stop: threading.Event | None = None) -> None:
        self.shown: list[str] = []
        self.links_given = 0
        self.stop = stop or threading.Event()

        def change(waits: int) -> None:
            if waits <= len(changes):
                changes[waits - 1]()
            elif waits > len(changes) + 50:
                raise AssertionError("it never ends")

        def link() -> str:
            self.links_given += 1
            return "https://storage.example/log?sig=" + ("one" if self.links_given == 1 else "two")

        self.clock = FakeClock(change)
        with httpx.Client(transport=httpx.MockTransport(blob)) as http:
            self.value = LogFollower(http, link, self.shown.extend, self.clock).follow(self.stop)


def append(blob: Blob, data: bytes, complete: str | None = None) -> Callable[[], None]:
    def change() -> None:
        blob.content = (blob.content or b"") + data
        blob.complete = complete

    return change


def test_lines_wait_for_their_end() -> None:
    """Half a line and half a character are kept until the rest comes; CRLF and LF both end a line."""
    lines = LineSplitter()
    assert lines.feed("Schritt é".encode()[:-1]) == []
    assert lines.feed("Schritt é".encode()[-1:] + b"ins\r") == []
    assert lines.feed(b"\nnext\n\nlast") == ["Schritt éins", "next", ""]
    assert lines.flush() == ["last"]
    assert lines.flush() == []


def test_a_progress_bar_shows_as_a_terminal_would_leave_it() -> None:
    """What a carriage return overwrites is gone."""
    assert LineSplitter().feed(b"10%\r50%\r100%\r\n") == ["100%"]


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    """They do not end the log."""
    assert LineSplitter().feed(b"a\xffb\n") == ["a\ufffdb"]


def test_secrets_are_masked_in_a_line() -> None:
    """Each line of each secret, the longest first; characters of patterns mean themselves."""
    mask = Mask(["hush", "hush-hush", "a.b*", "first\nsecond\n", ""])
    assert mask("hush-hush hush a.b* axb second") == "[secret] [secret] [secret] axb [secret]"
    assert Mask([])("nothing to hide") == "nothing to hide"


def test_a_log_is_shown_as_it_grows_until_it_is_complete() -> None:
    """Each line is shown once, in order, and each byte is read once."""
    blob = Blob(b"one\r\nt")
    following = Following(blob, [append(blob, b"wo\r\n"), append(blob, b"three", complete="Successful")])
    assert following.shown == ["one", "two", "three"]
    assert following.value == "successful"
    assert [ask for ask in blob.asked if ask.startswith("GET")] == [
        "GET bytes=0-",
        "GET bytes=6-",
        "GET bytes=10-",
    ]
    assert following.links_given == 1


def test_a_log_that_is_not_there_yet_is_awaited() -> None:
    """404 is not an error: no agent has started."""
    blob = Blob(None)
    following = Following(blob, [lambda: None, lambda: None, append(blob, b"at last\n", complete="successful")])
    assert following.shown == ["at last"]
    assert following.links_given == 1


def test_the_pause_grows_while_the_log_does_not() -> None:
    """It is between a third of a second and one and a half."""
    blob = Blob(b"")
    quiet: list[Callable[[], None]] = [lambda: None] * 8
    following = Following(blob, [*quiet, append(blob, b"x\n"), append(blob, b"", complete="failed")])
    assert following.clock.waits[:9] == sorted(following.clock.waits[:9])
    assert max(following.clock.waits) == 1.5
    assert following.clock.waits[9] == 0.3


def test_a_log_that_begins_again_is_read_from_its_beginning() -> None:
    """A shorter log is another one, of an agent that was restarted."""
    blob = Blob(b"first try\n")

    def restart() -> None:
        blob.content, blob.complete = b"again\n", "successful"

    shown = Following(blob, [restart]).shown
    assert shown == ["first try", "(the agent was restarted: the log begins again)", "again"]


def test_a_range_that_is_not_there_any_more_starts_again() -> None:
    """416 between HEAD and GET means the same."""

    class Shrinking(Blob):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            answer = super().__call__(request)
            if request.method == "HEAD" and self.asked.count("HEAD") == 2:
                self.content = b"B\n"
                self.complete = "successful"
            return answer

    blob = Shrinking(b"aaaa\n")
    assert Following(blob, [append(blob, b"more\n")]).shown == [
        "aaaa",
        "(the agent was restarted: the log begins again)",
        "B",
    ]


def test_an_expired_link_is_renewed() -> None:
    """After 403 to a link that worked, a new link continues where the old one ended."""
    blob = Blob(b"one\n")

    def expire() -> None:
        append(blob, b"two\n", complete="successful")()
        blob.links = {"two"}

    following = Following(blob, [expire])
    assert following.shown == ["one", "two"]
    assert following.links_given == 2


def test_a_fresh_link_that_is_refused_is_an_error() -> None:
    """More requests would not help, and the service counts each as a write."""
    blob = Blob(b"one\n")
    blob.links = set()
    with pytest.raises(LogUnavailableError, match="refuses the link"):
        Following(blob, [])


def test_a_storage_that_does_not_answer_is_read_again() -> None:
    """A broken connection costs a pause."""
    blob = Blob(b"one\n")
    blob.complete = "successful"
    blob.failures = [httpx.ConnectError("refused"), httpx.ReadTimeout("late")]
    following = Following(blob, [])
    assert following.shown == ["one"]
    assert len(following.clock.waits) == 2


def test_after_a_stop_the_log_is_read_once_more() -> None:
    """Lines written before the stop are shown, although the log is never complete."""
    blob = Blob(b"one\n")
    stop = threading.Event()

    def finish() -> None:
        append(blob, b"two")()
        stop.set()

    following = Following(blob, [finish], stop)
    assert following.shown == ["one", "two"]
    assert following.value is None


def test_a_storage_that_ignores_ranges_is_understood() -> None:
    """Of 200 with the whole log only the new lines are shown."""

    def whole(request: httpx.Request) -> httpx.Response:
        content = b"one\n" if len(looks) < 2 else b"one\ntwo\n"
        headers = {"x-ms-meta-complete": "successful"} if len(looks) >= 2 else {}
        if request.method == "HEAD":
            looks.append(1)
            return httpx.Response(200, headers={**headers, "content-length": str(len(content))})
        return httpx.Response(200, content=content)

    looks: list[int] = []
    shown: list[str] = []
    with httpx.Client(transport=httpx.MockTransport(whole)) as http:
        LogFollower(http, lambda: "https://storage.example/log", shown.extend, FakeClock()).follow(threading.Event())
    assert shown == ["one", "two"]


def test_a_log_without_a_link_warns_once_and_ends() -> None:
    """The run goes on without its log, and the wait for the end of the log is over."""

    def link() -> str:
        raise LogUnavailableError("No permission to read logs.")

    warnings: list[str] = []
    log = BackgroundLog(link, str, lambda lines: None, warnings.append)
    log.start()
    assert log.ended.wait(10)
    assert log.finish(10) == []
    assert warnings == ["No permission to read logs."]


def test_a_redirect_of_the_log_is_not_followed() -> None:
    """The link's signature is not sent to another host; the error names that host."""
    asked: list[str] = []

    def storage(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"location": "http://elsewhere.example/log?sig=hush"})

    http = httpx.Client(transport=httpx.MockTransport(storage))
    follower = LogFollower(http, lambda: "https://storage.example/log?sig=one", lambda _: None, FakeClock())
    with pytest.raises(
        LogUnavailableError, match=r"redirects to elsewhere\.example, and the link is not sent"
    ) as failed:
        follower.follow(threading.Event())
    assert "hush" not in str(failed.value)
    assert asked == ["storage.example"]
