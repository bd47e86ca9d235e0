"""YAML as the agent reads it: dates are text. Each error has a position and a sentence.

The parser is imported with the first text: most programs have none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

Position = tuple[int, int]
"""A line and a column, from 0."""

LONGEST = 100_000
"""Characters of a text that is read. The parser takes a second for some 20,000; a task file has hundreds."""
_DEEPEST = 64  # levels of a text: the time of the parser grows with their square
_MOST = 100_000  # values of a text with each alias replaced by what it stands for

# The quotes in the library's messages: names of anchors, aliases and tags. A single character or a kind of token stays.
_QUOTED = re.compile(r"""\s*(?:'(?!<)[^'\n]{2,}'|"(?!<)[^"\n]{2,}")""")


def load(text: str) -> tuple[Any, Position | None, str]:
    """Return the content of a YAML text; or None with the position and the reason of its first error.

    The position is None for a text without errors. The reason never repeats a scalar, which may be a secret.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    yaml = YAML(typ="rt")
    yaml.Scanner, yaml.Constructor = _scanner(), _constructor()
    yaml.preserve_quotes = True  # a quoted "true" is not a boolean
    try:
        content = next(iter(yaml.load_all(text)), None)  # the agent reads only the first document
        reason = _wrong_aliases(content)
        return (None, (0, 0), reason) if reason else (content, None, "")
    except MarkedYAMLError as error:
        mark = error.problem_mark
        return None, (mark.line, mark.column) if mark is not None else (0, 0), _unquoted(str(error.problem))
    except Exception:
        # Deliberately any: the library raises many types, whose messages may quote the text.
        return None, (0, 0), "it cannot be read"


def _unquoted(problem: str) -> str:
    """Return a message of the library without its quotes of the text, which may be secrets."""
    return _QUOTED.sub("", problem)


def _wrong_aliases(content: Any) -> str:
    """Return why the aliases of a text cannot be replaced by their values; empty when they can."""
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        """Return the number of values in a value. Raise ValueError for a value that contains itself."""
        if not isinstance(value, (dict, list)):
            return 1
        if sizes.setdefault(id(value), 0) == 0:
            sizes[id(value)] = -1
            members = [*value, *value.values()] if isinstance(value, dict) else value
            sizes[id(value)] = 1 + sum(map(size, members))
        elif sizes[id(value)] < 0:
            raise ValueError
        return sizes[id(value)]

    try:
        return f"its aliases stand for more than {_MOST:,} values" if size(content) > _MOST else ""
    except ValueError:
        return "an anchor holds an alias of itself"
    except RecursionError:
        return "its aliases are nested too deeply"


@cache
def _scanner() -> type[Any]:
    from ruamel.yaml.scanner import RoundTripScanner, ScannerError

    class Bounded(RoundTripScanner):
        """A scanner that refuses a text with too many levels before the parser descends into them."""

        def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803  # the library's name
            """Open a list or map in brackets."""
            self._refuse_depth()
            super().fetch_flow_collection_start(TokenClass, to_push)

        def add_indent(self, column: int) -> bool:
            """Open an indented list or map."""
            self._refuse_depth()
            return bool(super().add_indent(column))

        def _refuse_depth(self) -> None:
            if self.flow_level + len(self.indents) >= _DEEPEST:
                raise ScannerError(None, None, f"it is nested more than {_DEEPEST} levels deep", self.reader.get_mark())

    return Bounded


@cache
def _constructor() -> type[Any]:
    from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
    from ruamel.yaml.error import YAMLError

    class Plain(RoundTripConstructor):
        """A constructor that reports a value that does not fit its tag as an error with its position."""

        def check_mapping_key(self, node: Any, key_node: Any, mapping: Any, key: Any, value: Any) -> bool:
            """Return True: of a repeated key the agent uses the last value."""
            return True

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            """Return the object of a node."""
            try:
                return super().construct_object(node, deep=deep)
            except (YAMLError, RecursionError):
                raise
            except Exception as error:
                # Deliberately any: int(), base64 and others raise different types.
                problem = f"the value does not fit its tag {node.tag}"
                raise ConstructorError(None, None, problem, node.start_mark) from error

    # The agent reads a date as text, also an impossible one.
    Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda maker, node: maker.construct_scalar(node))
    return Plain
