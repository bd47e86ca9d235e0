"""The text of a task file as the agent prepares it before it reads the YAML: comments, aliases, templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pulumi_acr_tasks.validate.task_file.templates import Action, actions, wrong_actions
from pulumi_acr_tasks.validate.task_file.yaml import Position

# A placeholder, from Unicode's private area, for each character of a template's action or an alias with unknown value.
PLACEHOLDER = "\ue000"

_VERSION = re.compile(r"""^["']?version["']?[ \t]*:[ \t]*["']?v1\.1\.0["']?[ \t]*(?:#.*)?\r?$""", re.MULTILINE)
_ALIAS_BLOCK = re.compile(r"^alias[ \t]*:.*\n(?:(?:[ \t\-].*)?\n?)*", re.MULTILINE)
_ALIAS = re.compile(r"\$([A-Za-z0-9]+)")
_PREDEFINED = {"ID", "SharedVolume", "Registry", "RegistryName", "Date", "OS", "Architecture", "Commit", "Branch"}
_OPENS, _CLOSES = ("if", "range", "with", "define", "block"), "end"

Load = Callable[[str], Any]


@dataclass
class TaskText:
    """The prepared text, with as many lines as the file; None when templates decide which lines the file has.

    `errors`: what fails before the YAML is read, each with its position and a sentence.
    """

    text: str | None
    errors: list[tuple[Position, str]] = field(default_factory=list)


def prepare(text: str, load: Load) -> TaskText:
    """Return the prepared text of a task file. `load` reads YAML, and returns None for invalid YAML."""
    text = "\n".join("" if line.lstrip().startswith("#") else line for line in text.split("\n"))
    wrong: list[tuple[Position, str]] = []
    if _VERSION.search(text):
        text, wrong = _without_aliases(text, load)
    wrong += [(_position(text, at), sentence) for at, sentence in wrong_actions(text)]
    return TaskText(None if wrong else _without_actions(text), wrong)


def _position(text: str, at: int) -> Position:
    return text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1


def _without_aliases(text: str, load: Load) -> tuple[str, list[tuple[Position, str]]]:
    """Return the text with aliases replaced by their values, or by placeholders for unknown values."""
    block = _ALIAS_BLOCK.search(text)
    alias = _map(_map(load(_hidden(block[0])) if block else None).get("alias"))
    values = _map(alias.get("values"))
    wrong = [
        (
            _position(text, text.index(str(key), block.start() if block else 0)),
            f"the alias {str(key)!r} has another character than letters and digits, which the agent refuses",
        )
        for key in values
        if not re.fullmatch(r"[A-Za-z0-9]+", str(key)) and str(key) in text
    ]
    elsewhere = bool(alias.get("src")) or alias.get("directive") not in (None, "$")

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name in values and not isinstance(values[name], (dict, list)) and values[name] is not None:
            return "true" if values[name] is True else "false" if values[name] is False else str(values[name])
        return PLACEHOLDER * len(match[0]) if elsewhere or name in _PREDEFINED else match[0]

    head, tail = (text[: block.end()], text[block.end() :]) if block else ("", text)
    if block:
        head = _ALIAS.sub(replaced, text[: block.start()]) + re.sub(r"[^\n]", " ", block[0])
    return head + _ALIAS.sub(replaced, tail), wrong


def _map(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _hidden(text: str) -> str:
    """Return the text with placeholders for all actions."""
    for action in reversed(actions(text)[0]):
        text = text[: action.start] + PLACEHOLDER * (action.end - action.start) + text[action.end :]
    return text


def _without_actions(text: str) -> str | None:
    """Return the text with placeholders for actions; None when an action may add or remove a line."""
    found = actions(text)[0]
    for first, last in _groups(found):
        start, end = first.start, last.end
        if "\n" in text[start:end]:
            return None
        before = text[text.rfind("\n", 0, start) + 1 : start]
        after = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
        trims = first.inner.startswith("-") or last.inner.endswith("-")
        alone = not before.strip() and not after.strip()
        if alone or (trims and not (before.strip() and after.strip())):
            return None
        text = text[:start] + PLACEHOLDER * (end - start) + text[end:]
    return text


def _groups(found: list[Action]) -> list[tuple[Action, Action]]:
    """Return pairs of a first and a last action: an action alone, or an `if` with its `end`."""
    groups: list[tuple[Action, Action]] = []
    depth, first = 0, None
    for action in found:
        word = (
            (re.findall(r"[A-Za-z]+", action.inner) or [""])[0] if not action.inner.lstrip("- ").startswith(".") else ""
        )
        if word in _OPENS:
            first = first or action
            depth += 1
        elif word == _CLOSES and depth:
            depth -= 1
        if not depth:
            groups.append((first or action, action))
            first = None
    if first is not None:
        groups.append((first, found[-1]))
    return groups
