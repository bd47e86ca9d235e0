"""The images that a Dockerfile refers to, and that have to be there before the builder starts."""

from __future__ import annotations

import platform
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from acr_tasks_emulator.execution.source import SourceError

LIMIT_BYTES = 1024 * 1024
LIMIT_LINE = 8 * 1024
"""How many characters an ARG or FROM line may have, before and after arguments are put in."""
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}
HEREDOC = re.compile(r"<<-?(['\"]?)([A-Za-z_]\w*)\1")


@dataclass(frozen=True)
class ImageReference:
    """A place in a Dockerfile that names an image. lines: counted from 0. written: the name as it stands there."""

    lines: range
    written: str
    image: str


@dataclass(frozen=True)
class ImageReferences:
    """The images that a Dockerfile is built from, in order.

    runtime: the one that the built image runs on; None for `scratch` and without a FROM line. references: the places
    in the text that name the images.
    """

    images: list[str]
    runtime: str | None
    references: list[ImageReference] = field(default_factory=list)


def read_dockerfile(path: Path) -> str:
    """Return the text of a Dockerfile. Raises SourceError for one that is longer than LIMIT_BYTES."""
    if path.stat().st_size > LIMIT_BYTES:
        raise SourceError(f"the Dockerfile is longer than {LIMIT_BYTES} bytes")
    return path.read_text(errors="replace")


def image_references(
    text: str, arguments: Mapping[str, str], target: str | None = None, buildkit: bool = True
) -> ImageReferences:
    """Return the images that a Dockerfile refers to, and the one that the target or last stage is based on.

    Images of stages of its own and `scratch` are left out. buildkit: the builder defines the platform's arguments.
    Raises SourceError for ARG and FROM lines that are too long.
    """
    variables = _predefined() if buildkit else {}
    stages: dict[str, str] = {}  # name or number in lower case -> the image it is based on, through other stages
    wanted = ""
    found: list[ImageReference] = []
    for line, lines in instructions(text):
        word, _, rest = line.partition(" ")
        if word.upper() in ("ARG", "FROM") and len(rest) > LIMIT_LINE:
            raise SourceError(f"the Dockerfile has an {word.upper()} line of more than {LIMIT_LINE} characters")
        if word.upper() == "ARG" and not stages:
            for item in _words(rest):
                name, _, default = item.partition("=")
                variables[name] = arguments.get(name, _replaced(default, variables))
        elif word.upper() == "FROM":
            parts = [part for part in rest.split() if not part.startswith("--")]
            image = _replaced(parts[0].strip("\"'"), variables) if parts else ""
            if image.lower() not in stages:
                found.append(ImageReference(lines, parts[0] if parts else "", image))
            named = len(parts) > 2 and parts[1].lower() == "as"
            stage = parts[2].lower() if named else str(len(stages))
            stages[stage] = stages.get(image.lower(), image)
            wanted = wanted if wanted and wanted == (target or "").lower() else stage
        elif word.upper() in ("COPY", "ADD"):
            origin = next((part[7:] for part in rest.split() if part.startswith("--from=")), "")
            if origin.lower() not in stages and not origin.isdigit():
                found.append(ImageReference(lines, origin, origin))
    references = [reference for reference in found if reference.image and reference.image != "scratch"]
    images = list(dict.fromkeys(reference.image for reference in references))
    runtime = stages.get(wanted)
    return ImageReferences(images, runtime if runtime in images else None, references)


def renamed(text: str, references: Iterable[ImageReference], names: Mapping[str, str]) -> str:
    """Return the Dockerfile with other names for images. names: the new name by image; other images keep theirs."""
    lines = text.splitlines()
    for reference in references:
        if reference.image in names:
            written = re.compile(rf"(?<=[\s=]){re.escape(reference.written)}(?=\s|$)")
            number = next((number for number in reference.lines if written.search(lines[number])), None)
            if number is not None:
                name = names[reference.image].replace("\\", r"\\")
                lines[number] = written.sub(name, lines[number], count=1)
    return "\n".join(lines) + "\n"


def own_platform() -> str:
    """Return this machine's platform in the builder's words, such as `linux/amd64`."""
    machine = platform.machine()
    return f"linux/{_MACHINES.get(machine, machine)}"


def _predefined() -> dict[str, str]:
    """Return what the builder defines without an ARG line."""
    whole = own_platform()
    system, _, architecture = whole.partition("/")
    values = {"PLATFORM": whole, "OS": system, "ARCH": architecture}
    return {f"{where}{name}": value for where in ("TARGET", "BUILD") for name, value in values.items()}


def instructions(text: str, heredocs: bool = False) -> list[tuple[str, range]]:
    """Return the instructions, each with the numbers of its lines; comments and bodies of here-documents are left out.

    heredocs: the bodies are lines like others, as for a builder that does not know here-documents.
    """
    escape = "\\"
    for line in text.splitlines():
        match = _ESCAPE.match(line)
        if match:
            escape = match.group(1)
        if not line.startswith("#"):
            break
    found: list[tuple[str, range]] = []
    pending, ends, first, number = "", "", 0, -1
    for number, line in enumerate(text.splitlines()):
        stripped = line.strip()
        if ends:
            ends = "" if stripped == ends else ends
            continue
        if not stripped or stripped.startswith("#"):
            continue
        first = first if pending else number
        if stripped.endswith(escape):
            pending += stripped[: -len(escape)] + " "
            continue
        joined = (pending + stripped).strip().replace("\t", " ")
        found.append((joined, range(first, number + 1)))
        heredoc = HEREDOC.search(joined)
        ends = (
            heredoc.group(2)
            if heredoc and not heredocs and joined.split(" ")[0].upper() in ("RUN", "COPY", "ADD")
            else ""
        )
        pending = ""
    return [*found, (pending.strip(), range(first, number + 1))] if pending.strip() else found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an open quote: the builder will say so
        return []


def _replaced(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = variables.get(match.group(1) or match.group(2), "")
        kind, other = match.group(3), match.group(4) or ""
        if kind in (":-", "-"):
            return found or other
        if kind in (":+", "+"):
            return other if found else ""
        return found

    found = _VARIABLE.sub(value, text)
    if len(found) > LIMIT_LINE:  # without a limit, arguments made of arguments would grow exponentially
        raise SourceError(f"the Dockerfile's arguments stand for more than {LIMIT_LINE} characters")
    return found
