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
from acr_task_policies.resource import kind_of

PACKAGE = Path(acr_task_policies.__file__).parent
RULES = {policy.name: policy for policy in policies()}


PREFIXES = {"runs": "acr-run-", "stacks": "acr-stack-"}
FOLDERS = ["images", "placement", "runs", "secrets", "stacks", "timing", "triggers"]


def test_each_file_of_the_folders_is_one_rule_of_that_name() -> None:
    """A rule's name is that of its file, behind the prefix of its folder."""
    files = [path for path in (PACKAGE / "rules").glob("*/*.py") if path.stem != "__init__"]
    names = [PREFIXES.get(path.parent.name, "acr-task-") + path.stem.replace("_", "-") for path in files]
    assert sorted(RULES) == sorted(names)
    assert sorted({path.parent.name for path in files}) == FOLDERS


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_what_it_is(name: str) -> None:
    """A rule has a name of three parts and a line of description, and says how grave it is and what to do."""
    policy = RULES[name]
    assert re.fullmatch(r"acr-(task|run|stack)-(require|disallow|limit)(-[a-z]+)+", name)
    assert re.fullmatch(r"Checks that [^\n]+\.", policy.description)
    assert policy.severity is not None
    assert policy.enforcement_level is EnforcementLevel.ADVISORY
    assert policy.tags
    assert re.fullmatch(r"[^\n]+\.", policy.remediation_steps or "")
    assert re.fullmatch(r"https://learn\.microsoft\.com/azure/container-registry/[a-z-]+", policy.url or "")


@pytest.mark.parametrize("name", sorted(RULES))
def test_each_setting_has_bounds_and_a_default_within_them(name: str) -> None:
    """A number has a minimum and a maximum, a list says what its items are, and the default is one of them."""
    schema = RULES[name].config_schema
    for setting in (schema.properties if schema else {}).values():
        default = setting["default"]
        if setting["type"] == "integer":
            assert setting["minimum"] <= default <= setting["maximum"]
        elif setting["type"] == "array":
            assert all(isinstance(item, str) and item for item in default)
            assert setting["items"] == {"type": "string", "minLength": 1}
        else:
            assert setting["type"] == "object"
            assert default == {}


ON_RESOURCES = sorted(name for name, policy in RULES.items() if isinstance(policy, ResourceValidationPolicy))


@pytest.mark.parametrize("name", ON_RESOURCES)
def test_a_good_task_and_a_good_run_pass_every_rule(name: str, task: dict, run: dict, sentences: Any) -> None:
    """No rule objects to the good objects."""
    policy = RULES[name]
    assert sentences(policy, task) == []
    assert sentences(policy, run) == []


@pytest.mark.parametrize("name", ON_RESOURCES)
@pytest.mark.parametrize("other", ["azure-native:containerregistry:Registry", "acr-tasks:index:Task2", "random:Task"])
def test_other_resources_are_left_alone(name: str, other: str, task: dict, sentences: Any) -> None:
    """A rule looks at tasks and runs only, by their type tokens."""
    bad = {**task, "timeout": 28800, "step": {"imageNames": ["app"], "values": [{"name": "TOKEN", "value": "s3cr3t"}]}}
    assert sentences(RULES[name], bad, resource_type=other) == []


def test_the_policies_know_nothing_of_the_provider() -> None:
    """No file of the pack imports the provider or the emulator."""
    for path in PACKAGE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("pulumi_acr_tasks", "acr_tasks_emulator")) for name in names), path


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("pulumi-python:dynamic/acr-tasks:Task", "task"),
        ("pulumi-python:dynamic/acr-tasks:Run", "run"),
        ("acr-tasks:index:Task", "task"),
        ("acr-tasks:index:Run", "run"),
        ("azure-native:containerregistry:Task", "task"),
        ("azure-native:containerregistry:TaskRun", "run"),
        ("azure-native:containerregistry/v20190601preview:Task", "task"),
        ("azure-native_containerregistry_v20250301preview:containerregistry:TaskRun", "run"),
        ("azure-native:containerregistry:Webhook", None),
        ("azure:containerservice/registryTask:RegistryTask", None),
    ],
)
def test_a_type_token_says_task_or_run(token: str, kind: str | None) -> None:
    """Tasks and runs are known by the tokens of their providers, in every version of the API."""
    assert kind_of(token) == kind
