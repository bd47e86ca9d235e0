"""Refusals and answers of a proxy, at each write of many tasks at once, and the messages about them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..emulator import Emulator
from ..stack import Outcome, Stack

PROGRAM = """
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task

for name in {names}:
    Task(
        f"task-{{name}}",
        timeout={timeout},
        platform=PlatformPropertiesArgs(os="Linux"),
        step=EncodedTaskStepArgs(encoded_task_content="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="),
    )
"""


def refused(status: int, code: str) -> dict[str, Any]:
    error = {"error": {"code": code, "message": f"the words of {code}"}}
    return {"status": status, "body": error, "headers": {"Retry-After": "0"}}


PAGE = "<html><head><title>Company portal</title></head></html>"

# Each fault, and what has to stand in its message: the service's words, and the cure.
FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "401": (refused(401, "ExpiredToken"), ["401 ExpiredToken", "the words of ExpiredToken", "sign in again"]),
    "403": (refused(403, "AuthorizationFailed"), ["403 AuthorizationFailed", "the words of", "Tasks Contributor"]),
    "409": (refused(409, "Conflict"), ["409 Conflict", "the words of Conflict", "run pulumi up again"]),
    "429": (refused(429, "TooManyRequests"), ["429 TooManyRequests, 6 times", "try again in a minute"]),
    "500": (refused(500, "InternalError"), ["500 InternalError, 6 times", "the words of InternalError"]),
    "redirect": (
        {"status": 307, "headers": {"Location": "https://elsewhere.example.org/x?sig=c4nary"}},
        ["it redirects to https://elsewhere.example.org"],
    ),
    "page": ({"status": 200, "body": PAGE, "headers": {"Content-Type": "text/html"}}, ["200 text/html", "HTTPS_PROXY"]),
    "list": ({"status": 200, "body": []}, ["it is a list where an object is expected"]),
}


def met(emulator: Emulator, method: str) -> None:
    """Let each task meet its own fault at this method."""
    emulator.meets(
        *(
            {"match": {"method": method, "path": f".*/tasks/task-{name}$"}, "times": 99, **fault}
            for name, (fault, _) in FAULTS.items()
        )
    )


def told(outcome: Outcome, action: str, *, but: tuple[str, ...] = ()) -> None:
    """Check each task's diagnostics: the operation, the resource, the service's words, the cure, the id."""
    assert "c4nary" not in outcome.failed().screen
    diagnostics = outcome.screen.partition("Diagnostics:")[2]
    for name, (_, words) in FAULTS.items():
        if name in but:
            continue
        found = re.search(rf"\(task-{name}\):\n(.*?)\n\n", diagnostics, re.DOTALL)
        assert found, f"nothing is said of task-{name}"
        sentence = found[1]
        # An error of the whole stack is shown in full once, and then refers to that place.
        whole = sentence if "shown in full at" not in sentence else f"{sentence}{words}"
        for word in (action, f"/tasks/task-{name}", "orrelation id", *words):
            assert word in whole, f"{word!r} is not said of task-{name}:\n{sentence}"


def test_each_write_under_each_fault_is_a_sentence(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Create, update and delete of eight tasks meet eight faults; without faults the next commands succeed."""
    program = PROGRAM.format(names=list(FAULTS), timeout=600)
    stack = new_stack("faults", program=program, **idle_emulator.config)

    met(idle_emulator, "PUT")
    told(stack.up("--continue-on-error"), "create or replace task")

    idle_emulator.meets()
    stack.up().succeeded()
    stack.write("__main__.py", PROGRAM.format(names=list(FAULTS), timeout=900))
    met(idle_emulator, "PATCH")
    told(stack.up("--continue-on-error"), "update task")

    met(idle_emulator, "DELETE")
    told(stack.destroy("--continue-on-error"), "delete task")

    idle_emulator.meets()
    stack.destroy().succeeded()
    assert idle_emulator.ask("GET", "/tasks").json()["value"] == []
