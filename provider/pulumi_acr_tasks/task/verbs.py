"""The engine's calls for a task, each handed over to its verb's file.

A verb's file is imported by the first call: a program that only declares tasks does not need the requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.schema.definitions import INPUTS

if TYPE_CHECKING:
    from pulumi_acr_tasks.engine_call import Difference
    from pulumi_acr_tasks.service import Service
    from pulumi_acr_tasks.validate.problem import Problem

kinds = INPUTS["Task"]


def create(service: Service, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    from pulumi_acr_tasks.task import crud

    return crud.create(service, inputs)


def read(service: Service, id_: str, props: dict[str, Any]) -> tuple[str | None, dict[str, Any], dict[str, Any] | None]:
    from pulumi_acr_tasks.task import crud

    return crud.read(service, id_, props)


def import_(service: Service, id_: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    from pulumi_acr_tasks.task import crud

    return crud.import_(service, id_)


def update(service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    from pulumi_acr_tasks.task import crud

    return crud.update(service, olds, news)


def delete(service: Service, id_: str, props: dict[str, Any]) -> None:
    from pulumi_acr_tasks.task import crud

    crud.delete(service, id_, props)


def check(service: Service, olds: dict[str, Any], news: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    from pulumi_acr_tasks.task import announce

    return announce.check(service, olds, news)


def diff(service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Difference:
    from pulumi_acr_tasks.task import announce

    return announce.diff(service, id_, olds, news)
