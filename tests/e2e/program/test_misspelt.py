"""No typo sends a program to the public cloud: not in the configuration, not in the program."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack

HEAD = """
import pulumi
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Provider, Task, TimerTriggerArgs

linux = PlatformPropertiesArgs(os="Linux")
step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6IFt7Y21kOiBidXN5Ym94IHRydWV9XQ==")
"""
ONE_TASK = f'{HEAD}\nTask("build-it", platform=linux, step=step)\n'

# Lines of the project's configuration, and what stands on the screen. (Without the last the endpoint is Azure's.)
KEYS = {
    "acr-tasks:endpont: {value: embedded}": "did you mean acr-tasks:endpoint?",
    "acr-tasks:registry_name: {value: contoso}": "did you mean acr-tasks:registryName?",
    'acr-tasks:endpoint: {value: ""}': "acr-tasks:endpoint is empty",
    "acr-tasks:credential: {value: client-secret}": "the credential 'client-secret' needs acr-tasks:tenantId",
}
FOREIGN_KEYS = {
    "acr_tasks:endpoint: {value: embedded}": "acr_tasks:endpoint is ignored: the namespace of this provider is",
    'pulumi:disable-default-providers: {value: ["*"]}': "forbids the default provider; give a pulumi_acr_tasks",
}

# A component that names its provider under our name, in a program whose configuration says nothing.
COMPONENT = f"""{HEAD}
class Shop(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("shop:index:Shop", name, None, opts)
        Task("of-the-shop", platform=linux, step=step, opts=pulumi.ResourceOptions(parent=self))

config = pulumi.Config()
provider = Provider("here", **{{name: config.require(name) for name in (
    "endpoint", "subscription_id", "resource_group_name", "registry_name")}})
Shop("shop", pulumi.ResourceOptions(providers={{"acr-tasks": provider}}))
"""

# Statements of a program, and what stands on the screen in place of a traceback.
STATEMENTS = {
    'Task("build-it", platfrom=linux, step=step)': "__main__.py, line 7: Task has no argument 'platfrom'; did you mean "
    "platform?",
    'TimerTriggerArgs(name="x", shedule="* * * * *")': "no argument 'shedule'; did you mean schedule?",
    'TimerTriggerArgs(name="x")': "TimerTriggerArgs: missing a required argument: 'schedule'",
    'Provider("p", endpont="embedded")': "Provider has no argument 'endpont'; did you mean endpoint?",
}


def sentences_in_preview(new_stack: Callable[..., Stack], keys: dict[str, str]) -> None:
    stack = new_stack("shop", program=ONE_TASK)
    project = (stack.folder / "Pulumi.yaml").read_text()
    ids = "".join(f"  acr-tasks:{key}: {{value: contoso}}\n" for key in ("subscriptionId", "resourceGroupName"))
    for line, sentence in keys.items():
        stack.write("Pulumi.yaml", f"{project}config:\n{ids}  {line}\n")
        screen = stack.preview().failed().screen
        assert sentence in screen.replace("\n    ", " "), line


def test_a_misspelt_key_is_told_in_preview(new_stack: Callable[..., Stack]) -> None:
    """The sentence names the key that was meant; no request reaches the public cloud."""
    sentences_in_preview(new_stack, KEYS)


@pytest.mark.one_host(reason="the engine hands a plugin the keys of its own namespace alone")
def test_a_key_of_another_namespace_is_told_in_preview(new_stack: Callable[..., Stack]) -> None:
    """The sentence names the namespace that was meant, or what the key forbids."""
    sentences_in_preview(new_stack, FOREIGN_KEYS)


def test_a_component_hands_its_provider_on_under_our_name(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """The task is made at that provider's endpoint; calls with typos are sentences with their line."""
    stack = new_stack("shop", program=COMPONENT)
    for key, value in idle_emulator.config.items():
        snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in key)
        stack.pulumi("config", "set", snake, value, "--stack", "dev").succeeded()
    stack.up().succeeded()
    assert idle_emulator.task("of-the-shop")["name"] == "of-the-shop"
    stack.destroy().succeeded()
    for statement, sentence in STATEMENTS.items():
        stack.write("__main__.py", f"{HEAD}{statement}\n")
        assert sentence in stack.preview().failed().screen, statement
