"""The host's fixes in a real dynamic server, under each SDK that we promise."""

from __future__ import annotations

from pulumi.runtime.proto import engine_pb2

from .conftest import URN, DynamicServer
from .probe import TOGETHER


def test_more_requests_than_four_run_at_once(server: DynamicServer) -> None:
    """Twelve creates that wait for each other all come to an end: the stock pool would hold eight of them back."""
    assert server.outputs("request")["urn"] == URN  # configured, so that none of the twelve does it
    creates = [server.create("meet") for _ in range(TOGETHER)]
    assert [dict(create.result().properties)["met"] for create in creates] == [True] * TOGETHER


def test_a_method_knows_its_urn_and_its_timeout(server: DynamicServer) -> None:
    """The request's URN and custom timeout reach the method that serves it."""
    outputs = server.outputs("request", timeout=420.0)
    assert (outputs["urn"], outputs["timeout"]) == (URN, 420.0)


def test_a_resource_without_a_custom_timeout_has_none(server: DynamicServer) -> None:
    """The timeout is 0 when the program sets none."""
    assert server.outputs("request")["timeout"] == 0.0


def test_messages_reach_the_engine(server: DynamicServer) -> None:
    """A status is ephemeral, the others last, and each names its resource."""
    server.outputs("log")
    assert [(entry.severity, entry.message, entry.urn, entry.ephemeral) for entry in server.engine.messages] == [
        (engine_pb2.INFO, "Step 1/3", URN, True),
        (engine_pb2.INFO, "kept", URN, False),
        (engine_pb2.WARNING, "kept as a warning", URN, False),
    ]


def test_an_error_of_ours_is_its_text(server: DynamicServer) -> None:
    """The engine is told the sentence, and nothing else."""
    assert server.error("refuse") == "The registry does not exist.\nName another one."


def test_a_defect_keeps_its_traceback(server: DynamicServer) -> None:
    """What was not written to be read shows where it comes from."""
    details = server.error("break_down")
    assert details.startswith("Traceback")
    assert details.rstrip().endswith("RuntimeError: a defect")


def test_cancel_wakes_what_waits(server: DynamicServer) -> None:
    """A create that waits returns when the engine cancels."""
    create = server.create("wait")
    server.engine.await_message("waiting")
    server.cancel()
    assert dict(create.result().properties)["canceled"] is True


def test_nothing_is_canceled_before_the_engine_says_so(server: DynamicServer) -> None:
    """The event is clear until Cancel arrives, and set from then on."""
    assert server.outputs("is_canceled")["canceled"] is False
    server.cancel()
    assert server.outputs("is_canceled")["canceled"] is True


def test_every_fix_fits_this_sdk(server: DynamicServer) -> None:
    """Attaching warns of nothing."""
    server.outputs("request")
    assert server.engine.messages == []
