"""Tasks that are made, changed, read and deleted in any order are as the model of the service has them.

The model is written from recordings and documents of the service. ACR_TASKS_LIVES says how many sequences are tried.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ..arm import Arm
from .model import Members, Tasks

LIVES = int(os.environ.get("ACR_TASKS_LIVES", "10"))
STEPS_OF_A_LIFE = 30
NAMES = ["task-one", "Task-ONE", "task_two"]
ORDER = [
    "type",
    "identity",
    "properties",
    "id",
    "name",
    "location",
    "tags",
    "systemData",
]  # recorded: test_acr_task.yaml of azure-cli
ROUND_TRIP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00")

some = st.fixed_dictionaries
few = st.sampled_from
TEXT = few(("a", "b/c", "ü {0} 'x'"))
STATUS = few(("Enabled", "Disabled"))
ITEM = some({"name": few("ABC"), "value": TEXT, "isSecret": st.booleans()})
ITEMS = st.lists(ITEM, max_size=3, unique_by=lambda item: item["name"])
CONTEXT = {"contextPath": few(("https://a.example/ü.git#{0}", "oci://b/c:1")), "contextAccessToken": TEXT}
STEPS = {
    "Docker": (
        {"dockerFilePath": TEXT},
        {
            **CONTEXT,
            "imageNames": st.lists(few(("a", "b/c:{{.Run.ID}}", "d__e:V1")), max_size=2),
            "isPushEnabled": st.booleans(),
            "noCache": st.booleans(),
            "target": TEXT,
            "arguments": ITEMS,
        },
    ),
    "FileTask": ({"taskFilePath": TEXT}, {**CONTEXT, "valuesFilePath": TEXT, "values": ITEMS}),
    "EncodedTask": ({"encodedTaskContent": TEXT}, {**CONTEXT, "encodedValuesContent": TEXT, "values": ITEMS}),
}
SIGN_IN = some(
    {"tokenType": few(("PAT", "OAuth")), "token": TEXT},
    optional={"refreshToken": TEXT, "scope": TEXT, "expiresIn": st.integers(0, 9999)},
)
REPOSITORY = some(
    {"sourceControlType": few(("Github", "VisualStudioTeamService")), "repositoryUrl": TEXT},
    optional={"branch": TEXT, "sourceControlAuthProperties": SIGN_IN},
)
EVENTS = few((["commit"], ["pullrequest"], ["commit", "pullrequest"]))
SCHEDULE = few(("0 21 * * *", "*/5 1-3 * Jan Mon-Fri"))
TIMER = {"name": few(("t1", "t2")), "schedule": SCHEDULE}
SOURCE = {"name": few(("s1", "s2")), "sourceRepository": REPOSITORY, "sourceTriggerEvents": EVENTS}
BASE = {"name": few(("b1", "b2")), "baseImageTriggerType": few(("All", "Runtime"))}


def named(members: dict[str, Any]) -> Any:
    item = some(members, optional={"status": STATUS})
    return st.lists(item, min_size=1, max_size=2, unique_by=lambda each: each["name"])


# Whole triggers are drawn for PATCH too: what a new one without its members becomes is not known.
TRIGGERS = {
    "timerTriggers": named(TIMER),
    "sourceTriggers": named(SOURCE),
    "baseImageTrigger": some(BASE, optional={"status": STATUS}),
}
SECRET = some({"type": few(("Opaque", "Vaultsecret")), "value": TEXT})
LOGIN = some({"userName": SECRET, "password": SECRET}, optional={"identity": few(("[system]", "client-a"))})
HOSTS = few(("r1.example", "r2.example:5000"))
SOURCE_REGISTRY = some({"loginMode": few(("None", "Default"))})
CREDENTIALS = some(
    {}, optional={"sourceRegistry": SOURCE_REGISTRY, "customRegistries": st.dictionaries(HOSTS, LOGIN, min_size=1)}
)
IDS = [
    f"/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{n}" for n in "ab"
]
BOTH = "SystemAssigned, UserAssigned"
IDENTITY = st.one_of(
    st.just({"type": "SystemAssigned"}),
    some(
        {"type": few(("UserAssigned", BOTH)), "userAssignedIdentities": few([{IDS[0]: {}}, {key: {} for key in IDS}])}
    ),
)
TAGS = st.dictionaries(few(("k", "l")), TEXT, min_size=1)
PLATFORM = some({"os": few(("Linux", "linux", "Windows")), "architecture": few(("amd64", "arm"))})
AGENT = st.just({"cpu": 2})
TIMEOUT = few((300, 3600, 28800))


def step_of(kind: str) -> Any:
    required, optional = STEPS[kind]
    return some({"type": st.just(kind), **required}, optional=optional)


WHOLE = some(
    {
        "properties": some(
            {"status": STATUS, "platform": PLATFORM, "step": st.one_of(*map(step_of, STEPS))},
            optional={
                "timeout": TIMEOUT,
                "agentConfiguration": AGENT,
                "trigger": some({}, optional=TRIGGERS).filter(bool),  # what an empty one becomes is not known
                "credentials": CREDENTIALS,
            },
        )
    },
    optional={"tags": TAGS, "identity": IDENTITY},
)


@st.composite
def updates(draw: Any, task: Members) -> Members:
    """Draw a PATCH of a task with known effects, nulls and empty objects among them."""
    kind = task["properties"]["step"]["type"]
    same = some({"type": st.just(kind)}, optional={k: v | st.none() for part in STEPS[kind] for k, v in part.items()})
    other = st.one_of(*(step_of(each) for each in STEPS if each != kind))
    hosts = st.dictionaries(HOSTS, LOGIN | st.none(), max_size=2)
    credentials = {"sourceRegistry": SOURCE_REGISTRY | st.none(), "customRegistries": hosts | st.none()}
    nothing = st.none() | st.just({})
    rows = {
        "status": STATUS | st.none(),
        "timeout": TIMEOUT | st.none(),
        "platform": PLATFORM | nothing,
        "agentConfiguration": AGENT | nothing,
        "step": st.one_of(same, same, other, st.none()),
        "trigger": st.one_of(
            *(some({key: each}, optional=rest(key)) for key, each in TRIGGERS.items()),
            *(st.just(each) for each in parts_of(task["properties"].get("trigger", {}))),
            nothing,
        ),
        "credentials": st.one_of(*(some({key: each}) for key, each in credentials.items()), some(credentials), nothing),
        "tags": TAGS | st.none(),
        "identity": few(identities(task.get("identity", {}))),
    }
    drawn = {row: draw(rows[row]) for row in draw(st.lists(few(list(rows)), min_size=1, max_size=3, unique=True))}
    top = {row: drawn.pop(row) for row in ("tags", "identity") if row in drawn}
    return {**top, "properties": drawn} if drawn else top


def rest(key: str) -> Any:
    return {other: each | st.none() for other, each in TRIGGERS.items() if other != key}


def parts_of(trigger: Members) -> Iterator[Members]:
    """Draw changes of one member of each existing trigger, besides its name."""
    for timer in trigger.get("timerTriggers", []):
        yield {"timerTriggers": [{"name": timer["name"], "schedule": "1 1 1 1 *"}]}
        yield {"timerTriggers": [{"name": timer["name"], "status": "Disabled"}]}
    for source in trigger.get("sourceTriggers", []):
        yield {"sourceTriggers": [{"name": source["name"], "sourceTriggerEvents": ["commit"]}]}
        yield {"sourceTriggers": [{"name": source["name"], "sourceRepository": {"branch": "dev"}}]}
    if "baseImageTrigger" in trigger:
        yield {"baseImageTrigger": {"name": "b1", "status": "Disabled"}}


def identities(identity: Members) -> list[Members]:
    """Draw the changes of an identity with known effects."""
    ids = identity.get("userAssignedIdentities", {})
    known = [{"type": "None"}, {"type": BOTH, "userAssignedIdentities": {IDS[1]: {}}}]
    if ids:
        known.append({"type": "UserAssigned", "userAssignedIdentities": ids})
    if len(ids) > 1:
        known.append({"type": identity["type"], "userAssignedIdentities": {IDS[0]: None}})
    return known


def without_own_members(answer: Members) -> Members:
    """Return an answer without the dates and ids that the service sets; check the form of these."""
    assert list(answer) == [key for key in ORDER if key in answer]
    assert ROUND_TRIP.fullmatch(answer["properties"].pop("creationDate"))
    assert answer.pop("systemData")["createdAt"]
    identity = answer.get("identity", {})
    has_system = "SystemAssigned" in identity.get("type", "")
    assert bool(identity.pop("principalId", None)) == bool(identity.pop("tenantId", None)) == has_system
    for each in identity.get("userAssignedIdentities", {}).values():
        assert each.pop("principalId")
        assert each.pop("clientId")
    assert next(iter(answer["properties"]["step"])) == "type"
    return plain(answer)


def context_is_last(answer: Members) -> bool:
    """Return whether a step ends with the members of its context, as after a PUT. A PATCH adds members behind them."""
    step = list(answer["properties"]["step"])
    return "contextPath" not in step or step[-2:] == ["contextPath", "contextAccessToken"] or step[-1] == "contextPath"


def plain(task: Members) -> Members:
    """Return an identity with the type None as no identity."""
    if task.get("identity", {}).get("type") == "None":
        return {key: value for key, value in task.items() if key != "identity"}
    return task


def life_in(arm: Arm, location: str) -> type[RuleBasedStateMachine]:
    class Life(RuleBasedStateMachine):
        @initialize(body=WHOLE)
        def begins(self, body: Members) -> None:
            for task in arm.ok("GET", "tasks")["value"]:
                arm("DELETE", f"tasks/{task['name']}")
            self.model = Tasks(arm.registry, location)
            self.create(NAMES[0], body)

        def create(self, name: str, body: Members) -> None:
            answer = arm.ok("PUT", f"tasks/{name}", {"location": location, **body})
            assert context_is_last(answer)
            assert context_is_last(arm.ok("GET", f"tasks/{name}"))
            assert without_own_members(answer) == plain(self.model.create(name, body))

        def compares(self, name: str) -> None:
            assert without_own_members(arm.ok("GET", f"tasks/{name}")) == plain(self.model.shown(name))
            assert without_own_members(arm.ok("POST", f"tasks/{name}/listDetails")) == plain(self.model.details(name))

        @rule(name=few(NAMES), body=WHOLE)
        def puts(self, name: str, body: Members) -> None:
            event("PUT of a task that exists" if self.model.has(name) else "PUT of a new task")
            self.create(name, body)

        @rule(name=few(NAMES), data=st.data(), times=st.integers(1, 5))
        def patches(self, name: str, data: Any, times: int) -> None:
            if not self.model.has(name):
                assert arm("PATCH", f"tasks/{name}", {"tags": {}}).status_code == 404
                return
            for _ in range(times):
                body = data.draw(updates(self.model.stored(name)))
                event(f"PATCH of {', '.join(sorted({**body, **body.get('properties', {})}.keys() - {'properties'}))}")
                answer = arm.ok("PATCH", f"tasks/{name}", body)
                assert without_own_members(answer) == plain(self.model.update(name, body))
            self.compares(name)

        @rule(name=few(NAMES))
        def deletes(self, name: str) -> None:
            answer = arm("DELETE", f"tasks/{name}")
            assert (answer.status_code, answer.content) == (self.model.delete(name), b"")

        @rule(name=few(NAMES))
        def reads(self, name: str) -> None:
            if not self.model.has(name):
                assert arm("GET", f"tasks/{name}").status_code == 404
                assert arm("POST", f"tasks/{name}/listDetails").status_code == 404
                return
            self.compares(name)

        @rule()
        def lists(self) -> None:
            page = arm.ok("GET", "tasks")
            assert list(page) == ["value"]
            shown = {task["name"]: without_own_members(task) for task in page["value"]}
            assert shown == {name: plain(self.model.shown(name)) for name in self.model.names()}

    return Life


@pytest.mark.timeout(600 + 4 * LIVES)  # a failing sequence is shrunk before it is reported
@pytest.mark.arm_documented("mostly recorded by azure-cli; the rest from the specification and the clients")
def test_tasks_are_as_the_model_has_them(emulated: Any) -> None:
    """After any sequence of operations, PUT, PATCH, GET, LIST and listDetails answer what the model does."""
    arm = emulated()
    location = arm.ok("GET", arm.registry, api_version="2023-07-01")["location"]
    run_state_machine_as_test(
        life_in(arm, location),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS_OF_A_LIFE,
            derandomize="ACR_TASKS_LIVES" not in os.environ,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
