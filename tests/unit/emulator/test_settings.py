from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.settings import RegistrySetting, Settings, SettingsError

DATA = Path("/nowhere")


def test_a_registry_has_a_location() -> None:
    """The default is westeurope; another one is spelled as Resource Manager does."""
    assert RegistrySetting.parse("emulator") == RegistrySetting("emulator", "westeurope")
    assert RegistrySetting.parse("myregistry:West US 2") == RegistrySetting("myregistry", "westus2")


@pytest.mark.parametrize("text", ["", "abcd", "a" * 51, "my-registry", "my/registry", "régistre", "emulator:we$t"])
def test_a_malformed_registry_is_refused(text: str) -> None:
    """The sentence names what was given and what is allowed."""
    with pytest.raises(SettingsError, match="is not allowed"):
        RegistrySetting.parse(text)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"executor": "podman"}, "auto, buildah, docker, simulated"),
        ({"agents": 0}, "1 to 64"),
        ({"port": 65536}, "1 to 65535, or 0 for any"),
        ({"host": "0.0.0.0"}, "give --token"),
        ({"host": "build.example"}, "give --token"),
        ({"token": ""}, "empty token"),
        ({"webhook_secret": ""}, "empty webhook secret"),
        ({"idle_exit": 0}, "above 0"),
        ({"mode": "async"}, "choose one of sync, lro"),
        ({"throttle": "on"}, "choose one of off, arm"),
        ({"latency": -1}, "0 to 60000 milliseconds"),
        ({"latency": float("nan")}, "0 to 60000 milliseconds"),
        ({"idle_exit": float("nan")}, "above 0"),
        ({"registries": (RegistrySetting("emulator"), RegistrySetting("Emulator"))}, "given twice"),
    ],
)
def test_wrong_settings_are_refused(members: dict[str, Any], sentence: str) -> None:
    """Each sentence names the allowed values."""
    with pytest.raises(SettingsError, match=sentence):
        Settings(data=DATA, **members)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    """Only this machine can reach loopback."""
    assert Settings(data=DATA, host=host).token is None


def test_the_token_is_not_shown() -> None:
    """The text of the settings does not have it."""
    assert "s3cret" not in repr(Settings(data=DATA, host="0.0.0.0", token="s3cret"))
