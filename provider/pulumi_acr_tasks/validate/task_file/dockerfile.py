"""The check of a Dockerfile for the service's builder: docker's classic one, after a scan for the base images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BUILDKIT = "needs BuildKit, and a Docker build of the service uses docker's classic builder"
_CURE = "run a task file with a build step whose env has DOCKER_BUILDKIT=1"
_PLATFORMS = tuple(f"{of}{part}" for of in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT"))
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(\S+)\s*")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][\w.-]*)\1")
_FLAG = re.compile(r"--([a-z]+)(?:=(\S+))?")
_BUILDKIT_FLAGS = {
    "RUN": ("mount", "network", "security"),
    "COPY": ("link", "parents", "exclude", "chmod"),
    "ADD": ("link", "checksum", "keep", "exclude", "chmod"),
}


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name, its arguments in one line, and its line and column (from 1)."""

    name: str
    arguments: str
    line: int
    column: int


@dataclass(frozen=True)
class Finding:
    """A sentence about a Dockerfile with its position. `fails`: the build fails; otherwise it is a warning."""

    sentence: str
    fails: bool


def check_dockerfile(text: str) -> list[Finding]:
    """Return the lines of a Dockerfile that fail in a Docker build of the service, or mean something else there."""
    found = []
    arguments: dict[str, Instruction] = {}
    for instruction in instructions(text):
        at = f"line {instruction.line}, column {instruction.column}: "
        found += [Finding(at + sentence, fails=True) for sentence in _failures(instruction)]
        if instruction.name == "ARG":
            for word in instruction.arguments.split():
                if word in _PLATFORMS:
                    arguments.setdefault(word, instruction)
    for name, instruction in arguments.items():
        found.append(
            Finding(
                f"line {instruction.line}, column {instruction.column}: {name} is empty: docker's classic builder, "
                f"which the service uses, does not set it. Give it as an argument, or {_CURE}",
                fails=False,
            )
        )
    return found


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile, continued lines joined."""
    escape, lines = "\\", re.split(r"\r?\n", text.removeprefix("\ufeff"))
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        if directive[1].lower() == "escape":
            escape = directive[2]
    number = 0
    while number < len(lines):
        line, start = lines[number], number
        number += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        whole = line.strip()
        while whole.endswith(escape) and number < len(lines):
            whole = whole[: -len(escape)].rstrip() + " "
            if not lines[number].lstrip().startswith("#"):
                whole += lines[number].strip()
            elif number + 1 < len(lines):
                whole += escape
            number += 1
        name, _, rest = whole.strip().partition(" ")
        yield Instruction(name.upper(), rest.strip(), start + 1, len(line) - len(line.lstrip()) + 1)
        ends = [match[2] for match in _HEREDOC.finditer(rest)] if name.upper() in ("RUN", "COPY", "ADD") else []
        for end in ends:
            while number < len(lines) and lines[number].lstrip("\t") != end:
                number += 1
            number += 1


def _failures(instruction: Instruction) -> Iterator[str]:
    name, rest = instruction.name, instruction.arguments
    if name == "ONBUILD":
        name, _, rest = rest.partition(" ")
        name = name.upper()
    flags = []
    while match := _FLAG.match(rest):
        flags.append((match[1], match[2] or ""))
        rest = rest[match.end() :].lstrip()
    if name == "FROM":
        for flag, value in flags:
            if flag == "platform" and "$" in value:
                yield (
                    f"FROM --platform={value} fails in the service's scan of the Dockerfile (unable to understand "
                    "line): write the platform out, such as --platform=linux/amd64, or leave it out"
                )
        if re.search(r"\$\{[^}]*:[-+]", rest):
            yield (
                f"FROM {rest.split()[0]} fails in the service's scan of the Dockerfile: give the default at the ARG "
                "(ARG NAME=default) in place of ${NAME:-default}"
            )
    for flag, _ in flags:
        if flag in _BUILDKIT_FLAGS.get(name, ()):
            yield f"{name} --{flag} {_BUILDKIT}: leave it out, or {_CURE}"
    if name in ("RUN", "COPY", "ADD") and _HEREDOC.search(rest) and not _in_shell(name, rest):
        yield f"a here-document (<<) {_BUILDKIT}: write it as a file of the context, or {_CURE}"


def _in_shell(name: str, rest: str) -> bool:
    """Return whether `<<` is quoted in a RUN line, where it is text."""
    return name == "RUN" and _HEREDOC.search(re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", "", rest)) is None
