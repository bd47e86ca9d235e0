"""The images that an encoded task builds or pushes."""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterator
from typing import Any

import yaml

_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def image_names(encoded: str) -> list[tuple[str, str]]:
    """Lists the image names of the base64 text of a task, each with where it stands, such as `steps[0].build`.

    A name that is built and pushed is listed once. What cannot be read has no names: neither does the service look at a
    task's text before a run, and saying what is wrong with it is not a policy's business.
    """
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return []
    # A template is no YAML: the agent renders first and parses then. So each stands aside while the text is parsed.
    templates = _TEMPLATE.findall(text)
    numbers = iter(range(len(templates)))
    try:
        task = yaml.safe_load(_TEMPLATE.sub(lambda _: f"<template{next(numbers)}>", text))
    except yaml.YAMLError:
        return []
    found: dict[str, str] = {}
    for where, name in _steps(task):
        whole = re.sub(r"<template(\d+)>", lambda match: templates[int(match[1])], name)
        found.setdefault(whole, where)
    return [(where, name) for name, where in found.items()]


def _steps(task: Any) -> Iterator[tuple[str, str]]:
    steps = task.get("steps") if isinstance(task, dict) else None
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict):
            continue
        if isinstance(step.get("build"), str):
            yield from ((f"steps[{index}].build", name) for name in _tags(step["build"]))
        if isinstance(step.get("push"), list):
            yield from ((f"steps[{index}].push", name) for name in step["push"] if isinstance(name, str))


def _tags(command: str) -> Iterator[str]:
    """The values of -t and --tag in a build's command line."""
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote
        return
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("-t", "--tag"):
            yield following
        elif word.startswith(("-t=", "--tag=")):
            yield word.partition("=")[2]
