"""Outputs of the service in a preview."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from pulumi_acr_tasks.outputs import IdentityProperties, ImageDescriptor
from pulumi_acr_tasks.program.preview import OldOutputs, _identity, complete_run, complete_task

_BOTH = {
    "type": "SystemAssigned, UserAssigned",
    "principalId": "p",
    "tenantId": "t",
    "userAssignedIdentities": {"/A": {"principalId": "pa", "clientId": "ca"}},
}


@pytest.fixture(autouse=True)
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop, which outputs need, as a program has one."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


def _old(**outputs: Any) -> OldOutputs:
    """Return the outputs in state, as the engine's hook shows them."""
    old = OldOutputs()
    old._remember(pulumi.ResourceHookArgs("urn", "id", "name", "type", old_outputs=outputs))
    return old


def _output(value: Any) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)


def _resolved(output: pulumi.Output[Any]) -> Any:
    return asyncio.get_event_loop().run_until_complete(output.future(with_unknowns=True))


def _previewed(identity: Any, old: OldOutputs, type_: Any = pulumi.UNKNOWN) -> Any:
    """Return the identity of a task in preview; with a `type_` the state's outputs stand."""
    typed = rpc.translate_output_properties(identity, lambda name: name, IdentityProperties)
    task: Any = SimpleNamespace(type=_output(type_), identity=_output(typed), creationDate=_output(pulumi.UNKNOWN))
    complete_task(task, old)
    return _resolved(task.identity)


def _plain(value: Any) -> Any:
    """Return a value with a word for each unknown."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return "?" if value is pulumi.UNKNOWN else value


def test_new_principals_are_unknown() -> None:
    """These are the principal of the task's own identity, and both ids of each user-assigned one."""
    declared = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/a": {}}}
    assert _plain(_previewed(declared, _old())) == {
        "type": "SystemAssigned, UserAssigned",
        "principal_id": "?",
        "tenant_id": "?",
        "user_assigned_identities": {"/a": {"principal_id": "?", "client_id": "?"}},
    }


def test_principals_that_stay_are_known() -> None:
    """Ids are compared without case; those of added identities are unknown."""
    declared = {"type": "systemassigned", "userAssignedIdentities": {"/a": {}, "/b": {}}}
    assert _plain(_previewed(declared, _old(identity=_BOTH))) == {
        "type": "systemassigned",
        "principal_id": "p",
        "tenant_id": "t",
        "user_assigned_identities": {
            "/a": {"principal_id": "pa", "client_id": "ca"},
            "/b": {"principal_id": "?", "client_id": "?"},
        },
    }


def test_a_missing_identity_has_no_principal() -> None:
    """This holds before and after the update."""
    identity = _previewed({"type": "UserAssigned", "userAssignedIdentities": {"/A": {}}}, _old(identity=_BOTH))
    assert (identity.principal_id, identity.tenant_id) == (None, None)
    assert _previewed({"type": "None"}, _old()).principal_id is None


def test_outputs_of_the_state_are_left_alone() -> None:
    """An unchanged task keeps its outputs; one that the service left out stays absent."""
    assert _previewed({"type": "SystemAssigned"}, _old(), type_="x").principal_id is None
    of_unknown_type: Any = IdentityProperties(type=pulumi.UNKNOWN)
    assert _plain(_identity(of_unknown_type, _old())) == {"type": "?"}
    assert _previewed(None, _old()) is None


def _run(old: OldOutputs, **outputs: Any) -> Any:
    names = ("runId", "runType", "createTime", "status", "startTime", "finishTime", "outputImages", "imageRefs")
    unknown = dict.fromkeys((*names, "runErrorMessage"), pulumi.UNKNOWN)
    run: Any = SimpleNamespace(**{name: _output(value) for name, value in {**unknown, **outputs}.items()})
    complete_run(run, old)
    return SimpleNamespace(**{name: _resolved(output) for name, output in vars(run).items()})


def test_an_ended_run_keeps_its_outputs_in_the_preview_of_an_update() -> None:
    """Images are among them, with their type."""
    images = [{"registry": "r", "repository": "a", "digest": "sha256:1"}]
    run = _run(_old(status="Succeeded", runId="cf1", outputImages=images, imageRefs=["r/a@sha256:1"]))
    assert (run.status, run.runId, run.imageRefs) == ("Succeeded", "cf1", ["r/a@sha256:1"])
    assert run.outputImages == [ImageDescriptor(registry="r", repository="a", digest="sha256:1")]
    assert isinstance(run.outputImages[0], ImageDescriptor)
    assert run.runErrorMessage is pulumi.UNKNOWN


def test_a_run_that_goes_on_keeps_only_what_it_is() -> None:
    """Its result is unknown; a new run is unknown as a whole."""
    run = _run(_old(status="Running", runId="cf1", imageRefs=[]))
    assert (run.runId, run.status, run.imageRefs) == ("cf1", pulumi.UNKNOWN, pulumi.UNKNOWN)
    assert _run(_old()).runId is pulumi.UNKNOWN
    assert _run(_old(status="Succeeded", runId="cf1"), runId="cf2").runId == "cf2"
