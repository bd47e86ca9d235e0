"""The classic builder's rules, for build steps that do not ask for BuildKit."""

from __future__ import annotations

import re

from acr_tasks_emulator.execution.build.dockerfile import HEREDOC, instructions

PLATFORM_ARGUMENTS = tuple(
    f"{of}{part}" for of in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
"""What BuildKit defines by itself, and the classic builder does not."""

_LEARN = "Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled"
_FLAG = re.compile(r"--([a-z-]+)(?:=|$)")
_REQUIRES = {("RUN", "mount"), ("COPY", "chmod"), ("ADD", "chmod")}
_KNOWN = {
    "FROM": {"platform"},
    "COPY": {"from", "chown"},
    "ADD": {"chown"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "retries"},
}
_SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)", re.IGNORECASE)


def refusal(text: str) -> str | None:
    """Return what the classic builder says of a Dockerfile that only BuildKit can build, or None."""
    for line, _ in instructions(text, heredocs=True):
        name, _, rest = line.partition(" ")
        name = name.upper()
        for word in rest.split():
            if not word.startswith("--"):
                break
            match = _FLAG.match(word)
            flag = match.group(1) if match else word
            if (name, flag) in _REQUIRES:
                return f"the --{flag} option requires BuildKit. {_LEARN}"
            if name in {"RUN", *_KNOWN} and flag not in _KNOWN.get(name, set()):
                return f"dockerfile parse error: Unknown flag: {flag}"
        if name in ("RUN", "COPY", "ADD") and HEREDOC.search(rest):
            return f"the heredoc syntax of {name} requires BuildKit. {_LEARN}"
    return None


def syntax_of(text: str) -> str | None:
    """Return the frontend that a Dockerfile's first line names, of which the classic builder takes no notice."""
    match = _SYNTAX.match(text.removeprefix("\ufeff").lstrip())
    return match.group(1) if match else None


def empty_arguments(text: str, given: dict[str, str]) -> dict[str, str]:
    """Return the platform arguments that a Dockerfile declares, as the classic builder sees them: empty, or a default.

    given: the arguments of the build, which count as everywhere.
    """
    found: dict[str, str] = {}
    for line, _ in instructions(text):
        name, _, rest = line.partition(" ")
        if name.upper() != "ARG":
            continue
        for item in rest.split():
            argument, _, default = item.partition("=")
            if argument in PLATFORM_ARGUMENTS and argument not in given and "$" not in default:
                found.setdefault(argument, default.strip("\"'"))
    return found
