"""A sentence about an argument that cannot be right."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_acr_tasks.schema.definitions import snake_case


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `path` as Python spells it (`step.docker_file_path`), `message` without the path.

    `warning`: it is allowed, and does hardly what was meant; it is shown, and stops nothing. A message never holds the
    value of a secret.
    """

    path: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def errors(problems: list[Problem]) -> list[Problem]:
    """Return those that are no warnings."""
    return [problem for problem in problems if not problem.warning]


def member_path(owner: str, name: str) -> str:
    """Gives the path of an object's member, spelled as Python does."""
    return f"{owner}.{snake_case(name)}" if owner else snake_case(name)


def key_path(owner: str, key: str) -> str:
    """Gives the path of a map's entry; keys are the user's own and stay as they are."""
    return f'{owner}["{key}"]'
