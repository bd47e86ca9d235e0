"""Image names, parsed into their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What the agent fills in before the name is used: `{{.Run.ID}}`, `$Registry`, `${TAG}`.
VARIABLE = re.compile(r"\{\{.*?\}\}|\$\{\w+\}|\$\w+", re.DOTALL)

DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Image:
    """An image name: `text` as written, `registry` and `repository` as Docker reads them, `tag` and `digest` or None.

    Variables stay as they are written. A name without a registry belongs to Docker Hub; a name whose beginning is a
    variable belongs to the registry that the variable names, which is the variable's text here.
    """

    text: str
    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> Image:
        """Take a name apart; never raises."""
        variables = VARIABLE.findall(text)
        numbers = iter(range(len(variables)))
        plain = VARIABLE.sub(lambda _: f"\0{next(numbers)}\0", text.strip())

        def whole(part: str) -> str:
            return re.sub(r"\0(\d+)\0", lambda match: variables[int(match[1])], part)

        name, _, digest = plain.partition("@")
        head, slash, rest = name.rpartition("/")
        last, colon, tag = rest.partition(":")
        path = f"{head}{slash}{last}"
        first, slash, others = path.partition("/")
        named = bool(slash) and (any(mark in first for mark in ".:\0") or first == "localhost")
        return cls(
            text,
            registry=whole(first) if named else DOCKER_HUB,
            repository=whole(others if named else path),
            tag=whole(tag) if colon else None,
            digest=whole(digest) or None,
        )

    @property
    def is_variable(self) -> bool:
        """Return whether the whole reference is a variable, so that no rule can judge it."""
        return bool(VARIABLE.fullmatch(self.text.strip()))

    @property
    def has_variable_tag(self) -> bool:
        """Return whether the agent fills in the tag, or a part of it, at each run."""
        return bool(VARIABLE.search(self.tag or ""))

    @property
    def full_repository(self) -> str:
        """Return the registry and the repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"
