"""Deadlines and cancellation of requests, pauses and other work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import httpx
import pytest

from pulumi_acr_tasks.arm.clock import (
    SystemClock,
    deadline,
    fits_deadline,
    lock_within_deadline,
    run_cancelable,
    wait_within_deadline,
)
from pulumi_acr_tasks.arm.http.retry_and_throttle import retry
from pulumi_acr_tasks.arm.http.sign_in import AccessToken, sign_in
from pulumi_acr_tasks.arm.http.transport import Operation, Send, cancelable, restart_service
from pulumi_acr_tasks.engine_call import custom_timeout
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, TransportError, UnavailableError


def asking(method: str = "GET", **operation: bool) -> httpx.Request:
    extensions = {"operation": Operation("read run", "/x", **operation)}
    return httpx.Request(method, "https://arm.example/x", extensions=extensions)


@pytest.fixture
def never() -> Send:
    """A server that accepts a request and never answers; its threads end with the test."""
    return _never


def _never(request: httpx.Request) -> httpx.Response:
    threading.Event().wait(30)
    raise AssertionError("nobody waits so long")


def canceled() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def test_a_request_that_reads_is_left_at_once_when_the_update_is_canceled(never: Send) -> None:
    """The connection's timeouts do not delay it."""
    with pytest.raises(CanceledError, match="read run /x: the update was canceled"):
        cancelable(never, canceled())(asking())


