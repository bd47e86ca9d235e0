"""The rate at which a log is shown, and the secrets that are masked in it."""

from __future__ import annotations

import base64
import threading
from typing import Any

import pytest

from pulumi_acr_tasks.run.log.display import RateLimitedDisplay
from pulumi_acr_tasks.schema.secrets import mask_of


class FakeClock:
    time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        raise AssertionError("nobody waits")


def lines(count: int) -> list[str]:
    return [f"line {number}" for number in range(count)]


def test_an_ordinary_log_passes_whole() -> None:
    """Two hundred lines pass at once, and forty a second."""
    shown: list[str] = []
    clock = FakeClock()
    screen = RateLimitedDisplay(shown.append, clock)
    screen.print(lines(200))
    clock.time = 1.0
    screen.print(lines(40))
    assert shown == lines(200) + lines(40)


def test_of_a_flood_the_newest_is_shown() -> None:
    """The next line says how many were left out."""
    shown: list[str] = []
    clock = FakeClock()
    screen = RateLimitedDisplay(shown.append, clock)
    screen.print(lines(1000))
    assert shown[0] == "(… 800 lines) line 800"
    assert shown[1:] == lines(1000)[801:]
    screen.print(lines(1000))
    assert shown[200:] == ["(… 999 lines) line 999"]
    clock.time = 10.0
    screen.print(["calm again"])
    screen.print([])
    assert shown[201:] == ["calm again"]


VALUES = """
database:
  password: hunter22
  users: [adminadmin, 12345]
flag: true
short: abc
"""
REQUEST: dict[str, Any] = {
    "type": "EncodedTaskRunRequest",
    "encodedTaskContent": "c3RlcHM6",
    "encodedValuesContent": base64.b64encode(VALUES.encode()).decode(),
}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("login hunter22 as adminadmin", "login [secret] as [secret]"),
        ("pin 12345", "pin [secret]"),
        ("true to the abc", "true to the abc"),
        (REQUEST["encodedValuesContent"], "[secret]"),
    ],
)
def test_values_of_an_encoded_file_are_masked(line: str, shown: str) -> None:
    """Each value is masked, and the file as a whole; a short value stays readable."""
    assert mask_of({"runRequest": REQUEST})(line) == shown


@pytest.mark.parametrize("content", ["%%%", base64.b64encode(b"\xff").decode(), base64.b64encode(b"a: [").decode()])
def test_an_invalid_values_file_masks_nothing_else(content: str) -> None:
    """The service will say what is wrong with it."""
    assert mask_of({"runRequest": {**REQUEST, "encodedValuesContent": content}})("hunter22") == "hunter22"


@pytest.mark.parametrize(
    "address", ["https://user:p%40ssword@host/x.git", "https://ghp_0123456789abcdef@host/x.git#main"]
)
@pytest.mark.parametrize("member", ["context", "sourceLocation"])
def test_the_token_of_an_address_is_masked(address: str, member: str) -> None:
    """Git prints the address that it clones."""
    inputs = {"runRequest": dict(REQUEST)}
    (inputs if member == "context" else inputs["runRequest"])[member] = address
    masked = mask_of(inputs)(f"Cloning {address} with p@ssword")
    assert "p%40ssword" not in masked
    assert "ghp_0123456789abcdef" not in masked
    assert masked.startswith("Cloning https://")


def test_a_plain_user_name_in_an_address_is_not_masked() -> None:
    """A log without the word git would be hard to read."""
    inputs = {"runRequest": {**REQUEST, "sourceLocation": "https://git@host/x.git"}}
    assert mask_of(inputs)("git clone") == "git clone"
