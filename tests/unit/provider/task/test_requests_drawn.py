"""PATCH and PUT against a model of the service's merge, for tasks drawn at random.

ACR_TASKS_LIVES makes it draw more; without it the same few are drawn in every run.
"""

from __future__ import annotations

import copy
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.equality import same
from pulumi_acr_tasks.task.diff import PATCH, PUT, diff
from pulumi_acr_tasks.task.drift import live_task
from pulumi_acr_tasks.task.requests import patch_body, put_body

drawn = settings(
    max_examples=10 * int(os.environ.get("ACR_TASKS_LIVES", "5")),
    derandomize="ACR_TASKS_LIVES" not in os.environ,
    deadline=None,
)

_TASK = Kind("Task")
_USER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"

_text = st.sampled_from(["a", "b", "c"])
_secret = st.fixed_dictionaries({"value": _text, "type": st.just("Opaque")})
_items = st.lists(
    st.fixed_dictionaries({"name": _text, "value": _text}, optional={"isSecret": st.booleans()}), max_size=2
)
_status = st.sampled_from(["Enabled", "Disabled"])


def _named(values: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(values, max_size=3, unique_by=lambda item: item["name"])


_step = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("Docker"), "dockerFilePath": _text},
        optional={
            "contextPath": _text,
            "contextAccessToken": _text,
            "imageNames": st.lists(_text, max_size=2),
            "isPushEnabled": st.booleans(),
            "noCache": st.booleans(),
            "target": _text,
            "arguments": _items,
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("FileTask"), "taskFilePath": _text},
        optional={"contextPath": _text, "valuesFilePath": _text, "values": _items},
    ),
    st.fixed_dictionaries(
        {"type": st.just("EncodedTask"), "encodedTaskContent": _text},
        optional={"encodedValuesContent": _text, "values": _items},
    ),
)
_trigger = st.fixed_dictionaries(
    {},
    optional={
        "timerTriggers": _named(
            st.fixed_dictionaries({"name": _text, "schedule": _text}, optional={"status": _status})
        ),
        "sourceTriggers": _named(
            st.fixed_dictionaries(
                {
                    "name": _text,
                    "sourceTriggerEvents": st.lists(
                        st.sampled_from(["commit", "pullrequest"]), min_size=1, unique=True
                    ),
                    "sourceRepository": st.fixed_dictionaries(
                        {
                            "sourceControlType": st.just("Github"),
                            "repositoryUrl": _text,
                            "sourceControlAuthProperties": st.fixed_dictionaries(
                                {"tokenType": st.just("PAT"), "token": _text}
                            ),
                        },
                        optional={"branch": _text},
                    ),
                },
                optional={"status": _status},
            )
        ),
        "baseImageTrigger": st.fixed_dictionaries(
            {"name": _text, "baseImageTriggerType": st.sampled_from(["All", "Runtime"])}, optional={"status": _status}
        ),
    },
)
_credentials = st.fixed_dictionaries(
    {},
    optional={
        "sourceRegistry": st.fixed_dictionaries({"loginMode": st.sampled_from(["None", "Default"])}),
        "customRegistries": st.dictionaries(
            st.sampled_from(["a.io", "A.io", "b.io"]),
            st.one_of(
                st.fixed_dictionaries({"userName": _secret, "password": _secret}),
                st.fixed_dictionaries({"identity": _text}),
            ),
            max_size=2,
        ).filter(lambda hosts: len({host.lower() for host in hosts}) == len(hosts)),
    },
)
_identity = st.one_of(
    st.just({"type": "None"}),
    st.just({"type": "SystemAssigned"}),
    st.builds(
        lambda type_, ids: {"type": type_, "userAssignedIdentities": {_USER + id_: {} for id_ in ids}},
        st.sampled_from(["UserAssigned", "SystemAssigned, UserAssigned"]),
        st.sets(_text, min_size=1),
    ),
)
_tasks = st.fixed_dictionaries(
    {
        "platform": st.fixed_dictionaries(
            {"os": st.sampled_from(["Linux", "linux", "Windows"])},
            optional={"architecture": st.sampled_from(["amd64", "arm"]), "variant": st.sampled_from(["v6", "v7"])},
        ),
        "step": _step,
    },
    optional={
        "trigger": _trigger,
        "credentials": _credentials,
        "identity": _identity,
        "agentConfiguration": st.fixed_dictionaries({}, optional={"cpu": st.sampled_from([2, 4])}),
        "timeout": st.sampled_from([300, 600, 3600]),
        "status": _status,
        "tags": st.dictionaries(_text, _text, max_size=2),
    },
)


