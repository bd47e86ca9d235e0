"""The host outside a dynamic server: stock behaviour, and one warning."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2, status_pb2

from pulumi_acr_tasks import engine, host
from pulumi_acr_tasks.engine import cancel, log
from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.host import server
from pulumi_acr_tasks.host.provider import from_sdk, to_sdk
from pulumi_acr_tasks.schema.values import UNKNOWN

URN = "urn:pulumi:dev::shop::my:component:Web$pulumi-python:dynamic/acr-tasks:Run::image"


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up a process that no engine has started, with nothing attached."""
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setattr(log, "_stub", None)
    monkeypatch.setattr(host, "_attached", False)


def test_the_request_is_found_up_the_stack() -> None:
    """The engine's message in a local named `request` is found from a function that was called below it."""

    def serve(request: Any) -> engine.Request:
        return (lambda: host.find_request())()

    assert serve(provider_pb2.CreateRequest(urn=URN, timeout=420.0)) == engine.Request(URN, 420.0)


def test_locals_of_other_code_are_not_taken_for_the_request() -> None:
    """Another object in a local named `request` is passed over."""

    def serve(request: Any) -> engine.Request:
        return host.find_request()

    assert serve(SimpleNamespace(urn="urn:not:ours", timeout=1.0)) == engine.Request()


def test_a_pool_is_widened_by_its_own_worker() -> None:
    """The pool then runs as many calls at once as are submitted."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(server.widen_pool).result(timeout=10)
        all_here = threading.Barrier(3)
        arrived = [executor.submit(all_here.wait, 10) for _ in range(3)]
        assert sorted(call.result(timeout=10) for call in arrived) == [0, 1, 2]


def test_a_pool_that_is_wider_already_stays() -> None:
    """A wider pool is not narrowed."""
    with ThreadPoolExecutor(max_workers=server.WORKERS + 1) as executor:
        executor.submit(server.widen_pool).result(timeout=10)
        assert executor._max_workers == server.WORKERS + 1


def test_cancel_sets_the_event_through_a_bound_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that was bound before the code was exchanged sets the event, calls each callback once, and answers."""

    class Servicer:
        def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
            return "stock"

    bound = Servicer().Cancel
    canceled, called = threading.Event(), list[bool]()
    monkeypatch.setattr(cancel, "canceled", canceled)
    monkeypatch.setattr(cancel, "_callbacks", [])

    def fails() -> None:
        raise OSError

    for callback in (fails, call := lambda: called.append(canceled.is_set()), call):
        engine.on_cancel(callback)
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(DynamicResourceProviderServicer=Servicer))
    server.listen_to_cancel()
    answer = bound(None, None)
    assert canceled.is_set()
    assert called == [True]
    assert type(answer).__name__ == "Empty"


def test_a_replacement_names_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI shows these inputs alone; other answers stay as they are."""
    monkeypatch.setitem(sys.modules, "__main__", main := SimpleNamespace(proto=proto))
    server.name_differences()
    replaces = server.Replaced(["contextHash"])
    replaces.differing = ("contextHash", "logs")
    answer = main.proto.DiffResponse(changes=main.proto.DiffResponse.DIFF_SOME, replaces=replaces)
    assert (list(answer.replaces), list(answer.diffs)) == (["contextHash"], ["contextHash", "logs"])
    assert list(main.proto.DiffResponse(changes=main.proto.DiffResponse.DIFF_NONE).diffs) == []
    assert main.proto.UpdateResponse is proto.UpdateResponse


def test_an_error_of_ours_formats_as_its_text_and_a_defect_as_a_traceback() -> None:
    """The shim tells the one from the other, and leaves the module's other functions alone."""
    shim = server.ReadableTraceback()
    try:
        raise SourceError("Not there.")
    except SourceError:
        assert shim.format_exc() == "Not there."
    try:
        raise RuntimeError("a defect")
    except RuntimeError:
        assert "Traceback" in shim.format_exc()
    assert shim.extract_stack()


def test_attaching_outside_a_dynamic_server_warns_once_of_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is raised; one warning on stderr names every gap that stays open."""
    host.attach()
    host.attach()
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 1
    for lost in ("four resources", "^C", "traceback", "live progress"):
        assert lost in warnings[0]


def test_many_threads_attach_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attaching at the same time installs each fix once."""
    calls: list[int] = []
    monkeypatch.setattr(host, "_FIXES", ((lambda: calls.append(1), "nothing"),))
    with ThreadPoolExecutor(max_workers=8) as executor:
        for call in [executor.submit(host.attach) for _ in range(8)]:
            call.result(timeout=10)
    assert len(calls) == 1


def test_what_may_have_been_made_goes_into_the_error_s_details() -> None:
    """The engine reads id, outputs, inputs and reason from them; outside a create nothing is kept."""
    sent: list[Any] = []

    def create(request: Any, context: Any) -> bool:
        return host.keep_partly_made("the-id", {"timeout": 600, "__provider": "p"}, "No answer.")

    request = provider_pb2.CreateRequest(urn=URN)
    request.properties["timeout"] = 600
    assert create(request, SimpleNamespace(set_trailing_metadata=sent.append))
    (((name, value),),) = sent
    status, failure = status_pb2.Status.FromString(value), provider_pb2.ErrorResourceInitFailed()
    assert name == "grpc-status-details-bin"
    assert status.details[0].Unpack(failure)
    assert (failure.id, list(failure.reasons), dict(failure.inputs)) == ("the-id", ["No answer."], {"timeout": 600})
    assert dict(failure.properties) == {"timeout": 600, "__provider": "p"}
    assert not host.keep_partly_made("the-id", {}, "No answer.")


def test_what_others_wrote_brings_no_control_sequences_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages and errors may quote a log, a proxy or a service; the engine reads `<{%` as its own."""
    engine.stack_console().warning("a\x1b]0;title\x07b\x9b2Jc\n<{%reset%}> stays")
    assert capsys.readouterr().err == "warning: abc\n<{ %reset%}> stays\n"
    try:
        raise SourceError("proxy says:\x1b[2J\x07 no")
    except SourceError:
        assert server.ReadableTraceback().format_exc() == "proxy says: no"


def test_unknown_values_cross_the_border_both_ways() -> None:
    """The pure floors have a stand-in of their own for Pulumi's Unknown."""
    plan = from_sdk({"a": [pulumi.UNKNOWN], "n": 3.0, "__provider": "x"})
    assert plan["a"][0] is UNKNOWN
    assert plan["n"] == 3
    assert to_sdk(plan)["a"][0] is pulumi.UNKNOWN
    assert set(plan) == {"a", "n"}
