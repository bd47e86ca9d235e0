from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import httpx
import pytest

import acr_tasks_emulator
from acr_tasks_emulator.process import background

VERSION = {"api-version": "2019-04-01"}
YAML = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox true\n").decode()


def test_every_public_name_is_there() -> None:
    """The package has exactly the listed names, those with slow imports too."""
    assert acr_tasks_emulator.__all__ == sorted(acr_tasks_emulator.__all__, key=lambda name: (name.islower(), name))
    for name in acr_tasks_emulator.__all__:
        assert getattr(acr_tasks_emulator, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'server_of_dreams'"):
        _ = acr_tasks_emulator.server_of_dreams


def test_the_library_s_emulator_has_its_coordinates(tmp_path: Path) -> None:
    """Without https there is no CA; a given folder is kept."""
    with acr_tasks_emulator.serve(data=tmp_path / "data", registries=["contoso:westus2", "fabrikam"]) as emulator:
        assert isinstance(emulator, acr_tasks_emulator.Emulator)
        parts = ("", "subscriptions", emulator.subscription_id, "resourceGroups", emulator.resource_group_name)
        parts += ("providers", "Microsoft.ContainerRegistry", "registries", emulator.registry_name)
        assert emulator.registries[0] == "/".join(parts)
        assert (emulator.registry_name, emulator.executor, emulator.ca_cert) == ("contoso", "simulated", None)
    assert (tmp_path / "data" / "emulator.sqlite").exists()
    assert not (tmp_path / "data" / "tls").exists()


def test_a_folder_has_one_emulator(tmp_path: Path) -> None:
    """A second emulator on a folder is refused, and `stop` does not end the program that has the first one."""
    with acr_tasks_emulator.serve(data=tmp_path):
        problem = f"belongs to an emulator that runs already (in process {os.getpid()})"
        with pytest.raises(acr_tasks_emulator.SettingsError, match=re.escape(problem)):
            acr_tasks_emulator.serve(data=tmp_path).__enter__()
        with pytest.raises(acr_tasks_emulator.SettingsError, match="is no process of its own"):
            background.stop(tmp_path)
    assert background.stop(tmp_path) is None


def test_a_reset_leaves_an_empty_emulator() -> None:
    """The address stays the same."""
    with acr_tasks_emulator.serve() as emulator, httpx.Client(base_url=emulator.endpoint, params=VERSION) as http:
        registry = emulator.registries[0]
        request = {"type": "EncodedTaskRunRequest", "encodedTaskContent": YAML, "platform": {"os": "Linux"}}
        assert http.post(f"{registry}/scheduleRun", json=request).status_code == 200
        emulator.reset()
        assert http.get(f"{registry}/runs").json() == {"value": []}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"executor": "podman"}, "podman"), ({"registries": ["a"]}, "'a'"), ({"switches": {"foo": 1}}, "'foo'")],
)
def test_a_wrong_option_is_a_sentence(options: dict[str, object], sentence: str) -> None:
    """The sentence is that of the command line."""
    with pytest.raises(acr_tasks_emulator.SettingsError, match=sentence), acr_tasks_emulator.serve(**options):
        pass
