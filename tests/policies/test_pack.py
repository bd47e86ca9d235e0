"""The pack finds its rules by walking the folder, and each is what the design asks of a rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy

import acr_task_policies
from acr_task_policies import policies

PACKAGE = Path(acr_task_policies.__file__).parent
RULES = {policy.name: policy for policy in policies()}


def test_each_file_of_the_folder_is_one_rule_of_that_name() -> None:
    """A rule's name is that of its file."""
    files = [path.stem for path in (PACKAGE / "rules").glob("*.py") if path.stem != "__init__"]
    assert sorted(RULES) == sorted("acr-task-" + stem.replace("_", "-") for stem in files)
    assert len(RULES) >= 3


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_what_it_is(name: str) -> None:
    """A rule has a name of three parts, one line of description, a severity and a level."""
    policy = RULES[name]
    assert re.fullmatch(r"acr-task-(require|disallow|limit)(-[a-z]+)+", name)
    assert re.fullmatch(r"Checks that [^\n]+\.", policy.description)
    assert policy.severity is not None
    assert policy.enforcement_level is EnforcementLevel.ADVISORY


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_good_task_and_a_good_run_pass_every_rule(name: str, task: dict, run: dict, sentences: Any) -> None:
    """No rule objects to the good objects."""
    policy = RULES[name]
    assert sentences(policy, task) == []
    assert sentences(policy, run) == []


@pytest.mark.parametrize("name", sorted(RULES))
def test_other_resources_are_left_alone(name: str, task: dict, sentences: Any) -> None:
    """A rule looks at tasks and runs only, by their type tokens."""
    policy = RULES[name]
    assert isinstance(policy, ResourceValidationPolicy)
    bad = {
        **task,
        "timeout": 28800,
        "step": {"imageNames": ["app"], "values": [{"name": "TOKEN", "value": "s3cr3t-s3"}]},
    }
    assert sentences(policy, bad) != []
    assert sentences(policy, bad, resource_type="azure-native:containerregistry:Task") == []


def test_the_policies_know_nothing_of_the_provider() -> None:
    """No file of the pack imports the provider or the emulator."""
    for path in PACKAGE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("pulumi_acr_tasks", "acr_tasks_emulator")) for name in names), path
