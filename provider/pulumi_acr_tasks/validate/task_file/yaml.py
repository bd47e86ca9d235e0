"""YAML as the agent reads it: dates are text. Each error has a position and a sentence."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

Position = tuple[int, int]
"""A line and a column, from 0."""

# The quotes in the library's messages: names of anchors, aliases and tags. A single character or a kind of token stays.
_QUOTED = re.compile(r"""\s*(?:'(?!<)[^'\n]{2,}'|"(?!<)[^"\n]{2,}")""")


def load(text: str) -> tuple[Any, Position | None, str]:
    """Return the content of a YAML text; or None with the position and the reason of its first error.

    The position is None for a text without errors. The reason never repeats a scalar, which may be a secret.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    yaml = YAML(typ="rt")
    yaml.Constructor = _constructor()
    yaml.allow_duplicate_keys = True  # the agent uses the last one
    yaml.preserve_quotes = True  # a quoted "true" is not a boolean
    try:
        return next(iter(yaml.load_all(text)), None), None, ""  # the agent reads only the first document
    except MarkedYAMLError as error:
        mark = error.problem_mark
        return None, (mark.line, mark.column) if mark is not None else (0, 0), _unquoted(str(error.problem))
    except RecursionError:
        return None, (0, 0), "it is nested too deeply"
    except Exception:
        # Deliberately any: the library raises many types, whose messages may quote the text.
        return None, (0, 0), "it cannot be read"


def _unquoted(problem: str) -> str:
    """Return a message of the library without its quotes of the text, which may be secrets."""
    return _QUOTED.sub("", problem)


@cache
def _constructor() -> type[Any]:
    from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
    from ruamel.yaml.error import YAMLError

    class Plain(RoundTripConstructor):
        """A constructor that reports a value that does not fit its tag as an error with its position."""

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
