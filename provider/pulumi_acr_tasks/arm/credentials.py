"""What a credential needs, known before anything is asked of it."""

from __future__ import annotations

_ENVIRONMENT = {
    "workload-identity": "AZURE_FEDERATED_TOKEN_FILE in the environment (AKS sets it for pods with a service account)",
    "oidc": "ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH, or ARM_OIDC_REQUEST_URL with ARM_OIDC_REQUEST_TOKEN in the "
    "environment",
}
_VARIABLES = {
    "tenantId": "ARM_TENANT_ID or AZURE_TENANT_ID",
    "clientId": "ARM_CLIENT_ID or AZURE_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET or AZURE_CLIENT_SECRET",
}
_MEMBERS = {
    "client-secret": ("tenantId", "clientId", "clientSecret"),
    "oidc": ("tenantId", "clientId"),
    "workload-identity": ("tenantId", "clientId"),
}


def unmet(
    credential: str,
    *,
    tenant_id: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    has_assertion: bool = False,
) -> str:
    """Say what a credential of that name lacks; empty when it lacks nothing that can be known beforehand.

    `has_assertion` tells whether the environment names a token of another identity provider.
    """
    given = {"tenantId": tenant_id, "clientId": client_id, "clientSecret": client_secret}
    missing = [
        f"acr-tasks:{key} (or {_VARIABLES[key]} in the environment)"
        for key in _MEMBERS.get(credential, ())
        if not given[key]
    ]
    if credential in _ENVIRONMENT and not has_assertion:
        missing.append(_ENVIRONMENT[credential])
    return f"the credential {credential!r} needs {', and '.join(missing)}" if missing else ""
