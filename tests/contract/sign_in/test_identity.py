"""Microsoft's own sign-in library gets tokens of the emulator, over TLS, with each kind of credential."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

TENANT = "00000000-0000-0000-0000-00000000aaaa"
APPLICATION = "11111111-1111-1111-1111-111111111111"
TOKEN = "identity-token-0123456789"
NOWHERE = "http://127.0.0.1:9"  # the port `discard`: a proxy that is not there


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An emulator over TLS that demands a token; nothing else can be reached."""
    import acr_tasks_emulator

    with acr_tasks_emulator.serve(tls=True, token=TOKEN) as emulator:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, NOWHERE)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(emulator.ca_cert))
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.endpoint}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", TOKEN)
        yield emulator


def secret(authority: dict[str, Any], token: str, folder: Path) -> Any:
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(TENANT, APPLICATION, token, **authority)


def assertion(authority: dict[str, Any], token: str, folder: Path) -> Any:
    from azure.identity import ClientAssertionCredential

    return ClientAssertionCredential(TENANT, APPLICATION, lambda: token, **authority)


def workload(authority: dict[str, Any], token: str, folder: Path) -> Any:
    from azure.identity import WorkloadIdentityCredential

    (folder / "token").write_text(token)
    file = str(folder / "token")
    return WorkloadIdentityCredential(tenant_id=TENANT, client_id=APPLICATION, token_file_path=file, **authority)


def managed(authority: dict[str, Any], token: str, folder: Path) -> Any:
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=APPLICATION)


@pytest.mark.parametrize("make", [secret, assertion, workload, managed])
@pytest.mark.arm_documented("azure-identity: AppService managed identities, client credentials, federated tokens")
def test_a_credential_gets_a_token(make: Callable[..., Any], emulator: Any, tmp_path: Path) -> None:
    """The service accepts the token."""
    authority = {"authority": emulator.endpoint, "disable_instance_discovery": True}
    with make(authority, TOKEN, tmp_path) as credential:
        token = credential.get_token(f"{emulator.endpoint}/.default")
    tasks = httpx.get(
        f"{emulator.endpoint}{emulator.registries[0]}/tasks",
        params={"api-version": "2019-04-01"},
        headers={"Authorization": f"Bearer {token.token}"},
        verify=ssl.create_default_context(cafile=emulator.ca_cert),
        trust_env=False,
    )
    assert tasks.status_code == 200


@pytest.mark.parametrize("make", [secret, assertion, workload])
@pytest.mark.arm_documented("azure-identity: ClientAuthenticationError has the service's own sentence")
def test_a_wrong_credential_has_its_error_number(make: Callable[..., Any], emulator: Any, tmp_path: Path) -> None:
    """The error has the number that Entra ID gives it."""
    from azure.core.exceptions import ClientAuthenticationError

    authority = {"authority": emulator.endpoint, "disable_instance_discovery": True}
    with make(authority, "wrong", tmp_path) as credential, pytest.raises(ClientAuthenticationError, match="AADSTS700"):
        credential.get_token(f"{emulator.endpoint}/.default")
