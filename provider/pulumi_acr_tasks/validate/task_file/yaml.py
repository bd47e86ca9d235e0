"""YAML as the agent takes it: dates are text, and what cannot be read is a place and a sentence, whatever is wrong."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

Place = tuple[int, int]


# What the library quotes of a text: names of anchors, aliases and tags. A character or a kind of token may stay.
_QUOTED = re.compile(r"""\s*(?:'(?!<)[^'\n]{2,}'|"(?!<)[^"\n]{2,}")""")


def load(text: str) -> tuple[Any, Place | None, str]:
    """Return what YAML says, with the places of its nodes; or None with the place and the reason why it says nothing.

    There is no place when the text was read. The reason never repeats a scalar, which may be a secret.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    yaml = YAML(typ="rt")
    yaml.Constructor = _constructor()
    yaml.allow_duplicate_keys = True  # the agent takes the last one
    yaml.preserve_quotes = True  # a quoted "true" is no boolean
    try:
        return next(iter(yaml.load_all(text)), None), None, ""  # the agent reads the first document alone
    except MarkedYAMLError as error:
        mark = error.problem_mark
        return None, (mark.line, mark.column) if mark is not None else (0, 0), _unquoted(str(error.problem))
    except RecursionError:
        return None, (0, 0), "it is nested too deeply"
    except Exception:
        # Deliberately any: the library fails in many ways on text that is no YAML, and its words may quote the text.
        return None, (0, 0), "it cannot be read"


def _unquoted(problem: str) -> str:
    """Return a sentence of the library without what it quotes of the text, which may be a secret."""
    return _QUOTED.sub("", problem)


@cache
def _constructor() -> type[Any]:
    from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
    from ruamel.yaml.error import YAMLError

    class Plain(RoundTripConstructor):
        """Makes objects of nodes; a value that its tag makes impossible is an error with its place."""

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            """Return the object of a node."""
            try:
                return super().construct_object(node, deep=deep)
            except (YAMLError, RecursionError):
                raise
            except Exception as error:
                # Deliberately any, as above: int(), base64 and others fail each in its own way.
                problem = f"the value does not fit its tag {node.tag}"
                raise ConstructorError(None, None, problem, node.start_mark) from error

    # The agent reads a date as text, also one that no calendar has.
    Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda maker, node: maker.construct_scalar(node))
    return Plain
