"""A change of a task, by the smallest PATCH or by a PUT, has the result of a PUT of the new task.

Pairs of tasks (before, after) are drawn over every property. ACR_TASKS_PAIRS says how many; without it the same few are
drawn in every run.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from tests.drawn_tasks import Draw, drawn_task

from pulumi_acr_tasks.arm.client import Client, with_middleware
from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task import crud as task
from pulumi_acr_tasks.task.diff import diff
from pulumi_acr_tasks.task.drift import outputs
from pulumi_acr_tasks.task.requests import put_body

PAIRS = int(os.environ.get("ACR_TASKS_PAIRS", "40"))


@st.composite
def pairs(draw: Draw) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw two tasks, the second often much like the first."""
    before = drawn_task(draw, None)
    return before, drawn_task(draw, before)


class InstantClock:
    """A clock by which waiting takes no time: the client holds back by what the service says remains."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        self._now += seconds + 0.001  # a wait that is too small for the sum would last for ever


class Direct(Service):
    """The service as the provider knows it, over a connection of this test's own."""

    def __init__(self, endpoint: str, http: httpx.Client, clock: Clock, token: str = "") -> None:
        super().__init__(Settings.load({"endpoint": endpoint, "credential": "none"}.get, {}))
        http.headers["Authorization"] = f"Bearer {token}"
        self.direct = Client(with_middleware(transport(http), endpoint, None, "", clock), endpoint, clock)

    def client(self) -> Client:
        return self.direct


# The questions about tasks that nobody can answer, each answered either way in one of these.
WORLDS: dict[str, dict[str, Any]] = {
    "as observed": {},
    "the other way": {
        "switches": {
            "patch-step-type": "merge",
            "patch-step-arrays": "merge",
            "patch-registry-entry": "merge",
            "patch-tags": "merge",
            "patch-trigger-status": "kept",
            "source-registry": "null",
            "unknown-members": "kept",
            "replace-creation-date": "new",
            "create-status": "201",
            "secret-arguments": "blanked",
        }
    },
    "strict": {"switches": {"patch-step-type": "refuse", "unknown-members": "refused"}},
    "long-running": {"mode": "lro", "switches": {"operation-seconds": 0, "operation-polls": 1}},
}


@pytest.fixture(scope="module", params=WORLDS)
def service(request: pytest.FixtureRequest) -> Iterator[tuple[Service, RegistryId]]:
    """An emulator of this module's own for each world, unless the environment names a service."""
    import acr_tasks_emulator

    with httpx.Client(timeout=60) as http:
        if endpoint := os.environ.get("ACR_TASKS_ENDPOINT"):
            if request.param != "as observed":
                pytest.skip("a real service is as it is")
            registry = RegistryId.parse(os.environ["ACR_TASKS_REGISTRY"])
            yield Direct(endpoint, http, SystemClock(), os.environ.get("ACR_TASKS_TOKEN", "")), registry
            return
        with acr_tasks_emulator.serve(executor="simulated", **WORLDS[request.param]) as emulator:
            yield Direct(emulator.endpoint, http, InstantClock()), RegistryId.parse(emulator.registries[0])


@pytest.mark.emulator_choice("what PATCH does is documented in places only; a PUT is known to replace everything")
@pytest.mark.timeout(900 + PAIRS)
@settings(
    max_examples=PAIRS,
    derandomize="ACR_TASKS_PAIRS" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(pair=pairs())
def test_our_requests_have_the_result_of_a_put(
    pair: tuple[dict[str, Any], dict[str, Any]], service: tuple[Service, RegistryId]
) -> None:
    """No member is lost or left over, secrets included."""
    there, registry = service
    client, (before, after) = there.client(), pair
    location = str(there.registry(registry)["location"])
    ours, theirs = (f"pair-{uuid.uuid4().hex[:12]}" for _ in range(2))
    old, new = ({**each, "registryId": str(registry), "taskName": ours} for each in (before, after))
    note(f"route: {diff(old, new)}")
    event(f"route: {diff(old, new).route}")
    try:
        made = client.tasks.create(registry, ours, put_body(old, location))
        task.update(there, registry.task(ours), outputs(old, made.raw), new)
        client.tasks.create(registry, theirs, put_body(new, location))
        found, wanted = (shown(client.tasks.get_details(registry, name).raw) for name in (ours, theirs))
    finally:
        for name in (ours, theirs):
            client.tasks.delete(registry, name)
    assert found == wanted


_OF_THE_SERVICE = ("id", "name", "systemData", "creationDate", "principalId", "tenantId", "clientId")
_WITHOUT_CASE = ("status", "type", "os", "sourceControlType", "loginMode", "schedule", "identity")
_DEFAULTS = {
    "timerTriggers": {"status": "enabled"},
    "sourceTriggers": {"status": "enabled"},
    "baseImageTrigger": {"status": "enabled"},
    "arguments": {"isSecret": False},
    "values": {"isSecret": False},
    "step": {"isPushEnabled": True, "noCache": False},
    "platform": {"architecture": "amd64"},
    "userName": {"type": "opaque"},
    "password": {"type": "opaque"},
    "properties": {"status": "enabled", "timeout": 3600, "agentConfiguration": {"cpu": 2}},
}


def shown(value: Any, name: str = "", owner: str = "") -> Any:
    """Return what the service shows of a task without the members that it sets, and in one spelling."""
    if isinstance(value, list):
        items = [shown(item, "", name) for item in value]
        # The order of what has names of its own means nothing.
        unordered = name.endswith("Triggers") or name in ("arguments", "values")
        return sorted(items, key=lambda item: str(item["name"])) if unordered else items
    if isinstance(value, dict):
        spelled = {
            key.lower() if name in ("customRegistries", "userAssignedIdentities") else key: shown(item, key)
            for key, item in value.items()
            if key not in _OF_THE_SERVICE or (key == "name" and (name or owner))
        }
        spelled = {key: item for key, item in spelled.items() if item not in (None, [], {}) or "/" in key}
        spelled = {**_DEFAULTS.get(name or owner, {}), **spelled}
        return {} if spelled == {"type": "none"} else spelled
    if isinstance(value, str) and name in _WITHOUT_CASE:
        return " ".join(value.split()).lower()
    return value
