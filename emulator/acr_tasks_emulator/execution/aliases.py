"""Aliases of task files: `$ID`, `$Registry` and the task's own, and images such as `az` (facts, acr-tasks-api section
14).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.execution.document import read_document
from acr_tasks_emulator.execution.graph import GraphError

DIRECTIVE = "$"
VARIABLES = ("ID", "SharedVolume", "RegistryName", "Registry", "Date", "OS", "Architecture", "Commit", "Branch")
IMAGES = {
    "acr": "mcr.microsoft.com/acr/acr-cli:0.14",
    "az": "mcr.microsoft.com/acr/azure-cli:9fb281c",
    "bash": "mcr.microsoft.com/acr/bash:9fb281c",
    "curl": "mcr.microsoft.com/acr/curl:9fb281c",
    "cssc": "mcr.microsoft.com/acr/cssc:9fb281c",
}
"""Microsoft's images, which the first word of a `cmd` may mean without a directive; the service moves their tags."""

LIMIT = 2 * 1024 * 1024
"""How many characters the aliases of a text may stand for together."""
_BLOCK = re.compile(r"^alias\s*:[^\n]*(?:\n(?:[ \t][^\n]*|[ \t]*(?:#[^\n]*)?(?=\n)))*", re.MULTILINE)
_NAME = re.compile(r"[a-zA-Z0-9]+")


@dataclass(frozen=True)
class Aliases:
    """What each alias stands for, and the character before it."""

    values: Mapping[str, str]
    directive: str = DIRECTIVE

    def replaced(self, text: str) -> str:
        """The text with each alias replaced; a doubled directive is one, and what is no alias stays as it is."""
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

        return re.sub(rf"{sign}{sign}|{sign}([a-zA-Z0-9]+)", value, text)


def read_aliases(text: str, run: Mapping[str, str], read_file: Callable[[str], str]) -> tuple[Aliases, str]:
    """The aliases of a task file, and its text without their block, which is read before the rest that it changes.

    read_file: gives the text of one of `alias.src`, a file of the source or an address. A task's own value counts
    before the agent's, and both before those of files, of which the last counts first. Raises GraphError.
    """
    block = _BLOCK.search(text)
    found = (read_document(block.group()) if block else {}).get("alias") or {}
    if not isinstance(found, Mapping):
        raise GraphError("alias has to be a mapping with `values` and `src`")
    values = {**IMAGES, **{name: run[name] for name in VARIABLES if name in run}, **_texts(found.get("values"))}
    sources = found.get("src") or []
    if not isinstance(sources, list):
        raise GraphError("alias.src has to be a list of files and addresses")
    for source in reversed(sources):
        values = {**_texts(read_document(read_file(str(source)))), **values}
    for name in values:
        if not _NAME.fullmatch(name):
            raise GraphError(f"alias key names only support alphanumeric characters: {name!r}")
    rest = _BLOCK.sub(lambda match: "\n" * match.group().count("\n"), text, count=1)  # other lines keep their numbers
    return Aliases(values, _directive(found.get("directive"))), rest


def _directive(given: Any) -> str:
    directive = str(given or DIRECTIVE)
    if len(directive) != 1:
        raise GraphError("$ directive can only be overwritten by a single character")
    if _NAME.fullmatch(directive):
        raise GraphError("overwritten directives may not be alphanumeric characters")
    return directive


def _texts(values: Any) -> dict[str, str]:
    if not isinstance(values or {}, Mapping):
        raise GraphError("aliases have to be a mapping of names to texts")
    return {str(name): "" if value is None else str(value) for name, value in (values or {}).items()}
