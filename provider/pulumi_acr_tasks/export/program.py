"""The program that declares the tasks of a registry, with secrets left to the stack's configuration."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.export.python_source import Call, Code, Source, Text, constant, quoted, render
from pulumi_acr_tasks.program.encoded import command_content, task_content
from pulumi_acr_tasks.schema.definitions import Kind, members, snake_case, variant
from pulumi_acr_tasks.schema.secrets import holds_secret, is_secret
from pulumi_acr_tasks.schema.values import decoded
from pulumi_acr_tasks.service import service_for
from pulumi_acr_tasks.task.drift import live_task, observed

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.settings.settings import Settings


def exported(
    settings: Settings, registry: RegistryId, names: Sequence[str] | None, *, note: Callable[[str], None]
) -> Program:
    """Return the program for the tasks of a registry: those of `names`, or all.

    Read each task by listDetails. Leave out a task without platform or step (the service's own `quicktask`), because no
    program can declare it, and say so by `note`. Raise ServiceError for a task that does not exist or may not be read.
    """
    client, program = service_for(settings).client(), Program(str(registry))
    for name in names or [str(task.name) for task in client.tasks.list(registry)]:
        details = client.tasks.get_details(registry, name)
        properties = details.raw.get("properties") or {}
        if properties.get("platform") and properties.get("step"):
            program.add(str(details.name or name), details.raw)
        else:
            note(f"task {name} is left out: it has no platform or no step")
    return program


@dataclass
class Program:
    """A program: its tasks, the types that they use, and the configuration keys of their secrets."""

    registry_id: str
    secrets: list[str] = field(default_factory=list)
    _tasks: list[Call] = field(default_factory=list)
    _types: set[str] = field(default_factory=lambda: {"Task"})

    def add(self, name: str, answer: dict[str, Any]) -> None:
        """Declare a task by the answer of listDetails, without members that have their defaults."""
        # `observed` ignores an architecture that the service has filled in; an adoption compares it.
        inputs = {**observed({}, answer), "platform": live_task(answer)["platform"]}
        arguments: dict[str, Source] = {"": constant(name), "registry_id": Code("REGISTRY")}
        for member, of in members("Task").items():
            if member in inputs and member != "location":
                arguments[snake_case(member)] = self._source(inputs[member], of, name)
        self._tasks.append(Call("Task", {**arguments, "adopt": Code("True")}))

    def __str__(self) -> str:
        """Return the program's text."""
        blocks = ['"""Tasks of a registry, taken over as they are."""']
        if self.secrets:
            blocks.append("import pulumi")
        names = "".join(f"    {name},\n" for name in sorted(self._types))
        blocks.append(f"from pulumi_acr_tasks import (\n{names})")
        settings = [f"REGISTRY = {render(constant(self.registry_id))}"]
        settings += ["config = pulumi.Config()"] if self.secrets else []
        blocks.append("\n".join(settings))
        return "\n\n".join([*blocks, *(render(task) for task in self._tasks)]) + "\n"

    def _source(self, value: Any, of: Kind, path: str) -> Source:
        if of.container == "list" and isinstance(value, list):
            return [self._source(item, of.item, f"{path}-{_label(item, index)}") for index, item in enumerate(value)]
        if of.name == "UserIdentityProperties" and isinstance(value, dict):
            return [constant(id_) for id_ in value]
        if of.container == "map" and isinstance(value, dict):
            return {key: self._source(item, of.item, f"{path}-{key}") for key, item in value.items()}
        if of.is_object and isinstance(value, dict):
            return self._object(value, of, path)
        return self._secret(path) if _carries_secret("", value) else constant(value)

    def _object(self, value: dict[str, Any], of: Kind, path: str) -> Source:
        definition = variant(of.name, value)
        self._types.add(f"{definition}Args")
        arguments: dict[str, Source] = {}
        for name, item in value.items():
            if item is None or (name == "type" and definition != of.name):
                continue  # the class says the type
            of_member = members(definition)[name]
            if is_secret(definition, name, value) or _carries_secret(name, item):
                named = (definition, name) in _NAMED_BY_OWNER
                arguments[snake_case(name)] = self._secret(path if named else f"{path}-{name}")
            else:
                at = f"{path}-{name}" if of_member.name == "SecretObject" else path
                arguments[snake_case(name)] = self._source(item, of_member, at)
        content = value.get("encodedTaskContent")
        constructor, made = ("", {}) if _carries_secret("encodedTaskContent", content) else _task_file(content)
        if constructor:
            del arguments["encoded_task_content"]
        return Call(f"{definition}Args{constructor}", {**made, **arguments})

    def _secret(self, path: str) -> Code:
        """Return the expression that reads a secret from the configuration, by the names of task, item and member."""
        key = re.sub(r"[^A-Za-z0-9_]+", "-", path).strip("-")
        while key in self.secrets:
            key += "-too"
        self.secrets.append(key)
        return Code(f"config.require_secret({render(constant(key))})")


def _carries_secret(name: str, value: Any) -> bool:
    """Return whether a member carries a secret in an address, also in one within a task file."""
    text = decoded(value) if name == "encodedTaskContent" and isinstance(value, str) else value
    return isinstance(text, str) and holds_secret(text)


def _task_file(content: Any) -> tuple[str, dict[str, Source]]:
    """Return the constructor that takes a task file as people read it, and its arguments.

    Return nothing where no constructor gives the same base64.
    """
    text = decoded(content) if isinstance(content, str) else None
    if not text:
        return "", {}
    expected = "".join(content.split())
    command = _COMMAND.fullmatch(text)
    with contextlib.suppress(ValidationError):
        if command and command_content(command["cmd"], int(command["timeout"])) == expected:
            timeout = {"timeout": Code(command["timeout"])} if command["timeout"] != "3600" else {}
            return ".from_cmd", {"": constant(command["cmd"]), **timeout}
        if task_content(text) == expected:
            return ".from_yaml", {"": Text(tuple(quoted(line) for line in text.splitlines(keepends=True)))}
    return "", {}


# The text that az writes for a command, as from_cmd does.
_COMMAND = re.compile(
    r"version: v1\.1\.0\nsteps: \n  - cmd: (?P<cmd>.+)\n    disableWorkingDirectoryOverride: true\n"
    r"    timeout: (?P<timeout>[0-9]{1,9})\n"
)

# Secrets that have the name of their owner.
_NAMED_BY_OWNER = {("SecretObject", "value"), ("Argument", "value"), ("SetValue", "value")}


def _label(item: Any, index: int) -> str:
    return str(item["name"]) if isinstance(item, dict) and item.get("name") else str(index + 1)
