"""Aliases of task files: `$ID`, `$Registry` and the task's own, and images such as `az`.

See https://aka.ms/acr/tasks/task-aliases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.execution.task_file.graph import GraphError
from acr_tasks_emulator.execution.task_file.yaml_document import read_tree
from acr_tasks_emulator.execution.task_file.yaml_members import mapping_of, text, text_of, texts

DIRECTIVE = "$"
VARIABLES = ("ID", "SharedVolume", "RegistryName", "Registry", "Date", "OS", "Architecture", "Commit", "Branch")
IMAGES = {
    "acr": "mcr.microsoft.com/acr/acr-cli:0.14",
    "az": "mcr.microsoft.com/acr/azure-cli:9fb281c",
    "bash": "mcr.microsoft.com/acr/bash:9fb281c",
    "curl": "mcr.microsoft.com/acr/curl:9fb281c",
    "cssc": "mcr.microsoft.com/acr/cssc:9fb281c",
}
"""Microsoft's images, which the first word of a `cmd` can name without a directive. The service updates the tags."""

LIMIT = 2 * 1024 * 1024
"""The maximum number of characters that the aliases of a text add together."""
_TOP_LEVEL = re.compile(r"[^\s:]+[^:]*:")
_BEGIN = re.compile(r"alias\s*:")
_NAME = re.compile(r"[a-zA-Z0-9]+")


@dataclass(frozen=True)
class Aliases:
    """A table of aliases. values: what replaces each alias. directive: the character before an alias."""

    values: Mapping[str, str]
    directive: str = DIRECTIVE

    def replaced(self, whole: str) -> str:
        """Return the text with each alias replaced. A doubled directive becomes one; unknown names stay unchanged."""
        sign = re.escape(self.directive)
        size = 0

        def value(match: re.Match[str]) -> str:
            nonlocal size
            if match.group() == self.directive * 2:
                return self.directive
            found = self.values.get(match.group(1), match.group())
            size += len(found)
            if size > LIMIT:
                raise GraphError(f"aliases stand for more than {LIMIT} characters")
            return found

        return re.sub(rf"{sign}{sign}|{sign}([a-zA-Z0-9]+)", value, whole)


def separated(text: str) -> tuple[str, str]:
    """Split a task file into its `alias` block and the rest, in which the aliases are replaced later."""
    block: list[str] = []
    rest: list[str] = []
    inside = False
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        if _BEGIN.match(line):
            inside = True
        elif inside and _TOP_LEVEL.match(line):
            inside = False
        (block if inside else rest).append(line)
    return "".join(block), "".join(rest)


def read_aliases(block: str, run: Mapping[str, str], read_file: Callable[[str], str]) -> Aliases:
    """Return the aliases of an `alias` block whose templates are rendered.

    read_file: returns the text of an entry of `alias.src`, a file of the source or an address. A value of the task
    overrides those of files, a later file overrides an earlier one, and all override the agent's. Raises GraphError.
    """
    found = mapping_of(mapping_of(read_tree(block), "alias").get("alias"), "alias")
    values = _texts(found.get("values"), "alias.values")
    for source in reversed(texts(found, "src", "files and addresses")):
        values = {**_texts(read_tree(read_file(source)), source.partition("?")[0]), **values}
    values = {**IMAGES, **{name: run[name] for name in VARIABLES if name in run}, **values}
    for name in values:
        if not _NAME.fullmatch(name):
            raise GraphError(f"alias key names only support alphanumeric characters: {name!r}")
    return Aliases(values, _directive(text(found, "directive")))


def _directive(given: str | None) -> str:
    directive = given or DIRECTIVE
    if len(directive) != 1:
        raise GraphError("$ directive can only be overwritten by a single character")
    if _NAME.fullmatch(directive):
        raise GraphError("overwritten directives may not be alphanumeric characters")
    return directive


def _texts(tree: Any, what: str) -> dict[str, str]:
    return {name: text_of(value, f"{what}.{name}") for name, value in mapping_of(tree, what).items()}
