"""Any input is either right or a problem: no input ends in an exception."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.run import check as context
from pulumi_acr_tasks.schema.definitions import DEFINITIONS, POLYMORPHIC, Kind, kind, members
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task.check import check as check_task
from pulumi_acr_tasks.validate.task_file.file import check_task_file


def check_task_yaml(text: str) -> list[str]:
    """Return the errors of a task file, as preview shows them."""
    return [str(finding) for finding in check_task_file(text) if not finding.warning]


_SETTINGS = Settings.load({"endpoint": "embedded"}.get, {})
_ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, 2**52, "", "x", "[system]", "a: b\n- c", "b'x'", "c3RlcHM6", "/dev/null", "~", "oci://x"),
    *("https://user:password@host/x", "http://[", [], {}, [None], [[1]], {"a": None}, {"type": "Docker"}, UNKNOWN),
    *("\x00", "é" * 60, "* * * * *", "/absolute", "."),
]
_FRAGMENTS = [
    *(
        "steps:",
        "  - cmd: a",
        "  - build: -t x .",
        "    id: ",
        "    when: [",
        "a",
        "]",
        "&a",
        "*a",
        "!!int x",
        "!!set {a}",
    ),
    *(
        "!!timestamp z",
        "!!omap [a: b]",
        "2024-13-45",
        "<<: *a",
        "? [a]",
        ": b",
        "version: v1.1.0",
        "networks:",
        "{",
        "}",
    ),
    *(
        "  - name: ",
        "volumes:",
        "secrets:",
        "{{.Run.ID}}",
        "|",
        "\t",
        "%YAML 1.2",
        "---",
        "'",
        '"',
        "alias:",
        "1e999",
        "\x00",
    ),
]


class _Writer:
    """A writer of inputs by the definitions, with odd values in between."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def odd(self) -> Any:
        return self.random.choice(_ODD)

    def value(self, of: Kind, depth: int = 0) -> Any:
        if self.random.random() < 0.25 or depth > 6:
            return self.odd()
        if of.container == "list":
            return [self.value(of.item, depth + 1) for _ in range(self.random.randint(0, 3))]
        if of.container == "map":
            keys = self.random.sample(["a", "A", "registry.io", "x y", ""], self.random.randint(0, 3))
            return {key: self.value(of.item, depth + 1) for key in keys}
        if of.name in POLYMORPHIC:
            type_ = self.random.choice([*POLYMORPHIC[of.name], "other"])
            definition = POLYMORPHIC[of.name].get(type_)
            return {**(self.object(definition, depth) if definition else {}), "type": type_}
        return self.object(of.name, depth) if of.name in DEFINITIONS else self.odd()

    def object(self, name: str, depth: int = 0) -> dict[str, Any]:
        made = {m: self.value(k, depth + 1) for m, k in members(name).items() if self.random.random() < 0.6}
        return {**made, "typo": self.odd()} if self.random.random() < 0.2 else made

    def yaml(self) -> str:
        count, ends = self.random.randint(1, 14), ["\n", " ", "\n  ", "\n    ", ""]
        return "".join(self.random.choice(_FRAGMENTS) + self.random.choice(ends) for _ in range(count))


@pytest.mark.parametrize("seed", range(4))
def test_any_input_is_right_or_a_problem(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks, runs and task files of all shapes are tried; each problem is one line with its property."""
    monkeypatch.chdir(tmp_path)
    writer = _Writer(seed)
    others = (
        "registryId",
        "subscriptionId",
        "registryName",
        "taskName",
        "adopt",
        "context",
        "wait",
        "queueTimeout",
        "logs",
    )
    for _ in range(150):
        given = {name: writer.odd() for name in others if writer.random.random() < 0.4}
        _, problems = check_task({**writer.object("Task"), **given}, _SETTINGS.registry_defaults, "embedded")
        run = {**given, "runRequest": writer.value(kind("RunRequest"))}
        problems += context.check(run, _SETTINGS)[1]
        assert all(each.path and each.message for each in problems)
        assert all(said.startswith("line ") for said in check_task_yaml(writer.yaml()))
