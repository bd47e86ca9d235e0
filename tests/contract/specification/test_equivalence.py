"""A change of a task, by the smallest PATCH or by a PUT, has the result of a PUT of the new task.

Pairs of tasks (before, after) are drawn over every property. ACR_TASKS_PAIRS says how many; without it the same few are
drawn in every run.
"""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from pulumi_acr_tasks.arm.client import Client, with_middleware
from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task import crud as task
from pulumi_acr_tasks.task.diff import diff
from pulumi_acr_tasks.task.drift import outputs
from pulumi_acr_tasks.task.request_bodies import put_body

PAIRS = int(os.environ.get("ACR_TASKS_PAIRS", "40"))

# How a value is drawn: given what it was (None where there was nothing), None where it is to be left out.
Draw = Callable[[Any], Any]
Of = Callable[[Draw, Any], Any]


# What may happen to the members of an object: to most objects little, so that there is something left to PATCH.
_FATES = (
    (*("kept",) * 5, "drawn"),
    (*("kept",) * 2, "drawn"),
    (*("kept",) * 9, *("drawn",) * 2, "left out"),
)


def one_of(*values: Any) -> Of:
    """Draw one of few values, so that both tasks of a pair often have the same."""
    return lambda draw, _: draw(st.sampled_from(values))


def an_object(required: dict[str, Of], **optional: Of) -> Of:
    """Draw an object; it keeps most members of the one before."""

    def members(draw: Draw, before: Any) -> dict[str, Any]:
        was = before if isinstance(before, dict) else {}
        fates = draw(st.sampled_from(_FATES)) if was else ("drawn", "drawn", "left out")
        drawn = {}
        for name, of in {**required, **optional}.items():
            fate = draw(st.sampled_from(fates))
            if fate == "kept" and name in was:
                drawn[name] = was[name]
            elif fate == "drawn" or name in required:
                drawn[name] = of(draw, was.get(name))
        order = draw(st.sampled_from((1, -1)))
        return {name: drawn[name] for name in list(drawn)[::order]}

    return members


def a_list(item: Of) -> Of:
    return lambda draw, _: [item(draw, None) for _ in range(draw(st.integers(0, 2)))]


def named(item: Of, *names: str) -> Of:
    """Draw a list of named objects in any order, each name at most once."""

    def items(draw: Draw, before: Any) -> list[Any]:
        was = {each["name"]: each for each in before or []}
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names)))
        return [{**item(draw, was.get(name)), "name": name} for name in chosen]

    return items


def a_map(item: Of, *keys: str) -> Of:
    """Draw a map, of which a key may change its case."""

    def items(draw: Draw, before: Any) -> dict[str, Any]:
        was = {key.lower(): value for key, value in (before or {}).items()}
        chosen = draw(st.lists(st.sampled_from(keys), unique_by=str.lower, max_size=3))
        return {key: item(draw, was.get(key.lower())) for key in chosen}

    return items


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_TEXT = one_of("a", "b", "c")
_ADDRESS = one_of("https://github.com/a/a.git", "https://github.com/b/b.git#main")
_STATUS = one_of("Enabled", "Disabled", "enabled")
_FLAG = one_of(True, False)
_PATH = one_of("x/a", "x/b")
_SECRET = one_of("secret-a", "secret-b", "sécret c")
_VALUES = named(an_object({"value": _SECRET}, isSecret=_FLAG), "A", "B", "C")
_CONTEXT = {"contextPath": _ADDRESS, "contextAccessToken": _SECRET}
_YAML = one_of(*(encoded(f"steps:\n  - cmd: {name}\n") for name in "ab"), encoded("steps: []\n") + "\n")
_DOCKER = an_object(
    {"type": one_of("Docker"), "dockerFilePath": _PATH},
    **_CONTEXT,
    imageNames=a_list(_TEXT),
    isPushEnabled=_FLAG,
    noCache=_FLAG,
    target=_TEXT,
    arguments=_VALUES,
)
_FILE = an_object(
    {"type": one_of("FileTask", "filetask"), "taskFilePath": _PATH},
    **_CONTEXT,
    valuesFilePath=_PATH,
    values=_VALUES,
)
_ENCODED = an_object(
    {"type": one_of("EncodedTask"), "encodedTaskContent": _YAML},
    **_CONTEXT,
    encodedValuesContent=one_of(encoded("a: b\n"), encoded("a: c\n")),
    values=_VALUES,
)


