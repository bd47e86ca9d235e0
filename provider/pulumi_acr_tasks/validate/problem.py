"""A problem: a sentence about an argument, with its property path."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pulumi_acr_tasks.schema.definitions import DEFINITIONS, FUNCTIONS, INPUTS, snake_case
from pulumi_acr_tasks.validate.hints import LATER_NAMES

# What the schema calls each name of the tables that Python spells so.
_TABLES = (DEFINITIONS, INPUTS, FUNCTIONS)
_OF_THE_SCHEMA = {snake_case(name): name for table in _TABLES for known in table.values() for name in known}
_OF_THE_SCHEMA.update({snake_case(name): name for name in LATER_NAMES})

_QUOTED = r"(?<!\w)'(?:[^'\\]|\\.)*'" + r'|"(?:[^"\\]|\\.)*"'
_MEMBER = re.compile(rf"{_QUOTED}|\w+")
# A word with all that belongs to it: `step.context_path`; also `src/task_name.py`, which has no name of the tables.
_WORD = re.compile(rf"{_QUOTED}|[\w./\\$-]*\w")
_IN_A_FILE = re.compile(r"\bline \d+, column \d+: ")


@dataclass(frozen=True)
class Problem:
    """A problem of an argument. `path`: as Python spells it (`step.docker_file_path`). `message`: without the path.

    `warning`: the argument is allowed, and probably does not do what was meant; it is shown, and stops nothing. A
    message never holds the value of a secret. `in_python`: the end of the sentence for programs in Python, a cure that
    other languages do not have.
    """

    path: str
    message: str
    warning: bool = False
    in_python: str = ""

    def __str__(self) -> str:
        return f"{self.path}{': ' if self.path else ''}{self.message}{self.in_python}"


def as_schema_spells(problem: Problem) -> Problem:
    """Return a problem with the names of the tables in camelCase, which programs of every language know.

    What only Python has is left out. All else in a message is worded so that it fits every language.
    Keys of maps and quoted values stay as they are, and so does a sentence about a line of a file.
    """
    message = problem.message if _IN_A_FILE.search(problem.message) else _WORD.sub(_camel, problem.message)
    return replace(problem, path=_MEMBER.sub(_camel, problem.path), message=message, in_python="")


def _camel(word: re.Match[str]) -> str:
    parts = word[0].split(".")
    if any(part and part not in _OF_THE_SCHEMA for part in parts):
        return word[0]
    return ".".join(_OF_THE_SCHEMA.get(part, part) for part in parts)


def errors(problems: list[Problem]) -> list[Problem]:
    """Return the problems that are not warnings."""
    return [problem for problem in problems if not problem.warning]


def member_path(owner: str, name: str) -> str:
    """Return the path of an object's member, as Python spells it."""
    return f"{owner}.{snake_case(name)}" if owner else snake_case(name)


def key_path(owner: str, key: str) -> str:
    """Return the path of a map's entry. Keys are the user's own and are not translated."""
    return f'{owner}["{key}"]'
