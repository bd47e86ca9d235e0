"""The engine's calls for a run, each handed over to its verb's file.

A verb's file is imported by the first call: a program that only declares runs does not need the requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.schema.definitions import INPUTS

if TYPE_CHECKING:
    from pulumi_acr_tasks.engine_call import Difference
    from pulumi_acr_tasks.run.wait.wait import Call
    from pulumi_acr_tasks.service import Service
    from pulumi_acr_tasks.validate.problem import Problem

kinds = INPUTS["Run"]


def create(service: Service, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    from pulumi_acr_tasks.run import crud

    return crud.create(service, inputs, _call())


def read(service: Service, id_: str, props: dict[str, Any]) -> tuple[str | None, dict[str, Any], dict[str, Any] | None]:
    from pulumi_acr_tasks.run import crud

    found = crud.read(service, id_, props, _call())
    return (None, {}, None) if found is None else (id_, found, None)


def import_(service: Service, id_: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    raise ValidationError(
        [
            "a run cannot be imported: the service does not keep what was asked for, so pulumi up would run it again\n"
            "declare the run in the program, and pulumi up runs it once; to read one that exists, use getRun"
        ]
    )


def update(service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    from pulumi_acr_tasks.run import crud

    return crud.update(service, id_, olds, news, _call())


def delete(service: Service, id_: str, props: dict[str, Any]) -> None:
    from pulumi_acr_tasks.run import crud

    crud.delete(service, id_, props, _call())


def check(service: Service, olds: dict[str, Any], news: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    from pulumi_acr_tasks.run import announce

    return announce.check(service, olds, news)


def diff(service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Difference:
    from pulumi_acr_tasks.run import announce

    return announce.diff(service, id_, olds, news)


def _call() -> Call:
    from pulumi_acr_tasks.run.wait.wait import Call

    request = engine.current_request()
    return Call(request.urn, engine.console(), engine.canceled, request.timeout)
