"""The text of an encoded task is base64, not encryption: everyone with permission to read the task reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from pulumi_policy import Severity

from ... import task_file
from ...place import Place
from ...resource import Resource
from ...rule import Config, nist, rule
from ...secrets import HARMLESS, reason, secret_shape
from ...task_file import Line, Step

_SECRET_OPTIONS = {"--password", "--token", "--secret", "--api-key"}
_ASSIGNING_OPTIONS = {"-e", "--env", "--build-arg", "--label"}


@dataclass(frozen=True)
class Text:
    """A text with line numbers: a task file (`is_file`), or a values file."""

    place: Place
    is_file: bool


def _texts(resource: Resource) -> Iterator[Text]:
    content, values = resource.encoded_content(), resource.body["encodedValuesContent"]
    yield from (Text(place, is_file) for place, is_file in ((content, True), (values, False)) if place.exists())


def _findings(text: Text) -> Iterator[tuple[Line, str]]:
    encoded = text.place.text() or ""
    if not text.is_file:
        for line in task_file.read_values(encoded):
            if why := reason(line.where, line.text):
                yield line, why
        return
    file = task_file.read(encoded)
    for line in file.aliases:
        if why := reason(line.where.rpartition(".")[2], line.text):
            yield line, why
    for line in file.env:
        if why := _assigned(line.text):
            yield line, why
    for step in file.steps:
        yield from ((line, why) for line in step.env if (why := _assigned(line.text)))
        if why := _in_command(step):
            yield step.command, why


def _assigned(text: str) -> str | None:
    name, _, value = text.partition("=")
    return reason(name, value.strip("'\""))


def _in_command(step: Step) -> str | None:
    """Return why a command line seems to hold a secret: the shape of a word, or the option before it."""
    words = step.words
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        option, _, value = word.partition("=")
        if option in _SECRET_OPTIONS and not HARMLESS.fullmatch(value or following):
            return f"has a value for {option}"
        assigned = value if option in _ASSIGNING_OPTIONS and value else following if word in _ASSIGNING_OPTIONS else ""
        if "=" in assigned and (why := _assigned(assigned)):
            return why
    shape = secret_shape(step.command.text)
    return f"has a word that looks like {shape}" if shape else None


@rule(
    "acr-task-disallow-secret-in-task-yaml",
    "Checks that the text of encoded tasks holds no secrets.",
    severity=Severity.HIGH,
    over=_texts,
    tags=["secrets"],
    steps="Give the secret as a value with `isSecret`, or read it from a key vault under `secrets` of the file.",
    url="container-registry-tasks-reference-yaml",
    framework=nist("4.1.4"),
)
def disallow_secret_in_task_yaml(text: Text, _config: Config) -> str | None:
    """Return the violation message with the numbers of lines that look like secrets, never with their text."""
    found = [f"line {line.number} ({line.where}) {why}" for line, why in _findings(text)]
    if not found:
        return None
    return f"{text.place.path}: {'; '.join(found)}: give it as a secret value, or from a key vault."