def _by_name(old: list[Any], patched: list[Any]) -> list[Any]:
    merged = {item["name"]: item for item in old}
    merged.update({item["name"]: item for item in patched})
    return list(merged.values())


def _merged(task: dict[str, Any], body: dict[str, Any], *, by_name: bool, into_entries: bool) -> dict[str, Any]:
    """Merge a PATCH into a task as the service does; the two switches are the points that its documents leave open."""
    task = copy.deepcopy(task)
    if "tags" in body:
        task["tags"] = body["tags"]
    if "identity" in body:
        identity = task.setdefault("identity", {})
        ids = {**(identity.get("userAssignedIdentities") or {}), **body["identity"].get("userAssignedIdentities", {})}
        kept = {id_: {} for id_, value in ids.items() if value is not None and "User" in body["identity"]["type"]}
        task["identity"] = {"type": body["identity"]["type"], "userAssignedIdentities": kept}
    for name, value in body.get("properties", {}).items():
        if name in ("platform", "agentConfiguration"):
            task[name] = {**task.get(name, {}), **value}
        elif name == "step":
            assert value["type"] == task["step"]["type"]
            task["step"].update(value)
        elif name == "trigger":
            trigger = task.setdefault("trigger", {})
            timers = value.get("timerTriggers", [])
            trigger["timerTriggers"] = _by_name(trigger.get("timerTriggers", []), timers)
            if "sourceTriggers" in value:
                old = trigger.get("sourceTriggers", []) if by_name else []
                trigger["sourceTriggers"] = _by_name(old, value["sourceTriggers"])
            if "baseImageTrigger" in value:
                trigger["baseImageTrigger"] = {**trigger.get("baseImageTrigger", {}), **value["baseImageTrigger"]}
        elif name == "credentials":
            _merge_credentials(task.setdefault("credentials", {}), value, into_entries)
        else:
            assert value is not None
            task[name] = value
    return task


def _merge_credentials(credentials: dict[str, Any], value: dict[str, Any], into_entries: bool) -> None:
    if "sourceRegistry" in value:
        credentials["sourceRegistry"] = value["sourceRegistry"]
    registries = credentials.setdefault("customRegistries", {})
    for host, entry in value.get("customRegistries", {}).items():
        if entry is None:
            del registries[host]
        else:
            registries[host] = {**(registries.get(host, {}) if into_entries else {}), **entry}


@pytest.mark.parametrize("by_name", [True, False], ids=["by-name", "whole-list"])
@pytest.mark.parametrize("into_entries", [True, False], ids=["into-entries", "whole-entries"])
@drawn
@given(old=_tasks, new=_tasks)
def test_the_request_turns_the_old_task_into_the_new(
    old: dict[str, Any], new: dict[str, Any], by_name: bool, into_entries: bool
) -> None:
    """One request leads from any drawn task to any other, secrets included."""
    plan = diff(old, new)
    if plan.route == PATCH:
        result = _merged(old, patch_body(plan, old, new), by_name=by_name, into_entries=into_entries)
    elif plan.route == PUT:
        body = put_body(new, "westeurope", replacing=True)
        result = {key: value for key, value in live_task(body).items() if key != "location"}
    else:
        result = old
    assert same(result, new, _TASK)
    assert diff(result, new).route is None


@drawn
@given(task=_tasks)
def test_a_task_does_not_differ_from_itself(task: dict[str, Any]) -> None:
    """No change asks for no request."""
    assert diff(task, copy.deepcopy(task)).changes == ()


@drawn
@given(old=_tasks, new=_tasks)
def test_a_patch_says_nothing_that_has_not_changed(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Every property in a PATCH is one that the plan names."""
    plan = diff(old, new)
    if plan.route != PATCH:
        return
    body = patch_body(plan, old, new)
    named = {change.path.partition("[")[0] for change in plan.changes}
    sent = {name for name in body if name != "properties"}
    for name, value in body.get("properties", {}).items():
        if name in ("status", "timeout"):
            sent.add(name)
        else:
            sent |= {f"{name}.{member}" for member in value if (name, member) != ("step", "type")}
    assert {path if path.count(".") < 2 else path.rpartition(".")[0] for path in named} == sent