@pytest.mark.parametrize("request_", [asking("POST"), asking("GET", idempotent=False)])
def test_a_request_that_writes_is_left_as_one_that_may_have_arrived(
    request_: httpx.Request, never: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up after a short grace; without an answer it may have been carried out.

    A long-running operation's poll is too.
    """
    monkeypatch.setattr("pulumi_acr_tasks.arm.http.transport._GRACE", 0.0)
    with pytest.raises(TransportError) as left:
        cancelable(never, canceled())(request_)
    assert (left.value.arrived, left.value.lasting) == (True, True)


def test_a_cancellation_does_not_end_its_own_requests() -> None:
    """Neither a later request nor work within an uninterruptible limit is ended."""
    answer = httpx.Response(200)
    slow = threading.Event()

    def send(request: httpx.Request) -> httpx.Response:
        slow.wait(0.5)
        return answer

    assert cancelable(send, canceled())(asking("POST", after_cancel=True)) is answer
    with deadline(20.0, interruptible=False):
        assert cancelable(send, canceled())(asking()) is answer
        SystemClock(canceled()).sleep(0.0)
    with pytest.raises(CanceledError):
        SystemClock(canceled()).sleep(0.0)


def test_a_limit_ends_a_request_a_pause_and_any_work(never: Send) -> None:
    """The nearest of nested limits counts, unless one begins afresh."""
    with deadline(0.3), deadline(60.0):
        with pytest.raises(DeadlineError):
            cancelable(never, None)(asking())
        with pytest.raises(DeadlineError):
            SystemClock().sleep(5.0)
        with pytest.raises(DeadlineError):
            run_cancelable(lambda: threading.Event().wait(30), None, "wait")
        with deadline(60.0, afresh=True):
            assert fits_deadline(5.0)
    assert fits_deadline(1e9)


def test_errors_of_the_work_are_handed_on() -> None:
    """An exception passes from the worker thread to the caller."""
    with pytest.raises(ValueError, match="mine"), deadline(20.0):
        run_cancelable(lambda: int("mine"), threading.Event(), "count")


@pytest.mark.parametrize(
    ("send", "ending"),
    [
        (lambda request: httpx.Response(503, request=request), None),
        (lambda request: (_ for _ in ()).throw(TransportError("cannot connect")), TransportError),
    ],
)
def test_a_retry_that_would_come_too_late_is_not_waited_for(
    send: Callable[[httpx.Request], httpx.Response], ending: type[Exception] | None
) -> None:
    """The last answer or error is returned before the limit."""
    send_ = retry(send, SystemClock(), jitter=False)
    with deadline(0.2):
        if ending is None:
            assert send_(asking()).status_code == 503
        else:
            with pytest.raises(ending, match="cannot connect"):
                send_(asking())


def test_a_custom_timeout_that_ended_the_work_is_named() -> None:
    """The error also has the last answer; an unrelated error stays as it is."""

    def late() -> None:
        assert not fits_deadline(100.0)
        raise UnavailableError(503, "ServerBusy", "")

    with pytest.raises(DeadlineError) as over, custom_timeout(60.0, "create"):
        late()
    assert str(over.value).splitlines()[0] == "create did not end within 60 s (the resource's custom timeout)"
    assert "ServerBusy" in str(over.value)
    with pytest.raises(UnavailableError), custom_timeout(60.0, "create"):
        raise UnavailableError(503, "ServerBusy", "")
    with pytest.raises(TransportError) as plain, custom_timeout(0.0, "create"):
        raise TransportError("cannot connect")
    assert type(plain.value) is TransportError


def test_the_embedded_emulator_is_restarted_when_nothing_listens() -> None:
    """It is restarted before the retry, but not when the request may have arrived or a restart does not help."""
    starts: list[str] = []

    def send(request: httpx.Request) -> httpx.Response:
        if not starts:
            raise TransportError("cannot connect", arrived=False)
        return httpx.Response(200)

    def start() -> bool:
        starts.append("start")
        return True

    assert restart_service(send, start)(asking("POST", idempotent=False)).status_code == 200
    assert starts == ["start"]

    def broken(request: httpx.Request) -> httpx.Response:
        raise TransportError("broken", arrived=True)

    with pytest.raises(TransportError, match="broken"):
        restart_service(broken, start)(asking())
    starts.clear()
    with pytest.raises(TransportError, match="cannot connect"):
        restart_service(send, lambda: False)(asking())


def test_an_answer_comes_after_a_restart_that_is_under_way() -> None:
    """The restart is reported before another request's answer from the new process can end the update."""
    starting, report, answered = threading.Event(), threading.Event(), threading.Event()
    order: list[str] = []

    def send(request: httpx.Request) -> httpx.Response:
        if not starting.is_set():
            raise TransportError("cannot connect", arrived=False)
        answered.set()
        return httpx.Response(200)

    def start() -> bool:
        starting.set()
        assert report.wait(60)
        order.append("restarted")
        return True

    restarting = restart_service(send, start)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(restarting, asking())
        assert starting.wait(60)
        second = pool.submit(lambda: (restarting(asking()), order.append("answered")))
        assert answered.wait(60)
        assert wait([second], timeout=0.1).not_done
        report.set()
        assert first.result(60).status_code == 200
        second.result(60)
    assert order == ["restarted", "answered"]


def test_a_limit_holds_behind_the_requests_of_others_too() -> None:
    """A thread that waits for a lock or another thread's answer keeps its own deadline."""
    lock = threading.Lock()
    with lock, deadline(0.1), pytest.raises(DeadlineError, match="another resource"), lock_within_deadline(lock):
        raise AssertionError("it is not free")
    with deadline(0.1), pytest.raises(DeadlineError, match="another resource"):
        wait_within_deadline(threading.Event())


def test_a_wait_for_a_token_ends() -> None:
    """^C and the limit end it, and neither is an error of the sign-in."""

    class Never:
        def get_token(self, *scopes: str, **options: object) -> AccessToken:
            threading.Event().wait(30)
            raise AssertionError("nobody waits so long")

    send_ = sign_in(_never, Never(), "https://arm.example", "https://arm.example", canceled())
    with pytest.raises(CanceledError, match="sign in for"):
        send_(asking())
    with pytest.raises(DeadlineError), deadline(0.1):
        sign_in(_never, Never(), "https://arm.example", "https://arm.example")(asking())
