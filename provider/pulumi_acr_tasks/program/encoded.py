"""Task files and values files in base64, made from what a program has: text, dictionaries, files, one command."""

from __future__ import annotations

import base64
import inspect
import io
import os
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi

from pulumi_acr_tasks.program.declaration import FileContent, program_error
from pulumi_acr_tasks.schema.values import from_engine

TaskFile = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""The text of a task file, the dictionary that the text would be read as, or its steps alone."""

_VERSION = "v1.1.0"
_FILE_NAME = re.compile(r"\S+\.ya?ml")
# Booleans for the agent, which reads YAML 1.1; ruamel.yaml knows the longer words alone.
_SHORT_BOOLEAN = re.compile(r"[yYnN]")


def task_content(task: pulumi.Input[TaskFile]) -> pulumi.Input[str]:
    """Return the base64 of a task file. Raise ProgramError for what cannot be one."""
    return _known(task, lambda found: _base64(_task_text(found)))


def file_content(path: str | os.PathLike[str]) -> FileContent:
    """Return the base64 of a task file on disk. Raise ProgramError when it cannot be read."""
    content = FileContent(_base64(_task_text(file_text(path))))
    content.path = os.fspath(path)
    return content


def command_content(cmd: pulumi.Input[str], timeout: pulumi.Input[int]) -> pulumi.Input[str]:
    """Return the base64 of the task file that `az acr task create --cmd` writes for a command.

    The same bytes: a task that az has made can be taken over without a change.
    """
    return _known([cmd, timeout], lambda found: _base64(command_text(*found)))


def command_text(cmd: Any, timeout: Any) -> str:
    """Return the text of a task file with one command; quoted, unlike az does it, where YAML needs that."""
    if not isinstance(cmd, str) or not cmd.strip():
        raise program_error(f"from_cmd takes a command line, such as 'acr purge --ago 30d'; this is {_called(cmd)}")
    line = re.sub(r"\s*\\\r?\n\s*", " ", cmd.strip())
    if "\n" in line:
        raise program_error("from_cmd takes one line; several commands are the steps of from_yaml")
    line = _dump(line).removesuffix("\n...\n").removesuffix("\n")
    # The blank behind `steps:` is az's.
    return (
        f"version: {_VERSION}\nsteps: \n  - cmd: {line}\n    disableWorkingDirectoryOverride: true\n"
        f"    timeout: {from_engine(timeout)}\n"
    )


def with_values(values: Any, *, files: bool = False) -> dict[str, Any]:
    """Return the members of a step or request that `values` of a constructor stands for.

    A sequence is the member `values`; a text or a dictionary is a values file. With `files` a text is a file's name.
    """
    if values is None:
        return {}
    if isinstance(values, Sequence) and not isinstance(values, str):
        return {"values": values}
    if files and isinstance(values, (str, os.PathLike)):
        values = file_text(values)
    return {"encoded_values_content": _known(values, lambda found: _base64(_values_text(found)))}


def file_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file of the program. Raise ProgramError when it cannot be read.

    Line ends become `\\n`, so that a checkout on Windows does not change the task.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise program_error(f"there is no file {os.fspath(path)!r} (relative to {Path.cwd()})") from None
    except OSError as error:
        raise program_error(f"{os.fspath(path)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise program_error(f"{os.fspath(path)!r} is not text in UTF-8") from None


def _task_text(task: Any) -> str:
    if isinstance(task, str):
        if task.lstrip().startswith(("acr ", "az acr ")):
            raise program_error("from_yaml takes a task file, and this is a command: call from_cmd")
        return _text(task)
    if isinstance(task, list) and task and all(isinstance(step, dict) for step in task):
        return _dump({"version": _VERSION, "steps": task})
    if isinstance(task, dict):
        return _dump(task)
    hint = ": call from_file" if isinstance(task, os.PathLike) else ""
    raise program_error(
        f"from_yaml takes the text of a task file, a dict or a list of steps; this is {_called(task)}{hint}"
    )


def _values_text(values: Any) -> str:
    if isinstance(values, str):
        return _text(values)
    if isinstance(values, dict):
        return _dump(values)
    raise program_error(f"values is a dict, the text of a values file or a list of values; this is {_called(values)}")


def _text(text: str) -> str:
    """Return a text of the program without the margin that it has in an indented string."""
    if _FILE_NAME.fullmatch(text):
        raise program_error(f"from_yaml takes text, and {text!r} is the name of a file: call from_file")
    return textwrap.dedent(text) if text.lstrip("\n").startswith((" ", "\t")) else text


def _dump(value: Any) -> str:
    """Return YAML that the agent reads as that value: in its version, 1.1, and on any machine the same text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        """A writer of strings in the style that is safe for them, without anchors."""

        def represent_str(self, data: str) -> Any:
            """Return the node of a string."""
            return self.represent_scalar("tag:yaml.org,2002:str", data, _style(data))

        def ignore_aliases(self, data: Any) -> bool:
            """Return True: what occurs twice is written twice."""
            return True

        def represent_undefined(self, data: Any) -> Any:
            """Raise TypeError with the name of the object's type; the library would show the object."""
            raise TypeError(type(data).__name__)

    Representer.add_representer(str, Representer.represent_str)
    Representer.add_representer(None, Representer.represent_undefined)
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = Representer
    yaml.version = (1, 1)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 1 << 20
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the library annotates its class attribute None
    stream = io.StringIO()
    try:
        yaml.dump(value, stream)
    except TypeError as error:
        raise program_error(f"YAML has no form for an object of {error}") from None
    return stream.getvalue().partition("---")[2].lstrip("\n ")


def _style(text: str) -> str | None:
    """Return the style in which a text survives what the agent does before it reads the YAML."""
    if "\n" not in text:
        return "'" if _SHORT_BOOLEAN.fullmatch(text) else None
    # The agent drops lines that begin with #, in blocks too.
    return '"' if any(line.lstrip().startswith("#") for line in text.split("\n")) else "|"


def _known(value: Any, encode: Callable[[Any], str]) -> pulumi.Input[str]:
    """Return what `encode` makes of a value: at once, or as an output where an output is in it."""
    plain, waits = _plain(value)
    if not waits:
        return encode(plain)
    # What an output brings is made plain too: it may be of an output type of ours.
    return pulumi.Output.from_input(plain).apply(lambda found: encode(from_engine(_plain(found)[0])))


def _plain(value: Any) -> tuple[Any, bool]:
    """Return a value with plain dicts, lists and strings in place of similar types, and whether an output is in it."""
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return value, True
    if isinstance(value, Mapping):
        items = {key: _plain(item) for key, item in value.items() if item is not None}
        return {key: item for key, (item, _) in items.items()}, any(waits for _, waits in items.values())
    if isinstance(value, (list, tuple)):
        found = [_plain(item) for item in value]
        return [item for item, _ in found], any(waits for _, waits in found)
    if isinstance(value, Enum):
        return value.value, False
    return str(value) if isinstance(value, str) else value, False


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _called(value: Any) -> str:
    return "empty" if value in ("", [], {}) else f"a {type(value).__name__}"
