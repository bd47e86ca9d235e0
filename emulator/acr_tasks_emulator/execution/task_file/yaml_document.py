"""YAML documents of bounded size and depth, also with their aliases written out.

As for the agent, the first document of a text counts, and the last member of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from acr_tasks_emulator.execution.task_file.yaml_scalars import Scalar, ScalarError, scalar

VALUES = 20_000
"""How many values a document may have: texts, lists and mappings, and the names of their members."""
VALUES_BY_ALIASES = 200_000
"""How many values a document may have with each alias written out."""
DEPTH = 100
"""How deep lists and mappings may stand in each other."""

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a UTF-16 pair, which an escape such as `\\ud800` can make: no text that can be written has it."""

_Tree = Any
"""A Scalar, a list of trees, or a dict of names to trees."""


class DocumentError(ValueError):
    """A YAML document that cannot be read; the message has the agent's words where it has any, and no scalar."""


def read_document(text: str) -> Any:
    """Return what the first YAML document of a text holds: plain values, no objects. Raises DocumentError."""
    return plain(read_tree(text))


def read_tree(text: str) -> _Tree:
    """Return the first YAML document of a text with its scalars as they are written; None of an empty text.

    Raises DocumentError.
    """
    try:
        return _Reader(text).document()
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise DocumentError(f"yaml: line {line}: {' '.join(str(error.problem).split())}") from None
    except YAMLError:
        raise DocumentError("yaml: control characters are not allowed") from None
    except (ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(f"yaml: {error}" if isinstance(error, ScalarError) else "yaml: cannot be read") from None


def plain(tree: _Tree) -> Any:
    """Return a tree as plain values."""
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, list):
        return [plain(item) for item in tree]
    if isinstance(tree, dict):
        return {name: plain(value) for name, value in tree.items()}
    return None


class _Reader:
    """A builder of one document from the parser's events. Its limits are like those of the agent's reader (yaml.v2),
    but lower.
    """

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
        self._anchors: dict[str, tuple[_Tree, int] | None] = {}
        self._values = 0
        self._weight = 0

    def document(self) -> _Tree:
        next(self._events)
        start = next(self._events)
        return self._node(next(self._events), 0) if isinstance(start, DocumentStartEvent) else None

    def _node(self, event: Any, depth: int) -> _Tree:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        self._count(1)
        self._values += 1
        if self._values > VALUES:
            raise DocumentError(f"yaml: document has more than {VALUES} values")
        before = self._weight
        if event.anchor is not None:
            self._anchors[event.anchor] = None  # under way
        tree: _Tree
        if isinstance(event, ScalarEvent):
            if "\0" in event.value:
                raise DocumentError("yaml: control characters are not allowed")
            if _SURROGATE.search(event.value):
                raise DocumentError("yaml: found invalid Unicode character escape code")
            tag = event.tag if event.tag is None else str(event.tag)
            tree = scalar(event.value, tag if tag != "!" else None, event.implicit[0], event.start_mark.line + 1)
        else:
            if depth == DEPTH:
                raise DocumentError(f"yaml: exceeded max depth of {DEPTH}")
            tree = self._sequence(depth) if isinstance(event, SequenceStartEvent) else self._mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (tree, self._weight - before + 1)
        return tree

    def _alias(self, event: AliasEvent) -> _Tree:
        if event.anchor not in self._anchors:
            raise DocumentError(f"yaml: unknown anchor '{event.anchor}' referenced")
        known = self._anchors[event.anchor]
        if known is None:
            raise DocumentError(f"yaml: anchor '{event.anchor}' value contains itself")
        self._count(known[1])
        return known[0]

    def _count(self, weight: int) -> None:
        self._weight += weight
        if self._weight > VALUES_BY_ALIASES:
            raise DocumentError("yaml: document contains excessive aliasing")

    def _sequence(self, depth: int) -> list[_Tree]:
        found = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            found.append(self._node(event, depth + 1))
        return found

    def _mapping(self, start: MappingStartEvent, depth: int) -> dict[str, _Tree]:
        found: dict[str, _Tree] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            name = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(name, Scalar):
                raise DocumentError(f"yaml: line {start.start_mark.line + 1}: invalid map key")
            if name.tag != "!!merge":
                found[name.text] = value
                continue
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(source, dict) for source in sources):
                raise DocumentError("yaml: map merge requires map or sequence of maps as the value")
            for source in reversed(sources):  # earlier ones count more
                found.update(source)
        return found
