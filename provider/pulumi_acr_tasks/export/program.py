"""The text of a program that declares tasks as the service has them, secrets left to the stack's configuration."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

from pulumi_acr_tasks.encoded import command_content, task_content
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.export.python_source import Call, Code, Source, Text, constant, quoted, render
from pulumi_acr_tasks.schema.definitions import Kind, members, snake_case, variant
from pulumi_acr_tasks.schema.encoded_text import decoded
from pulumi_acr_tasks.schema.secrets import is_secret
from pulumi_acr_tasks.task.drift import live_task, observed


@dataclass
class Program:
    """Is a program under construction: its tasks, the types that they use, the secrets that they ask for."""

    registry_id: str
    secrets: list[str] = field(default_factory=list)
    _tasks: list[Call] = field(default_factory=list)
    _types: set[str] = field(default_factory=lambda: {"Task"})

    def add(self, name: str, answer: dict[str, Any]) -> None:
        """Declares a task; `answer` is what listDetails says of it. What is as it is by default is left out."""
        # A drift that nobody would call one, an architecture filled in, is a difference when a task is adopted.
        inputs = {**observed({}, answer), "platform": live_task(answer)["platform"]}
        arguments: dict[str, Source] = {"": constant(name), "registry_id": Code("REGISTRY")}
        for member, of in members("Task").items():
            if member in inputs and member != "location":
                arguments[snake_case(member)] = self._source(inputs[member], of, name)
        self._tasks.append(Call("Task", {**arguments, "adopt": Code("True")}))

    def __str__(self) -> str:
        """Gives the program's text."""
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
        return constant(value)

    def _object(self, value: dict[str, Any], of: Kind, path: str) -> Source:
        definition = variant(of.name, value)
        self._types.add(f"{definition}Args")
        arguments: dict[str, Source] = {}
        for name, item in value.items():
            if item is None or (name == "type" and definition != of.name):
                continue  # the class says the type
            of_member = members(definition)[name]
            if is_secret(definition, name, value):
                named = (definition, name) in _NAMED_BY_OWNER
                arguments[snake_case(name)] = self._secret(path if named else f"{path}-{name}")
            else:
                at = f"{path}-{name}" if of_member.name == "SecretObject" else path
                arguments[snake_case(name)] = self._source(item, of_member, at)
        constructor, made = _task_file(value.get("encodedTaskContent"))
        if constructor:
            del arguments["encoded_task_content"]
        return Call(f"{definition}Args{constructor}", {**made, **arguments})

    def _secret(self, path: str) -> Code:
        """Asks the configuration for a secret, by the names of task, item and member."""
        key = re.sub(r"[^A-Za-z0-9_]+", "-", path).strip("-")
        while key in self.secrets:
            key += "-too"
        self.secrets.append(key)
        return Code(f"config.require_secret({render(constant(key))})")


def _task_file(content: Any) -> tuple[str, dict[str, Source]]:
    """Return the constructor that takes a task file as people read it, and its arguments.

    Nothing where neither gives the very same base64.
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


# What az writes for a command, and so does from_cmd.
_COMMAND = re.compile(
    r"version: v1\.1\.0\nsteps: \n  - cmd: (?P<cmd>.+)\n    disableWorkingDirectoryOverride: true\n"
    r"    timeout: (?P<timeout>[0-9]{1,9})\n"
)

# Secrets that are called as what they belong to.
_NAMED_BY_OWNER = {("SecretObject", "value"), ("Argument", "value"), ("SetValue", "value")}


def _label(item: Any, index: int) -> str:
    return str(item["name"]) if isinstance(item, dict) and item.get("name") else str(index + 1)
