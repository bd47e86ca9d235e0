"""A managed identity has no password that could leak or expire."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import Credential
from ...resource import Resource
from ...rule import Config, matches, nist, rule


@rule(
    "acr-task-require-managed-identity",
    "Checks that sign-ins to Azure's registries go by a managed identity.",
    severity=Severity.MEDIUM,
    over=Resource.credentials,
    tags=["secrets"],
    steps="Give `identity` instead of a password, and grant the identity AcrPull on the registry.",
    url="container-registry-tasks-authentication-managed-identity",
    framework=nist("4.2.3"),
    # Other registries know no identities of Azure.
    config={
        "hosts": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": ["*.azurecr.io", "*.azurecr.us", "*.azurecr.cn"],
        }
    },
)
def require_managed_identity(credential: Credential, config: Config) -> str | None:
    """Return the violation message when the sign-in to a registry of Azure uses a password."""
    if not matches(credential.host, config["hosts"]) or not credential.uses_password:
        return None
    return f"{credential.path} signs in by a password: give identity instead, and grant it AcrPull."
