"""The resources of a Python program that uses the provider plugin: the dynamic ones, declared as the plugin's types."""

from __future__ import annotations

from typing import Any, TypeVar

import pulumi

from pulumi_acr_tasks import provider
from pulumi_acr_tasks.program.declaration import engine_properties
from pulumi_acr_tasks.run import resource as run
from pulumi_acr_tasks.task import resource as task

R = TypeVar("R", bound="Task | Run")


class Task(task.Task):
    """A task in a registry, served by the provider plugin. Its arguments are those of the dynamic Task."""

    _marks_reach_check = True

    @classmethod
    def get(cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Task:  # noqa: A002
        """Read a task that exists, without its secrets. The stack does not change it, and does not delete it.

        :param id: The task's ARM id.
        """
        return _existing(cls, resource_name, id, opts)

    def _register(self, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        _register(self, "Task", resource_name, props, opts)


class Run(run.Run):
    """A run in a registry, served by the provider plugin. Its arguments are those of the dynamic Run."""

    _marks_reach_check = True

    @classmethod
    def get(cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Run:  # noqa: A002
        """Read a run that exists. The stack does not cancel it.

        :param id: The run's ARM id.
        """
        return _existing(cls, resource_name, id, opts)

    def _register(self, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        _register(self, "Run", resource_name, props, opts)


class Provider(provider.Provider):
    """The provider of resources of the plugin. Its arguments are those of the dynamic Provider."""

    _package = "acr-tasks"
    _namespace = ""


def _existing(cls: type[R], resource_name: str, id_: pulumi.Input[str], opts: pulumi.ResourceOptions | None) -> R:
    """Declare a resource by its id alone, without the arguments that its constructor asks for."""
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
    resource = cls.__new__(cls)
    resource._register(resource_name, engine_properties(cls, {}, opts), opts)
    return resource


def _register(
    resource: pulumi.CustomResource, name: str, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions
) -> None:
    """Declare a resource to the engine as one of the plugin's types."""
    provider.with_alias(opts, f"pulumi-python:dynamic/acr-tasks:{name}")
    pulumi.CustomResource.__init__(resource, f"acr-tasks:index:{name}", resource_name, props, opts)
