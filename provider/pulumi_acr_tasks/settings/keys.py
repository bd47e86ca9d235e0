"""The keys of this provider's configuration, and misspelt keys that look like one of them.

A misspelt key would be ignored, and so send the program to the public cloud: it is a problem.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, kind
from pulumi_acr_tasks.validate.hints import did_you_mean, nearest, plain

NAMESPACE = "acr-tasks"
KEYS: dict[str, Kind] = {
    "endpoint": kind("string"),
    "environment": kind("string"),
    "subscriptionId": kind("string"),
    "resourceGroupName": kind("string"),
    "registryName": kind("string"),
    "credential": kind("string"),
    "tenantId": kind("string"),
    "clientId": kind("string"),
    "clientSecret": kind("string*"),
    "audience": kind("string"),
    "answerTimeout": kind("number"),
    "embeddedData": kind("string"),
    "secretDrift": kind("boolean"),
    "logLevel": kind("string"),
}
"""The kind of each key."""

_EMBEDDED = "embedded"
_CLOSE = 0.8  # of two names: `acr-task` and `act-tasks` are close to ours, `acr-builds` is not


def check_configuration(config: Mapping[str, Any], project: str) -> list[str]:
    """Return which keys of a provider's configuration are misspelt or empty, a sentence each.

    `config` has every key with its namespace (`acr-tasks:endpoint`), as the engine hands it over; `project` is the
    name of the project, whose own keys may be called anything. Values are never repeated.
    """
    problems = []
    for name, value in config.items():
        namespace, _, key = name.rpartition(":")
        if namespace == NAMESPACE and key in KEYS:
            problems += _check_value(name, value)
        else:
            problems += _check_name(namespace, key, config, project)
    return problems


def _check_value(name: str, value: Any) -> list[str]:
    if isinstance(value, (dict, list)):
        return [f"{name} is a {'map' if isinstance(value, dict) else 'list'}; a string is expected"]
    if isinstance(value, str) and not value.strip():
        return [f"{name} is empty; give it a value, or take it out: pulumi config rm {name}"]
    return []


def _check_name(namespace: str, key: str, config: Mapping[str, Any], project: str) -> list[str]:
    name = f"{namespace}:{key}" if namespace else key
    if namespace == NAMESPACE:
        # A project of this very name has keys of its own.
        own = namespace == project and nearest(key, KEYS) is None
        return [] if own else [f"{name} is not a key of this provider{_meant(key)}"]
    if f"{NAMESPACE}:{_ours(key)}" in config:
        return []  # our own key is set too: the other one is another provider's
    if not namespace:
        return [f"{name} has no namespace{_meant(key)}"] if _ours(key) else []
    if namespace == project:
        forgotten = key == "endpoint" and config[name] == _EMBEDDED
        confused = plain(namespace) == plain(NAMESPACE) and _ours(key) is not None
    else:
        forgotten = False
        confused = _is_close(namespace) and (nearest(key, KEYS) is not None or plain(namespace) == plain(NAMESPACE))
    return [f"{name} is ignored: the namespace of this provider is {NAMESPACE}{_meant(key)}"] * (forgotten or confused)


def _ours(key: str) -> str | None:
    """Return our key that differs from `key` in case, `_` and `-` at most."""
    return next((known for known in KEYS if plain(known) == plain(key)), None)


def _is_close(namespace: str) -> bool:
    given, ours = plain(namespace), plain(NAMESPACE)
    return ours in given or difflib.SequenceMatcher(None, given, ours).ratio() >= _CLOSE


def _meant(key: str) -> str:
    known = ", ".join(KEYS)
    return did_you_mean(key, KEYS, lambda meant: f"{NAMESPACE}:{meant}") or f"; its keys are {known}"
