"""Lives of a resource, played on both hosts, and the comparison of the two."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from tests.real.twins.provider import HOSTS, Host
from tests.real.twins.stack import Goal, Stack, World
from tests.real.twins.values import Secret, Unknown, contains, plain

Faults = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Up:
    """An update. `preview`: the goal of a preview before it, in which some values may not be known yet. `files`: the
    texts of files in the program's folder, by their paths.
    """

    goal: Goal
    preview: Goal | None = None
    faults: Faults = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refresh:
    """A refresh. `change`: a request of somebody else before it, its method, path in the registry, and body."""

    change: tuple[str, str, Any] | None = None
    faults: Faults = ()


@dataclass(frozen=True)
class Destroy:
    faults: Faults = ()


Step = Up | Refresh | Destroy
NUMBERS = itertools.count()


def play(world: World, host: Host, kind: str, steps: list[Step], number: int) -> Stack:
    """Play a life on a host, with a service from which all traces of other lives are removed."""
    service = world.service
    service.reset()
    home = world.folder / f"{host.name}-{number}"
    # The number is in the URN: a journal must not take another life for an interrupted update of this one.
    stack = Stack(world, host, home, kind, f"life-{number}")
    for step in steps:
        if isinstance(step, Refresh) and step.change is not None:
            method, path, body = step.change
            run = stack.resource.id.rpartition("/")[2] if stack.resource else "none"
            service.change(method, path.format(run=run), body)
        if isinstance(step, Up):
            for path, content in step.files.items():
                (home / path).parent.mkdir(parents=True, exist_ok=True)
                (home / path).write_text(content)
            if step.preview is not None:
                stack.preview(step.preview)
        service.faults([dict(rule) for rule in step.faults])
        if isinstance(step, Up):
            stack.up(step.goal)
            if step.preview is not None:
                assert_previewed(stack, step)
        elif isinstance(step, Refresh):
            stack.refresh()
        else:
            stack.destroy()
        service.faults([])
    return stack


def played_on_both(world: World, kind: str, steps: list[Step]) -> list[Stack]:
    """Play a life on both hosts, and assert that they did the same."""
    number = next(NUMBERS)
    dynamic, plugin = (play(world, host, kind, steps, number) for host in HOSTS)
    for ours, theirs in zip(comparable(dynamic), comparable(plugin), strict=True):
        differing = {part: (ours[part], theirs[part]) for part in ours if ours[part] != theirs[part]}
        assert not differing, f"{ours['command']}, dynamic and plugin: {differing}"
    return [dynamic, plugin]


def assert_previewed(stack: Stack, step: Up) -> None:
    """Assert that the last update did what the preview before it has said, as far as the preview could know it.

    An unknown value may turn out to be the old one. The preview has shown a change then; the state keeps its outputs.
    """
    preview, up = (each for each in stack.commands[-2:])
    said, done = (dict(each["calls"]).get("diff") for each in (preview, up))
    failed = any(what.startswith(("error", "failures")) for what, _ in up["calls"])
    writes = {method for method, *_ in up["requests"]} & {"PUT", "PATCH", "DELETE"}
    known = step.preview is not None and step.preview.inputs == step.goal.inputs
    if known:
        assert (said, said and said.paths) == (done, done and done.paths)
        assert [line for line in preview["messages"] if line not in up["messages"]] == []
    elif said is not None and done is not None:
        assert said.replaces or not done.replaces
        assert said.some or not done.some
    if done is not None and not done.some and not preview["state"].unsettled:
        assert not writes
    for line in (text for _, text, _ in preview["messages"] if known and not failed):
        if line.startswith(("PATCH ", "PUT ")):
            assert line.split()[0] in writes
    kept = up["state"]
    updated = kept is not None and not failed and (done is None or done.some)
    for name, value in preview["previewed"].items() if updated else ():
        if not contains(value, Unknown):
            assert plain(value) == plain(kept.outputs.get(name)), name


_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00| UTC)")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RUN_ID = re.compile(r"(?<=/runs/)[a-z0-9]+|(?<=queued as )[a-z0-9]+")
_SECONDS = re.compile(r"within \d+ s|\d+(?:\.\d+)? s(?:econds)?\b")
_CAMEL = re.compile(r"(?<=[a-z])[A-Z](?=[a-z])")
_INTERNAL = "__provider"
_READABLE = "is a Pulumi secret, and the service shows it"


def comparable(stack: Stack) -> list[Any]:
    """Return the records of a stack's commands in a form that is the same for both hosts.

    Times and ids of the service differ from one life to the next. Decided differences (DECISIONS 41, 45, 46, 51): the
    plugin spells problems as the schema does, masks what the program has marked as secret in errors, warns of marks on
    what the service shows (a dynamic resource's constructor does that), and is called in previews; a dynamic resource
    carries its provider. For a provider that takes no marks, the engine marks a list as a whole where the program has
    marked one item: here both hosts' lists are marked as a whole.
    """
    ids: dict[str, str] = {}
    runs = sorted(set(_RUN_ID.findall(repr(stack.commands))), key=len, reverse=True)
    secrets = sorted({text for each in stack.commands for text in _marked(each)}, key=len, reverse=True)

    def text(value: str) -> str:
        value = value.replace(stack.host.type.format(stack.kind), "TYPE")
        value = _TIME.sub("TIME", value)
        value = _ID.sub(lambda id_: ids.setdefault(id_[0], f"id {len(ids)}"), value)
        return re.sub(rf"\b(?:{'|'.join(runs)})\b", "RUN", value) if runs else value

    def sentence(value: str) -> str:
        for secret in secrets:
            value = value.replace(secret, "[secret]")
        value = _CAMEL.sub(lambda letter: f"_{letter[0].lower()}", value)
        return _SECONDS.sub("SECONDS", text(value))

    def form(value: Any, of: str = "") -> Any:
        if isinstance(value, str):
            spoken = of.startswith("error") or of in ("failures", "reasons", "messages")
            return sentence(value) if spoken else text(value)
        if isinstance(value, dict):
            return {text(name): form(item, of or name) for name, item in value.items() if name != _INTERNAL}
        if isinstance(value, (list, tuple)):
            if len(value) == 2 and isinstance(value[0], str) and of == "calls":
                return [value[0], form(value[1], value[0])]
            found = [form(item, of) for item in value]
            whole = of != "calls" and contains(value, Secret)
            return {"value": form(plain(value), of), "is": "Secret"} if whole else found
        if isinstance(value, Secret):
            return {"is": "Secret", "value": form(plain(value), of)}
        if is_dataclass(value) and not isinstance(value, type):
            compared = [each.name for each in fields(value) if each.compare]
            return {name: form(getattr(value, name), of) for name in (type(value).__name__, *compared)[1:]} | {
                "is": type(value).__name__
            }
        return value

    def compared(command: dict[str, Any]) -> dict[str, Any]:
        messages = [line for line in command["messages"] if _READABLE not in line[1]]
        return {**{name: item for name, item in command.items() if name != "previewed"}, "messages": messages}

    return [form(compared(each)) for each in stack.commands]


def _marked(value: Any) -> list[str]:
    """Return the texts that are marked as secret."""
    if isinstance(value, Secret):
        return [each for each in _leaves(plain(value)) if len(each) > 3]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _marked(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _marked(item)]
    if is_dataclass(value) and not isinstance(value, type):
        return [text for each in fields(value) for text in _marked(getattr(value, each.name))]
    return []


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _leaves(item)]
    if isinstance(value, list):
        return [text for item in value for text in _leaves(item)]
    return [value] if isinstance(value, str) else []
