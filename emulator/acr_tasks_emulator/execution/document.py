"""YAML documents of bounded size: a page of aliases is no gigabyte, and a tower of brackets no minute."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

VALUES = 20_000
"""How many values a document may have: texts, lists and mappings, and the names of their members."""
VALUES_BY_ALIASES = 200_000
"""How many it would have were each alias written out."""
DEPTH = 100
"""How deep lists and mappings may stand in each other."""


class DocumentError(ValueError):
    """The text is no YAML document that is read; the text is the agent's, where it has one."""


def read_document(text: str) -> Any:
    """Return what a YAML document holds: plain values, no objects. Raises DocumentError."""
    reader = YAML(typ="safe", pure=True)
    reader.Composer = _Composer
    try:
        return reader.load(text)
    except DocumentError:
        raise
    except (
        YAMLError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:  # such as a number of 5000 digits, a 13th month
        raise DocumentError(" ".join(f"yaml: {error}".split())) from error


class _Composer(Composer):
    """Counts what it composes. The limits are those of the agent's reader in kind (yaml.v2), and lower."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self._values = 0
        self._level = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._values += 1
        if self._values > VALUES:
            raise DocumentError(f"yaml: document has more than {VALUES} values")
        if self._level == DEPTH:
            raise DocumentError(f"yaml: exceeded max depth of {DEPTH}")
        self._level += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._level -= 1

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None and _weight(node, {}) > VALUES_BY_ALIASES:
            raise DocumentError("yaml: document contains excessive aliasing")
        return node


def _weight(node: Node, known: dict[int, int]) -> int:
    """How many values a node has, those of aliases as often as they are named."""
    if id(node) in known:
        if not known[id(node)]:
            raise DocumentError(f"yaml: anchor '{node.anchor}' value contains itself")
        return known[id(node)]
    known[id(node)] = 0  # under way
    parts: list[Node] = []
    if isinstance(node, ScalarNode) and "\0" in node.value:
        raise DocumentError("yaml: control characters are not allowed")
    if isinstance(node, SequenceNode):
        parts = node.value
    elif isinstance(node, MappingNode):
        parts = [part for pair in node.value for part in pair]
    known[id(node)] = 1 + sum(_weight(part, known) for part in parts)
    return known[id(node)]
