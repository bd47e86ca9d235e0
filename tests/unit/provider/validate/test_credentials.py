"""The check of credentials and identities."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.validate.credentials import check_credentials, check_identity

_LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "c4nary", "type": "Opaque"}}


@pytest.mark.parametrize(
    ("registries", "sentence"),
    [
        ({"https://h": _LOGIN}, '["https://h"]: is not a login server, such as myregistry.azurecr.io'),
        ({"h.io": _LOGIN, "H.io": _LOGIN}, '["H.io"]: is given twice; the case of hosts does not count'),
        ({"h.io": {}}, '["h.io"]: has neither user_name and password nor an identity'),
        ({"h.io": {"password": {"value": "c4nary"}}}, '["h.io"].user_name: is missing beside password'),
        ({"h.io": {"userName": {"value": "u"}}}, '["h.io"].password: is missing beside user_name'),
        ({"h.io": {**_LOGIN, "password": {}}}, '["h.io"].password.value: is missing'),
        (
            {"h.io": {**_LOGIN, "password": {"value": "c4nary", "type": "Vaultsecret"}}},
            '["h.io"].password.value: is not a URL; with type Vaultsecret it is the URL of a Key Vault secret',
        ),
        ({"h.io": {"identity": "[system]"}}, "[\"h.io\"].identity: is '[system]', and the task has no system-assigned"),
        ({"h.io": {"identity": "system"}}, "[\"h.io\"].identity: is 'system', and the task has no system-assigned"),
        ({"h.io": {**_LOGIN, "userName": {"type": "Opaque"}}}, '["h.io"].user_name.value: is missing'),
    ],
)
def test_credentials_that_cannot_work_are_refused(registries: dict[str, Any], sentence: str) -> None:
    """No password is printed."""
    said = [str(p) for p in check_credentials({"customRegistries": registries}, "credentials")]
    assert any(line.startswith(f"credentials.custom_registries{sentence}") for line in said), said
    assert "c4nary" not in "".join(said)


def test_credentials_that_can_work_are_right() -> None:
    """A login, an identity's client id, the system's identity of a task, and a vault's secret are accepted."""
    registries = {
        "a.azurecr.io": _LOGIN,
        "b.azurecr.io:5000": {"identity": "00000000-0000-0000-0000-000000000000"},
        "c": {"identity": "[system]"},
        "d": {**_LOGIN, "password": {"value": "https://v.vault.azure.net/secrets/s", "type": "vaultsecret"}},
    }
    for identity in ({"type": "SystemAssigned"}, {"type": UNKNOWN}, UNKNOWN):
        assert check_credentials({"customRegistries": registries}, "credentials", identity=identity) == []


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        ({"type": "UserAssigned"}, "identity.user_assigned_identities: is missing for type 'UserAssigned'"),
        (
            {"type": "SystemAssigned", "userAssignedIdentities": {"/x": {}}},
            "identity.type: is 'SystemAssigned', although there",
        ),
        ({"userAssignedIdentities": {"/x": {}}}, 'identity.user_assigned_identities["/x"]: is not the ARM id'),
    ],
)
def test_identities_must_fit_together(identity: dict[str, Any], sentence: str) -> None:
    """The type and the ids are compared."""
    said = [str(problem) for problem in check_identity(identity, "identity")]
    assert any(line.startswith(sentence) for line in said), said
