"""A requirement to keep passwords in a key vault, where a new password is set once for all tasks."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import Credential
from ...resource import Resource
from ...rule import Config, nist, rule


@rule(
    "acr-task-require-key-vault-credentials",
    "Checks that sign-ins to other registries take their secrets from a key vault.",
    severity=Severity.MEDIUM,
    over=Resource.credentials,
    tags=["secrets"],
    steps="Put the secret into a key vault, and give its address, with the type `Vaultsecret` and an `identity`.",
    url="container-registry-tasks-authentication-key-vault",
    framework=nist("4.2.3"),
)
def require_key_vault_credentials(credential: Credential, _config: Config) -> str | None:
    """Return the violation message when the password is opaque; a user name alone is no secret."""
    if "password" not in credential.opaque():
        return None
    return f"{credential.path}.password is opaque: give the address of a key vault's secret, of the type Vaultsecret."
