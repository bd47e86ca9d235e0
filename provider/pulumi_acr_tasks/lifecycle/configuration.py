"""What the engine tells a provider at `configure`, read into settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pulumi_acr_tasks import embedded, host
from pulumi_acr_tasks.errors import EmulatorError, SettingsError
from pulumi_acr_tasks.settings import Settings
from pulumi_acr_tasks.validate.configuration import NAMESPACE, check_configuration

if TYPE_CHECKING:
    from pulumi.dynamic import ConfigureRequest


def configured(req: ConfigureRequest) -> Settings:
    """Return the settings of a provider. Raises SettingsError that names every wrong key, a misspelt one too."""
    told = host.configuration(req)
    problems = check_configuration(told, host.project()) if told is not None else []
    return Settings.load(lambda key: req.config.get(f"{NAMESPACE}:{key}"), os.environ, problems)


def refuse_unready(settings: Settings) -> None:
    """Raise what the first request would raise, where it can be known without one.

    SettingsError: the credential lacks a setting. EmulatorError: the embedded emulator is not installed.
    """
    if settings.is_embedded and not embedded.is_installed():
        raise EmulatorError(embedded.MISSING)
    if unmet := settings.unmet():
        raise SettingsError(unmet)
