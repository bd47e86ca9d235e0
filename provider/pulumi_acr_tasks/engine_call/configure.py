"""What the engine tells a provider at `configure`, read into settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pulumi_acr_tasks import embedded, host
from pulumi_acr_tasks.errors import EmulatorError, SettingsError
from pulumi_acr_tasks.settings.keys import NAMESPACE, check_configuration
from pulumi_acr_tasks.settings.settings import Settings

if TYPE_CHECKING:
    from pulumi.dynamic import ConfigureRequest


def configured(req: ConfigureRequest) -> tuple[Settings, list[str]]:
    """Return the settings of a provider, and what is wrong with the keys of its configuration.

    Refresh and destroy go on with keys that are wrong, because they use the configuration in state, which nobody can
    correct: `refuse_unready` tells them to preview and up. Raises SettingsError that names every wrong value.
    """
    told = host.configuration(req)
    problems = check_configuration(told, host.project()) if told is not None else []
    try:
        return Settings.load(lambda key: req.config.get(f"{NAMESPACE}:{key}"), os.environ), problems
    except SettingsError as error:
        raise SettingsError("\n".join([*problems, str(error)])) from None


def refuse_unready(settings: Settings, problems: Sequence[str]) -> None:
    """Raise what is known to be wrong before the first request; for `check`, which preview and up call.

    SettingsError: `problems` with the configuration's keys, or the credential lacks a setting. EmulatorError: the
    embedded emulator is not installed.
    """
    if problems:
        raise SettingsError("\n".join(problems))
    if settings.is_embedded and not embedded.is_installed():
        raise EmulatorError(embedded.MISSING)
    if unmet := settings.unmet():
        raise SettingsError(unmet)
