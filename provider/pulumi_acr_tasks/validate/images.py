"""Rules for the names of images to build: `repository` or `repository:tag`.

The service answers 400 InvalidInputValue to any other name.
"""

from __future__ import annotations

import re
from typing import Any

from pulumi_acr_tasks.validate.problem import Problem
from pulumi_acr_tasks.validate.task_file.templates import actions

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?:[a-z0-9.-]+(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LONGEST = 255
_ALLOWED = "an image's name is repository or repository:tag"


def check_image_names(value: Any, path: str) -> list[Problem]:
    """Return the elements of `imageNames` that the service refuses, with the reasons."""
    items = value if isinstance(value, list) else []
    return [
        Problem(f"{path}[{index}]", f"is {name!r}; {reason}")
        for index, name in enumerate(items)
        if isinstance(name, str) and (reason := _reason(name)) is not None
    ]


def _reason(name: str) -> str | None:
    plain = name
    for action in reversed(actions(name)[0]):
        # A template may become any text; a letter stands for it.
        plain = plain[: action.start] + "x" + plain[action.end :]
    if not plain.strip():
        return f"{_ALLOWED}, and this is empty"
    if "://" in plain:
        return f"{_ALLOWED}, without a scheme"
    if "$" in plain:
        return "aliases are for task files; write {{.Run.ID}} and the like"
    if "@" in plain:
        return f"{_ALLOWED}; a digest is known only when the image is built"
    head, slash, last = plain.rpartition("/")
    repository, colon, tag = last.partition(":")
    repository = f"{head}{slash}{repository}"
    if colon and not tag:
        return "the tag behind the colon is empty"
    if colon and not _TAG.fullmatch(tag):
        return "a tag has 1 to 128 letters, digits, _ . and -, and begins with a letter, a digit or _"
    if len(repository) > _LONGEST:
        return f"a repository's name has at most {_LONGEST} characters"
    if repository != repository.lower() and _REPOSITORY.fullmatch(repository.lower()):
        return f"upper case is not allowed in a repository's name; write {repository.lower()}"
    if not _REPOSITORY.fullmatch(repository):
        return (
            "a repository's name has lower case letters and digits, with . _ or - between them and / between its parts"
        )
    return None
