"""Inputs that a transform has set after the constructor, in ARM's spelling."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_acr_tasks.schema.definitions import INPUTS
from pulumi_acr_tasks.schema.spelling import spelled
from pulumi_acr_tasks.schema.values import UNKNOWN


@pytest.mark.parametrize(
    ("inputs", "props", "wanted"),
    [
        (INPUTS["Task"], {"agent_configuration": {"cpu": 2}}, {"agentConfiguration": {"cpu": 2}}),
        (
            INPUTS["Task"],
            {"tags": {"a": None, "b": "c"}, "credentials": {"customRegistries": {"h": None, "i": {"password": None}}}},
            {"tags": {"b": "c"}, "credentials": {"customRegistries": {"i": {}}}},
        ),
        (INPUTS["Run"], {"triggers": {"a": None}, "runRequest": None}, {"triggers": {"a": None}, "runRequest": None}),
        (INPUTS["Task"], {"timeout": 1, "tags": {"task_name": "x"}}, {"timeout": 1, "tags": {"task_name": "x"}}),
        (
            INPUTS["Task"],
            {"step": {"type": "Docker", "imageNames": ["old"], "image_names": ["new"]}},
            {"step": {"type": "Docker", "imageNames": ["new"]}},
        ),
        (
            INPUTS["Task"],
            {"step": {"image_names": ["new"], "imageNames": ["old"], "type": "Docker"}},
            {"step": {"imageNames": ["new"], "type": "Docker"}},
        ),
        (
            INPUTS["Task"],
            {"credentials": {"custom_registries": {"user_name": {"user_name": {"value": "u"}}}}},
            {"credentials": {"customRegistries": {"user_name": {"userName": {"value": "u"}}}}},
        ),
        (
            INPUTS["Task"],
            {"identity": {"user_assigned_identities": ["/a", "/b"]}},
            {"identity": {"userAssignedIdentities": {"/a": {}, "/b": {}}}},
        ),
        (
            INPUTS["Run"],
            {"run_request": {"type": "TaskRunRequest", "task_name": "t"}, "triggers": {"image_names": 1}},
            {"runRequest": {"type": "TaskRunRequest", "taskName": "t"}, "triggers": {"image_names": 1}},
        ),
        (
            INPUTS["Run"],
            {"bogus_name": 1, "runRequest": {"bogus_too": 2}},
            {"bogus_name": 1, "runRequest": {"bogus_too": 2}},
        ),
    ],
    ids=str,
)
def test_names_are_spelled_as_arm_does(inputs: dict[str, str], props: Any, wanted: Any) -> None:
    """Python's spelling wins; keys of maps, values of any kind and unknown names stay."""
    assert spelled(props, inputs) == wanted


def test_what_is_not_known_yet_stays_so() -> None:
    """A list of identities with an id that is not known yet is no map yet."""
    found = spelled({"step": UNKNOWN, "identity": {"user_assigned_identities": ["/a", UNKNOWN]}}, INPUTS["Task"])
    assert found["step"] is UNKNOWN
    assert found["identity"]["userAssignedIdentities"] is UNKNOWN
