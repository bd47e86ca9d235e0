"""The resources of a Python program that uses the provider plugin: the dynamic ones, declared as the plugin's types."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_acr_tasks import provider
from pulumi_acr_tasks.run import resource as run
from pulumi_acr_tasks.task import resource as task


class Task(task.Task):
    """A task in a registry, served by the provider plugin. Its arguments are those of the dynamic Task."""

    def _register(self, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        _register(self, "Task", resource_name, props, opts)


class Run(run.Run):
    """A run in a registry, served by the provider plugin. Its arguments are those of the dynamic Run."""

    def _register(self, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        _register(self, "Run", resource_name, props, opts)


class Provider(provider.Provider):
    """The provider of resources of the plugin. Its arguments are those of the dynamic Provider."""

    _package = "acr-tasks"
    _namespace = ""


def _register(
    resource: pulumi.CustomResource, name: str, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions
) -> None:
    """Declare a resource to the engine as one of the plugin's types."""
    provider.with_alias(opts, f"pulumi-python:dynamic/acr-tasks:{name}")
    pulumi.CustomResource.__init__(resource, f"acr-tasks:index:{name}", resource_name, props, opts)
