"""The wire log: sizes and limits, no body and no signature."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.provider.arm.client.scene import ENDPOINT, Service, plain_request

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import open_client
from pulumi_acr_tasks.arm.http.transport import redacted, transport


def test_the_debug_log_has_sizes_and_limits_but_no_body() -> None:
    """Bodies of requests and answers hold secrets."""
    lines: list[str] = []
    headers = {"x-ms-ratelimit-remaining-subscription-writes": "199", "x-ms-operation-identifier": "tenantId=t"}
    answer = httpx.Response(200, json={"a": "c4nary"}, headers=headers)
    client = httpx.Client(transport=httpx.MockTransport(lambda _: answer))
    transport(client, lines.append, verbose=True)(httpx.Request("PUT", f"{ENDPOINT}/a", json={"b": "c4nary"}))
    assert "(14 bytes sent, " in lines[0]
    assert lines[0].endswith("received; x-ms-ratelimit-remaining-subscription-writes: 199)")
    assert "c4nary" not in lines[0]


def test_the_wire_log_shows_no_signature() -> None:
    """It has method, address, status, milliseconds and correlation id; of the query only harmless parameters."""
    lines: list[str] = []
    service = Service([{}, httpx.ConnectError("refused")])
    send = transport(httpx.Client(transport=httpx.MockTransport(service)), lines.append)
    send(plain_request(url=f"{ENDPOINT}/x?api-version=1&sig=c4nary&$top=1"))
    with pytest.raises(errors.TransportError):
        send(plain_request())
    assert lines[0].startswith(f"GET {ENDPOINT}/x?api-version=1&sig=REDACTED&$top=1 200 ")
    assert len(lines) == 2
    assert redacted(f"{ENDPOINT}/x") == f"{ENDPOINT}/x"


def test_an_opened_client_reaches_no_network_by_itself() -> None:
    """Opening a client sends no request, and httpx's own log is off."""
    import logging

    assert open_client("http://127.0.0.1:1").endpoint == "http://127.0.0.1:1"
    assert logging.getLogger("httpx").level == logging.WARNING
