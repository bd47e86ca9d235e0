"""The configuration of the plugin: its keys as the engine hands them over, without a namespace."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine_call import EngineCalls
from pulumi_acr_tasks.errors import SettingsError
from pulumi_acr_tasks.schema.values import contains_unknown
from pulumi_acr_tasks.settings.keys import NAMESPACE, check_configuration
from pulumi_acr_tasks.validate.problem import as_schema_spells

_OF_THE_ENGINE = ("version", "pluginDownloadURL")


def check(config: dict[str, Any]) -> list[str]:
    """Return everything that is wrong with keys and values, a sentence each; no value is repeated that may be secret.

    Values are checked once all are known.
    """
    own = {f"{NAMESPACE}:{key}": value for key, value in config.items() if key not in _OF_THE_ENGINE}
    problems = check_configuration(own, engine.project())
    if not contains_unknown(config):
        try:
            configured({key: value for key, value in config.items() if not isinstance(value, (dict, list))})
        except SettingsError as error:
            problems += str(error).splitlines()
    return problems


def configured(config: dict[str, Any]) -> EngineCalls:
    """Return the calls of a provider with that configuration.

    Refresh and destroy use the configuration in state, which nobody can correct: wrong keys do not stop them. Raises
    SettingsError for wrong values.
    """
    return EngineCalls.configured(config.get, (), as_schema_spells)
