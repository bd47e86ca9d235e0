"""A problem: a sentence about an argument, with its property path."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_acr_tasks.schema.definitions import snake_case


@dataclass(frozen=True)
class Problem:
    """A problem of an argument. `path`: as Python spells it (`step.docker_file_path`). `message`: without the path.

    `warning`: the argument is allowed, and probably does not do what was meant; it is shown, and stops nothing. A
    message never holds the value of a secret.
    """

    path: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def errors(problems: list[Problem]) -> list[Problem]:
    """Return the problems that are not warnings."""
    return [problem for problem in problems if not problem.warning]


def member_path(owner: str, name: str) -> str:
    """Return the path of an object's member, as Python spells it."""
    return f"{owner}.{snake_case(name)}" if owner else snake_case(name)


def key_path(owner: str, key: str) -> str:
    """Return the path of a map's entry. Keys are the user's own and are not translated."""
    return f'{owner}["{key}"]'
