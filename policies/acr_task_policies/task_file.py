"""The text of an encoded task, read into steps with their line numbers; templates are left in place."""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import yaml

_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_MARK = re.compile(r"\ue000(\d+)\ue001")  # private-use characters: they stand for a template while the text is parsed
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Options that take no value; every other option takes the next word.
_RUN_FLAGS = {
    "-d", "-i", "-P", "-t", "-it", "-ti", "--detach", "--help", "--init", "--interactive", "--no-healthcheck",
    "--oom-kill-disable", "--privileged", "--publish-all", "--quiet", "-q", "--read-only", "--rm", "--sig-proxy",
    "--tty",
}  # fmt: skip
_BUILD_FLAGS = {
    "-q", "--compress", "--disable-content-trust", "--force-rm", "--help", "--load", "--no-cache", "--pull", "--push",
    "--quiet", "--rm", "--squash",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A piece of text in a task file: `number` counts lines from 1, `where` is a path such as `steps[0].env[1]`."""

    number: int
    where: str
    text: str

    @property
    def at(self) -> str:
        """Return the place for a message, such as `line 3, steps[0].env[1]`."""
        return f"line {self.number}, {self.where}"


@dataclass(frozen=True)
class Step:
    """A step of a task file.

    `kind` is cmd, build or push. `command` is the command line of cmd and build, `pushed` the image names of push,
    `members` the step's other members as text, lower case.
    """

    kind: str
    command: Line
    pushed: tuple[Line, ...] = ()
    env: tuple[Line, ...] = ()
    members: dict[str, Line] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """Return the words of the command line; empty when a quote is not closed."""
        return _words(self.command.text)

    @property
    def tags(self) -> list[Line]:
        """Return the image names of a build: the values of -t and --tag."""
        names = [value for name, value in self.options if name in ("-t", "--tag")] if self.kind == "build" else []
        where = self.command.where
        places = [where] if len(names) == 1 else [f"{where}, tag {number}" for number in range(1, len(names) + 1)]
        return [Line(self.command.number, place, name) for place, name in zip(places, names, strict=True)]

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return the options before the image of a cmd step, each with its value; "" for an option without a value."""
        return [(name, value) for name, value in _options(self.words, is_build=self.kind == "build") if name]

    @property
    def image(self) -> str | None:
        """Return the image that a cmd step runs; None for other steps."""
        if self.kind != "cmd":
            return None
        return next((value for name, value in _options(self.words, is_build=False) if not name), None)


@dataclass(frozen=True)
class TaskFile:
    """A task file: its steps, the variables of the whole task, and the values of its aliases."""

    steps: tuple[Step, ...] = ()
    env: tuple[Line, ...] = ()
    aliases: tuple[Line, ...] = ()


@lru_cache(maxsize=1024)
def read(encoded: str) -> TaskFile:
    """Read the base64 text of a task; a text that cannot be read has no steps.

    The service does not look at a task's text before a run either, and wrong YAML is reported by others.
    """
    text = _decoded(encoded)
    root = _compose(text) if text is not None else None
    members = _members(root)
    steps = members.get("steps")
    items = steps.value if isinstance(steps, yaml.SequenceNode) else []
    templates = _TEMPLATE.findall(text or "")
    return TaskFile(
        steps=tuple(step for index, item in enumerate(items) if (step := _step(item, f"steps[{index}]", templates))),
        env=tuple(_lines(members.get("env"), "env", templates)),
        aliases=tuple(_pairs(_members(members.get("alias")).get("values"), "alias.values", templates)),
    )


@lru_cache(maxsize=1024)
def read_values(encoded: str) -> tuple[Line, ...]:
    """Read the base64 text of a values file: a line a value, `where` being its name."""
    text = _decoded(encoded)
    return tuple(_pairs(_compose(text), "", [])) if text is not None else ()


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _compose(text: str) -> yaml.Node | None:
    """Parse the text into nodes, each template standing aside and comment lines blank, as the agent drops them."""
    numbers = iter(range(text.count("{{") + 1))
    aside = _TEMPLATE.sub(lambda match: f"\ue000{next(numbers)}\ue001" + "\n" * match[0].count("\n"), text)
    blanked = re.sub(r"^[ \t]*#[^\n]*$", "", aside, flags=re.MULTILINE)
    try:
        return yaml.compose(blanked, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError):
        return None


def _members(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return the members of a mapping by name; the last one of a repeated name counts."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def _step(node: yaml.Node, where: str, templates: list[str]) -> Step | None:
    members = _members(node)
    kind = next((name for name in ("cmd", "build", "push") if name in members), None)
    if kind is None:
        return None
    command = members.pop(kind)
    return Step(
        kind,
        _line(command, f"{where}.{kind}", templates) if isinstance(command, yaml.ScalarNode) else Line(0, where, ""),
        pushed=tuple(_lines(command, f"{where}.push", templates)) if kind == "push" else (),
        env=tuple(_lines(members.pop("env", None), f"{where}.env", templates)),
        members={
            name.lower(): _line(value, f"{where}.{name}", templates)
            for name, value in members.items()
            if isinstance(value, yaml.ScalarNode)
        },
    )


def _line(node: yaml.ScalarNode, where: str, templates: list[str]) -> Line:
    whole = _MARK.sub(lambda match: templates[int(match[1])] if int(match[1]) < len(templates) else "", node.value)
    return Line(node.start_mark.line + 1, where, whole)


def _lines(node: yaml.Node | None, where: str, templates: list[str]) -> Iterator[Line]:
    for index, item in enumerate(node.value if isinstance(node, yaml.SequenceNode) else []):
        if isinstance(item, yaml.ScalarNode):
            yield _line(item, f"{where}[{index}]", templates)


def _pairs(node: yaml.Node | None, where: str, templates: list[str]) -> Iterator[Line]:
    for name, value in _members(node).items():
        if isinstance(value, yaml.ScalarNode):
            yield _line(value, f"{where}.{name}".lstrip("."), templates)


def _words(command: str) -> list[str]:
    """Split a command line as the agent's shell does; a template is one word, whatever blanks it holds."""
    templates = _TEMPLATE.findall(command)
    numbers = iter(range(len(templates)))
    try:
        words = shlex.split(_TEMPLATE.sub(lambda _: f"\ue000{next(numbers)}\ue001", command))
    except ValueError:
        return []
    return [_MARK.sub(lambda match: templates[int(match[1])], word) for word in words]


def _options(words: list[str], *, is_build: bool) -> Iterator[tuple[str, str]]:
    """Yield the options with their values, and other words under the name "".

    The first such word of a cmd step is its image; the words behind it belong to the container.
    """
    flags = _BUILD_FLAGS if is_build else _RUN_FLAGS
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            yield "", word
            if not is_build:
                return
            continue
        name, equals, value = word.partition("=")
        yield name, value if equals else "" if name in flags else next(rest, "")
