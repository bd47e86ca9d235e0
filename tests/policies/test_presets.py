"""The configurations that come with the pack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from acr_task_policies import policies

ROOT = Path(__file__).resolve().parents[2]
PRESETS = sorted((ROOT / "policies" / "presets").glob("*.json"))
RULES = {policy.name: policy for policy in policies()}
LEVELS = {"advisory", "mandatory", "remediate", "disabled"}


def schema_of(name: str) -> dict[str, Any]:
    schema = RULES[name].config_schema
    return {"type": "object", "properties": schema.properties if schema else {}, "additionalProperties": False}


def test_there_are_three_presets() -> None:
    """The README names each."""
    assert [path.stem for path in PRESETS] == ["baseline", "production", "strict"]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_a_configuration_that_the_pack_takes(path: Path) -> None:
    """Each key is a rule or `all`, each level one of Pulumi's, each setting within the bounds of its schema."""
    for name, value in json.loads(path.read_text()).items():
        settings = dict(value) if isinstance(value, dict) else {"enforcementLevel": value}
        level = settings.pop("enforcementLevel")
        assert level in LEVELS
        assert name == "all" or name in RULES
        if name != "all":
            jsonschema_rs.validate(schema_of(name), settings)
        if level == "remediate":
            assert getattr(RULES[name], "has_remediation", bool)()
