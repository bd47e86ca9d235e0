"""Each error of the emulator, provoked over TCP: status, code and text.

A constant of `services/errors.py` without a row in `provocations.py` fails the collection, as does a row without a
constant.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from acr_tasks_emulator.services import errors

from ..arm import Coordinates
from . import provocations
from .provocations import ROWS, Row
from .requests import Emulated

CONSTANTS = {name: value for name, value in vars(errors).items() if isinstance(value, errors.ErrorText)}
if missing := sorted(set(CONSTANTS) - set(ROWS)):
    raise LookupError(
        f"services/errors.py has {', '.join(missing)}, provoked by nothing: add to ROWS of {provocations.__file__} "
        '"NAME": Row(lambda arm: arm("GET", "what/provokes/it")), or remove the constant if nothing raises it.'
    )
if surplus := sorted(set(ROWS) - set(CONSTANTS)):
    raise LookupError(
        f"services/errors.py has no {', '.join(surplus)} any more: remove the rows of {provocations.__file__}."
    )


@pytest.fixture(scope="module")
def emulators(coordinates: Coordinates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Emulated]]:
    """Start an emulator with options, one for all rows with the same.

    `docker_registry` replaces the registry program.
    """
    if "ACR_TASKS_ENDPOINT" in os.environ:
        pytest.skip("the service under test takes no options")
    import acr_tasks_emulator

    started: dict[str, Emulated] = {}
    with ExitStack() as stack:

        def start(docker_registry: str | None = None, **options: Any) -> Emulated:
            key = repr((docker_registry, sorted(options.items())))
            if key not in started:
                programs, data = tmp_path_factory.mktemp("programs"), tmp_path_factory.mktemp("data")
                if docker_registry is not None:
                    (programs / "docker-registry").write_text(f"#!/bin/sh\n{docker_registry}\n")
                    (programs / "docker-registry").chmod(0o755)
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("PATH", str(programs))  # what there is on this machine makes no difference
                    emulator = stack.enter_context(acr_tasks_emulator.serve(data, **options))
                own = replace(coordinates, endpoint=emulator.endpoint, registry=emulator.registries[0])
                started[key] = Emulated(own, data)
                stack.callback(started[key].http.close)
            return started[key]

        yield start


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if isinstance(row, Row)])
@pytest.mark.emulator_choice("some texts were seen at the service; the others are in the same style")
def test_the_error_is_answered(name: str, emulators: Callable[..., Emulated]) -> None:
    """The answer has the error's status, code and text with every value filled in, in the spelling of its service."""
    row, constant = ROWS[name], CONSTANTS[name]
    assert isinstance(row, Row)
    answer = row.provoke(emulators(**row.options))
    code, message = spelled(constant, answer)
    assert f"{answer.status_code} {code}" == row.status_and_code
    assert re.fullmatch(pattern(constant.text), message, re.DOTALL), message
    assert row.says in message


def spelled(constant: Any, answer: httpx.Response) -> tuple[str, str]:
    """Return code and message of an answer, read as the service of that constant spells them."""
    if constant.style == "blob":
        assert answer.headers["x-ms-error-code"] == constant.code
        if not answer.content:
            return constant.code, constant.text
        tree = ElementTree.fromstring(answer.content)
        return tree.findtext("Code", ""), tree.findtext("Message", "")
    if constant.style == "login-server":
        (error,) = answer.json()["errors"]
        return error["code"], error["message"]
    if constant.style == "sign-in":
        content = answer.json()
        assert constant.number in content["error_codes"]
        head, _, message = content["error_description"].partition(": ")
        assert head == f"AADSTS{constant.number}"
        return content["error"], message.partition(" Trace ID")[0].rstrip()
    error = answer.json()["error"]
    assert error.get("target") == constant.target
    return error["code"], error["message"]


def pattern(text: str) -> str:
    """Return a template as a regular expression in which every field matches some text."""
    return "".join(
        re.escape(literal) + (".+" if name else "") for literal, name, _, _ in string.Formatter().parse(text)
    )