def _step(draw: Draw, before: Any) -> Any:
    """Draw a step, in three of four cases of the type that it had."""
    types = {"docker": _DOCKER, "filetask": _FILE, "encodedtask": _ENCODED}
    had = before["type"].lower() if before else None
    type_ = draw(st.sampled_from((*types, *[had or "docker"] * 6)))
    return types[type_](draw, before if type_ == had else None)


_LOGIN = an_object({"value": _SECRET, "type": one_of("Opaque", "opaque")})
_VAULT = an_object({"value": one_of("https://v.vault.azure.net/secrets/a"), "type": one_of("Vaultsecret")})


def _sign_in(draw: Draw, before: Any) -> Any:
    """Draw a login, an identity, or an identity that reads the password from a vault."""
    form = draw(st.sampled_from(("login", "identity", "vault")))
    identity = draw(st.sampled_from(("client-a", "client-b")))
    was = before or {}
    if form == "identity":
        return {"identity": identity}
    secrets = {"userName": _LOGIN(draw, was.get("userName"))}
    if form == "vault":
        return {**secrets, "password": _VAULT(draw, None), "identity": identity}
    return {**secrets, "password": _LOGIN(draw, was.get("password"))}


_IDENTITIES = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities"


def _identity(draw: Draw, _: Any) -> Any:
    """Draw a system-assigned identity, user-assigned ones, both, or none."""
    chosen = draw(st.lists(st.sampled_from("abcAB"), unique_by=str.lower, max_size=3))
    ids = {f"{_IDENTITIES}/{name}": {} for name in chosen}
    types = [each for each in (draw(st.sampled_from(("SystemAssigned", ""))), "UserAssigned" if ids else "") if each]
    return {"type": ", ".join(types) or "None", **({"userAssignedIdentities": ids} if ids else {})}


_TRIGGER = an_object(
    {},
    timerTriggers=named(
        an_object({"schedule": one_of("0 1 * * *", "0  1 * * *", "0 2 * * Mon")}, status=_STATUS), "t1", "t2", "t3"
    ),
    sourceTriggers=named(
        an_object(
            {
                "sourceRepository": an_object(
                    {
                        "sourceControlType": one_of("Github", "GitHub"),
                        "repositoryUrl": _ADDRESS,
                        "sourceControlAuthProperties": an_object(
                            {"tokenType": one_of("PAT"), "token": _SECRET},
                            refreshToken=_SECRET,
                            scope=one_of("repo", "user"),
                            expiresIn=one_of(60, 3600),
                        ),
                    },
                    branch=one_of("main", "dev"),
                ),
                "sourceTriggerEvents": one_of(["commit"], ["pullrequest"], ["commit", "pullrequest"]),
            },
            status=_STATUS,
        ),
        "s1",
    ),
    baseImageTrigger=an_object(
        {"name": one_of("b1", "b1", "b2"), "baseImageTriggerType": one_of("All", "Runtime")}, status=_STATUS
    ),
)
_TASK = an_object(
    {
        "platform": an_object(
            {"os": one_of("Linux", "linux", "Windows")}, architecture=one_of("amd64", "arm"), variant=one_of("v7", "v8")
        ),
        "step": _step,
    },
    status=_STATUS,
    timeout=one_of(300, 3600, 28800),
    agentConfiguration=an_object({}, cpu=one_of(2)),
    tags=a_map(_TEXT, "k", "l"),
    identity=_identity,
    trigger=_TRIGGER,
    credentials=an_object(
        {},
        sourceRegistry=an_object({}, loginMode=one_of("Default", "None")),
        customRegistries=a_map(_sign_in, "a.example", "A.example", "b.example:5000"),
    ),
)


@st.composite
def pairs(draw: Draw) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw two tasks, the second often much like the first."""
    before = _TASK(draw, None)
    return before, _TASK(draw, before)


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


# The questions about tasks that nobody can answer, each answered either way in one of these. (list-details is not among
# them: this test itself needs to see what is secret.)
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
        task.update(there, outputs(old, made.raw), new)
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
