"""Outputs in preview that only the service sets: unknown where the service will set them, known where they stay.

The engine previews a create and an update with the checked inputs as outputs. The program then sees None where the
service will set a value, and none of the values in state. A hook gives the program the old outputs of an update. It is
registered in previews alone, so that no state names it.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_acr_tasks.host.sdk import has_hooks
from pulumi_acr_tasks.outputs import IdentityProperties, ImageDescriptor, UserIdentityProperties
from pulumi_acr_tasks.schema.definitions import snake_case
from pulumi_acr_tasks.schema.equality import identity_type

_numbers = itertools.count(1)

# What an update never changes, and what it leaves alone once a run has ended.
KEPT_BY_TASK = ("type", "creationDate")
KEPT_BY_RUN = ("runId", "runType", "createTime")
KEPT_BY_ENDED_RUN = ("status", "startTime", "finishTime", "outputImages", "imageRefs", "runErrorMessage")
ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")


class OldOutputs:
    """The outputs in state of one resource, once the engine has planned an update of it."""

    def __init__(self) -> None:
        self._outputs: Mapping[str, Any] = {}

    def asked_for(self, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """Return a copy of the options with the hook that brings the outputs; the same where the CLI has no hooks."""
        if not has_hooks():
            return opts
        options, binding = copy.copy(opts), copy.copy(opts.hooks) or pulumi.ResourceHookBinding()
        name = f"acr-tasks:old-outputs:{next(_numbers)}"
        hook = pulumi.ResourceHook(name, self._remember, pulumi.ResourceHookOptions(on_dry_run=True))
        binding.before_update = [*(binding.before_update or []), hook]
        options.hooks = binding
        return options

    def _remember(self, args: pulumi.ResourceHookArgs) -> None:
        self._outputs = args.old_outputs or {}

    def get(self, name: str) -> Any:
        """Return an old output by its name in state, None where there is none."""
        return self._outputs.get(name)


def complete_task(task: pulumi.Resource, old: OldOutputs) -> None:
    """Make the identity's principals unknown in preview where they will be made, and known where they stay."""
    # A pure output is known where the outputs are the state's.
    sign = task.__dict__["type"]

    def identity(value: Any) -> Any:
        return sign.apply(lambda known: value if _is_known(known) else _identity(value, old), True)

    task.__dict__["identity"] = task.__dict__["identity"].apply(identity, True)
    for name in KEPT_BY_TASK:
        _complete(task, name, old)


def complete_run(run: pulumi.Resource, old: OldOutputs) -> None:
    """Make known in preview what stays of a run: an update never makes another one."""
    for name in (*KEPT_BY_RUN, *KEPT_BY_ENDED_RUN):
        _complete(run, name, old)


def _complete(resource: pulumi.Resource, name: str, old: OldOutputs) -> None:
    def complete(value: Any) -> Any:
        return value if _is_known(value) else _stays(old, name)

    resource.__dict__[name] = resource.__dict__[name].apply(complete, True)


def _stays(old: OldOutputs, name: str) -> Any:
    value = old.get(name)
    if value is None or (name in KEPT_BY_ENDED_RUN and old.get("status") not in ENDED):
        return pulumi.UNKNOWN
    return pulumi.Output.from_input(value).apply(_images) if name == "outputImages" else value


def _images(images: list[dict[str, Any]]) -> list[ImageDescriptor]:
    return [ImageDescriptor(**{snake_case(name): value for name, value in image.items()}) for image in images]


def _identity(identity: Any, old: OldOutputs) -> Any:
    """Return the identity of a task that is to be made or updated, with the principals that it will have."""
    if not isinstance(identity, IdentityProperties) or not _is_known(identity.type):
        return identity
    before = old.get("identity")
    before = dict(before) if isinstance(before, Mapping) else {}
    members = dict(identity)
    if "System" in identity_type(identity):
        same = before if "System" in identity_type(before) else {}
        members = {**_principals(same, "principalId", "tenantId"), **members}
    if isinstance(identity.user_assigned_identities, Mapping):
        known = {id_.lower(): item for id_, item in (before.get("userAssignedIdentities") or {}).items()}
        members["user_assigned_identities"] = {
            id_: UserIdentityProperties(
                **{**_principals(known.get(id_.lower()) or {}, "principalId", "clientId"), **(said or {})}
            )
            for id_, said in identity.user_assigned_identities.items()
        }
    return IdentityProperties(**members)


def _principals(known: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {snake_case(name): known.get(name) or pulumi.UNKNOWN for name in names}


def _is_known(value: Any) -> bool:
    return not isinstance(value, type(pulumi.UNKNOWN))
