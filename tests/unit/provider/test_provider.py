"""Which provider a resource gets, wherever the program named it; and calls that cannot be right."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from pulumi_acr_tasks import DockerBuildStepArgs, Provider, Task, TimerTriggerArgs
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.provider import with_provider


def _provider(package: str = "pulumi-python") -> Any:
    return SimpleNamespace(package=package)


def _ours() -> Any:
    """One of ours as far as its class tells; nothing is registered."""
    provider = Provider.__new__(Provider)
    provider.package = "pulumi-python"
    return provider


def _chosen(**options: Any) -> Any:
    parent = options.pop("parent", None)
    opts = pulumi.ResourceOptions(**options)
    opts.parent = SimpleNamespace(_providers=parent) if parent is not None else None
    return with_provider("build", opts).provider


def test_a_provider_is_found_wherever_it_is_named() -> None:
    """It is found under our name, any other name, Pulumi's package, or in a list; the nearest one counts."""
    plain, ours = _provider(), _ours()
    assert _chosen(provider=plain) is plain
    assert _chosen(providers={"acr-tasks": plain}) is plain
    assert _chosen(providers={"acr_tasks": ours}) is ours
    assert _chosen(providers={"acr_tasks": plain}) is None  # another dynamic provider's, perhaps
    assert _chosen(providers=[plain, _provider("random")]) is plain
    assert _chosen(parent={"acr-tasks": plain, "random": _provider("random")}) is plain
    assert _chosen(parent={"pulumi-python": plain}) is plain
    assert _chosen(providers={"acr-tasks": ours}, parent={"acr-tasks": plain}) is ours
    assert _chosen(provider=ours, providers={"acr-tasks": plain}, parent={"acr-tasks": plain}) is ours
    assert _chosen(parent={"acr-tasks": ours, "pulumi-python": ours}) is ours
    assert _chosen() is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"provider": _provider("azure-native")},
            "build: provider is one of azure-native; give a pulumi_acr_tasks.Prov",
        ),
        ({"providers": {"acr-tasks": _provider("random")}}, "build: providers['acr-tasks'] is one of random; give a"),
        ({"parent": {"acr-tasks": _provider(), "pulumi-python": _provider()}}, "providers names two that may be meant"),
    ],
)
def test_a_provider_that_would_be_ignored_is_refused(options: dict[str, Any], sentence: str) -> None:
    """The SDK takes the default provider in its place, without a word."""
    with pytest.raises(ValidationError) as caught:
        _chosen(**options)
    assert sentence in str(caught.value)
    assert isinstance(caught.value, pulumi.RunError)  # no traceback on the screen


@pytest.mark.parametrize(
    ("names", "disabled"), [("*", True), ("acr-tasks", True), ("pulumi-python", True), ("aws", False)]
)
def test_disabled_default_providers_are_told_with_what_to_give(names: str, disabled: bool) -> None:
    """The engine's own sentence knows nothing of our Provider."""
    set_all_config({"pulumi:disable-default-providers": json.dumps([names])})
    try:
        assert _chosen(provider=_provider()) is not None
        if disabled:
            with pytest.raises(ValidationError, match=r"disable-default-providers .*pulumi_acr_tasks\.Provider"):
                _chosen()
        else:
            assert _chosen() is None
    finally:
        set_all_config({})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: DockerBuildStepArgs(docker_file_pat="x"),
            "DockerBuildStepArgs has no argument 'docker_file_pat'; did you",
        ),
        (lambda: DockerBuildStepArgs(dockerFilePath="x"), "'dockerFilePath'; did you mean docker_file_path?"),
        (lambda: TimerTriggerArgs(name="x", zzz=1), "TimerTriggerArgs has no argument 'zzz'"),
        (lambda: TimerTriggerArgs(name="x"), "TimerTriggerArgs: missing a required argument: 'schedule'"),
        (lambda: Task("x", platform={}, stepp={}), "Task has no argument 'stepp'; did you mean step?"),
        (lambda: Provider("x", registryName="y"), "'registryName'; did you mean registry_name?"),
    ],
)
def test_a_misspelt_argument_is_a_sentence_with_its_line(call: Any, sentence: str) -> None:
    """File and line of the program, and the argument that was meant."""
    with pytest.raises(ValidationError) as caught:
        call()
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("test_provider.py, line ")
    assert isinstance(caught.value, pulumi.RunError)
