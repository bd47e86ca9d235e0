"""The agent's scan of a Dockerfile for the images that it starts from, before anything is built.

It reads line by line and knows less than the builder: a line that it does not understand ends the step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from acr_tasks_emulator.execution.build.image_name import ImageNameError, parse

LIMIT_NAME = 8 * 1024
"""How many characters an image's name may have once arguments are put in."""
_VARIABLE = re.compile(r"\$(?:\{([^}]*)\}|(\w+)|([*#$@!?0-9-]))", re.ASCII)
_PLATFORM = re.compile(r"--platform=[^$]+", re.IGNORECASE)


class ScanError(Exception):
    """The agent cannot find out what a Dockerfile starts from; the text is the agent's."""


def scan(text: str, arguments: Iterable[str], target: str | None = None) -> None:
    """Look at each FROM and ARG line as the agent does, as far as the target stage.

    arguments: what `--build-arg` was given. Raises ScanError.
    """
    known: dict[str, str] = {}
    for assignment in arguments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ScanError(f"{name} cannot be split into 2 tokens with '='")
        known[name] = _unquoted(value)
    stages: set[str] = set()
    count = 0
    for line in text.removeprefix("\ufeff").split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].upper() == "FROM":
            count += 1
            _from(" ".join(words), [words[0], *_without_platform(words[1:])], known, stages)
            if target and target in stages:
                return
        elif words[0].upper() == "ARG":
            if len(words) < 2:
                raise ScanError(
                    f"dockerfile syntax requires ARG directive to have exactly 1 argument. LINE: {words[0]}"
                )
            name, equals, value = words[1].partition("=")
            if equals:
                known.setdefault(name, _unquoted(value))
    if not count:
        raise ScanError("unexpected dockerfile format")


def _from(line: str, words: list[str], known: dict[str, str], stages: set[str]) -> None:
    if len(words) < 2 or (len(words) > 2 and (len(words) < 4 or words[2].lower() != "as")):
        raise ScanError(f"unable to understand line {line[:200]}")
    image = _VARIABLE.sub(
        lambda match: known.get(next((name for name in match.groups() if name), ""), "")[:LIMIT_NAME],
        _unquoted(words[1]),
    )
    if image not in stages and image != "scratch":
        try:
            parse(image[:LIMIT_NAME])
        except ImageNameError:
            named = image if "@" in image or ":" in image else f"{image}:latest"
            raise ScanError(
                f"failed to parse image reference, ensure tags have a valid format: {named[:200]}: invalid reference "
                f"format (of the line {line[:200]})"
            ) from None
    if len(words) > 3:
        stages.add(words[3])


def _without_platform(words: list[str]) -> list[str]:
    """Return the words of a FROM line without a platform that names no variable; the agent understands no other."""
    return words[1:] if words and _PLATFORM.fullmatch(words[0]) else words


def _unquoted(text: str) -> str:
    return text.strip('"').strip("'")
