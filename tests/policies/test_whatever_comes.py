"""No rule raises for any task, and no value of a secret stands in a message."""

from __future__ import annotations

import contextlib
import copy
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy import EnforcementLevel, PolicyResource, ResourceValidationPolicy, StackValidationArgs
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
    UnknownValueError,
    unknown_checking_proxy,
)

from acr_task_policies import policies

from .conftest import NATIVE_RUN, NATIVE_TASK, PLUGIN_RUN, PLUGIN_TASK, RUN, TASK, encoded, floats

CANARY = "canary-s3cr3t-0815"

NAMES = st.sampled_from(["NPM_TOKEN", "A", "password", "", "ü"])
SECRETS = st.sampled_from(
    [CANARY, f"https://u:{CANARY}@h.example/x", f"https://x.example/?sig={CANARY}", f"DB_PASSWORD={CANARY}", ""]
)
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            UNKNOWN_STRING_VALUE,
            UNKNOWN_OBJECT_VALUE,
            UNKNOWN_ARRAY_VALUE,
            "",
            "*",
            "Enabled",
            [],
            {},
            [None],
            {"": None},
        ]
    ),
    SECRETS,
)
TEXTS = st.sampled_from(
    [
        f"steps:\n  - cmd: -e PASSWORD={CANARY} r.example/x:1 --token {CANARY}\n    env: [API_KEY={CANARY}]\n",
        f"version: v1.1.0\nalias: {{values: {{secret: {CANARY}}}}}\nsteps: [{{build: '-t x .'}}, {{push: [x, 5]}}]",
        f"steps: [{{cmd: '\"{CANARY}'}}, {{build: 7}}, {{push: {CANARY}}}, 5, null]",
        f"{{{{ {CANARY}",
        f"!!int {CANARY}",
        "",
    ]
).map(encoded)


def _or_strange(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(value, value, value, STRANGE)


ARGUMENT = st.fixed_dictionaries({}, optional={"name": _or_strange(NAMES), "value": SECRETS, "isSecret": STRANGE})
BODY = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(["Docker", "EncodedTask", "FileTask", "TaskRunRequest"]), STRANGE),
        "imageNames": _or_strange(st.lists(st.one_of(SECRETS, STRANGE), max_size=3)),
        "arguments": _or_strange(st.lists(_or_strange(ARGUMENT), max_size=2)),
        "values": _or_strange(st.lists(_or_strange(ARGUMENT), max_size=2)),
        "contextPath": st.one_of(SECRETS, STRANGE),
        "sourceLocation": st.one_of(SECRETS, STRANGE),
        "encodedTaskContent": _or_strange(TEXTS),
        "encodedValuesContent": _or_strange(TEXTS),
        "credentials": STRANGE,
        "platform": STRANGE,
        "timeout": STRANGE,
    },
)
TIMERS = st.lists(
    _or_strange(
        st.fixed_dictionaries({}, optional={"schedule": st.one_of(st.just("* * * * *"), STRANGE), "status": STRANGE})
    ),
    max_size=2,
)
SOURCES = st.lists(
    _or_strange(
        st.fixed_dictionaries(
            {},
            optional={
                "sourceTriggerEvents": _or_strange(st.just(["commit", "pullrequest"])),
                "sourceRepository": _or_strange(st.fixed_dictionaries({"repositoryUrl": SECRETS})),
            },
        )
    ),
    max_size=2,
)
HOSTS = st.dictionaries(
    st.sampled_from(["r.example", "a.azurecr.io"]),
    _or_strange(
        st.fixed_dictionaries({}, optional={"password": _or_strange(st.fixed_dictionaries({"value": SECRETS}))})
    ),
    max_size=2,
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "step": _or_strange(BODY),
        "runRequest": _or_strange(BODY),
        "registryId": STRANGE,
        "registryName": STRANGE,
        "context": st.one_of(SECRETS, STRANGE),
        "location": STRANGE,
        "platform": STRANGE,
        "timeout": STRANGE,
        "status": STRANGE,
        "tags": STRANGE,
        "identity": STRANGE,
        "wait": STRANGE,
        "trigger": _or_strange(
            st.fixed_dictionaries(
                {},
                optional={
                    "timerTriggers": _or_strange(TIMERS),
                    "sourceTriggers": _or_strange(SOURCES),
                    "baseImageTrigger": STRANGE,
                },
            )
        ),
        "credentials": _or_strange(st.fixed_dictionaries({}, optional={"customRegistries": _or_strange(HOSTS)})),
    },
)
STRICT = {
    "allowed": ["none"],
    "trusted": ["none"],
    "required": ["owner"],
    "defaults": {"owner": "x"},
    "except": [],
    "hosts": ["*"],
    "max": 0,
}


def drawn(examples: int) -> settings:
    """Return settings that draw the same examples in each run, and new ones where `make properties` asks for lives."""
    return settings(
        max_examples=examples,
        derandomize="ACR_TASKS_LIVES" not in os.environ,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@drawn(150)
@given(properties=PROPERTIES, kind=st.sampled_from([TASK, RUN, PLUGIN_TASK, PLUGIN_RUN, NATIVE_TASK, NATIVE_RUN]))
def test_no_rule_raises_and_none_prints_a_secret(properties: dict[str, Any], kind: str) -> None:
    """Unknowns, wrong types and secrets in any place lead to sentences without values, or to nothing."""
    reported: list[str] = []
    from pulumi_policy import PolicyResourceOptions, ResourceValidationArgs
    from pulumi_policy.policy import PolicyCustomTimeouts

    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])

    def report(sentence: str, urn: str | None = None) -> None:
        reported.append(sentence)

    for policy in policies():
        props = unknown_checking_proxy(floats(copy.deepcopy(properties)))
        with contextlib.suppress(UnknownValueError):
            if isinstance(policy, ResourceValidationPolicy):
                args = ResourceValidationArgs(kind, props, "urn::it", "it", options, None, floats(STRICT))
                policy.validate(args, report)
            else:
                resource = PolicyResource(kind, props, "urn::it", "it", options, None, None, [], {})
                policy.validate(StackValidationArgs([resource, resource], floats(STRICT)), report)  # type: ignore[attr-defined]
    assert CANARY not in "\n".join(reported)


@pytest.mark.parametrize("name", [policy.name for policy in policies() if getattr(policy, "has_remediation", bool)()])
@drawn(40)
@given(properties=PROPERTIES)
def test_no_remedy_raises_and_none_prints_a_secret(name: str, properties: dict[str, Any], remediated: Any) -> None:
    """A remedy changes what it can, and its diagnostic holds no value."""
    (policy,) = [policy for policy in policies() if policy.name == name]
    assert policy.enforcement_level is EnforcementLevel.ADVISORY
    answer = remediated(policy, properties, **STRICT)
    assert CANARY not in "".join(change.diagnostic for change in answer.remediations)
