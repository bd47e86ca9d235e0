"""The token of requests: shared, renewed, kept from other origins; and credentials that fail."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from tests.unit.provider.arm.client.scene import ENDPOINT, Service, plain_request

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.http.connection import may_carry_token, origin
from pulumi_acr_tasks.arm.http.sign_in import AccessToken, TokenCredential, sign_in
from pulumi_acr_tasks.settings.credentials import credential_of
from pulumi_acr_tasks.settings.settings import Settings


@dataclass
class Token:
    """A token with the attributes of azure-identity's."""

    token: str
    expires_on: int = 2**40


@dataclass
class Credential:
    """A credential that gives one token after the other, and records the requests for them."""

    expires_on: int = 2**40
    asked: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)

    def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        self.asked.append((scopes, claims))
        self.options.append(options)
        return Token(f"token{len(self.asked)}", self.expires_on)


def _chosen(name: str, **settings: str) -> TokenCredential | None:
    return credential_of(Settings(ENDPOINT, credential=name, **settings))


def test_all_requests_share_one_token() -> None:
    """The token is for the audience's default scope."""
    credential, service = Credential(), Service([{}, {}])
    send = sign_in(service, credential, "https://audience/", ENDPOINT)
    send(plain_request())
    send(plain_request())
    assert credential.asked == [(("https://audience/.default",), None)]
    assert [request.headers["authorization"] for request in service.requests] == ["Bearer token1"] * 2


def test_a_token_is_renewed_before_it_ends() -> None:
    """A token that expires within five minutes is not used again."""
    credential, service = Credential(expires_on=0), Service([{}, {}])
    send = sign_in(service, credential, "https://a", ENDPOINT)
    send(plain_request())
    send(plain_request())
    assert [request.headers["authorization"] for request in service.requests] == ["Bearer token1", "Bearer token2"]


def test_a_claims_challenge_renews_the_token_once() -> None:
    """A 401 without a claims challenge is an error."""
    claims = base64.b64encode(b'{"access_token":{}}').decode()
    challenge = httpx.Response(
        401, headers={"www-authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'}
    )
    credential, service = Credential(), Service([challenge, {}, httpx.Response(401)])
    send = sign_in(service, credential, "https://a", ENDPOINT)
    assert send(plain_request()).status_code == 200
    assert credential.asked[1][1] == '{"access_token":{}}'
    assert send(plain_request()).status_code == 401
    assert len(service.requests) == 3


@pytest.mark.parametrize("url", ["https://evil.example.org/", "http://arm.example.org/"])
def test_a_token_stays_with_its_origin(url: str) -> None:
    """It goes neither to another origin nor over plain http."""
    service = Service([])
    with pytest.raises(errors.SignInError, match="no token is sent"):
        sign_in(service, Credential(), "https://a", ENDPOINT)(plain_request(url=url))
    plain = "http://arm.example.org"
    with pytest.raises(errors.SignInError, match="no token is sent"):
        sign_in(service, Credential(), "https://a", plain)(plain_request(url=f"{plain}/x"))
    assert service.requests == []


def test_a_credential_that_fails_says_why_in_one_line() -> None:
    """azure-identity's own texts are long, and are shortened."""
    from azure.identity import CredentialUnavailableError

    class Broken(Credential):
        def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
            raise CredentialUnavailableError(message="please run az login\nand more\nand more")

    with pytest.raises(errors.SignInError) as caught:
        sign_in(Service([]), Broken(), "https://a", ENDPOINT)(plain_request())
    assert str(caught.value) == "cannot sign in for https://a/.default: please run az login"


@pytest.mark.parametrize("name", ["default", "cli", "managed-identity", "client-secret"])
def test_credentials_are_made_without_a_request(name: str) -> None:
    """They ask for tokens when the first request needs one."""
    assert _chosen(name, tenant_id="t", client_id="c", client_secret="s") is not None
    assert _chosen("none") is None


def test_origins_have_their_port_spelled_out() -> None:
    """Two origins can then be compared."""
    assert origin("https://A.example/x?y") == origin("https://a.example:443") == "https://a.example:443"
    assert may_carry_token("http://127.0.0.1:1/")
    assert not may_carry_token("http://example.org/")


def test_tenant_and_client_choose_with_the_default_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client id chooses the managed or workload identity; the tenant counts for az and similar sign-ins too."""
    from azure import identity

    made: list[dict[str, Any]] = []
    inner = Credential()

    def default(**options: Any) -> Credential:
        made.append(options)
        return inner

    monkeypatch.setattr(identity, "DefaultAzureCredential", default)
    credential = _chosen("default", tenant_id="t", client_id="c")
    assert credential is not None
    assert credential.get_token("scope").token == "token1"
    assert {key: made[0][key] for key in made[0] if key != "connection_verify"} == {
        "managed_identity_client_id": "c",
        "workload_identity_client_id": "c",
        "workload_identity_tenant_id": "t",
        "additionally_allowed_tenants": ["t"],
    }
    assert inner.options == [{"tenant_id": "t"}]


@pytest.mark.parametrize(
    ("name", "cures"),
    [
        ("default", ["az login", "a service principal", "a managed identity", "a workload identity"]),
        ("cli", ["az login"]),
        ("managed-identity", ["on Azure's own machines only", "az login or a service principal"]),
    ],
)
def test_a_missing_login_is_an_error_with_its_cures(
    name: str, cures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any exception of the credential becomes this error."""
    from azure import identity

    class Broken(Credential):
        def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
            raise KeyError("value")

    for kind in ("DefaultAzureCredential", "AzureCliCredential", "ManagedIdentityCredential"):
        monkeypatch.setattr(identity, kind, lambda **_: Broken())
    credential = _chosen(name)
    assert credential is not None
    with pytest.raises(errors.SignInError) as caught:
        sign_in(Service([]), credential, "https://a", ENDPOINT)(plain_request())
    for cure in cures:
        assert cure in str(caught.value)


def test_a_malformed_tenant_is_a_sentence() -> None:
    """azure-identity refuses it when the credential is made."""
    with pytest.raises(errors.SignInError, match="cannot sign in with the credential 'client-secret'"):
        credential_of(
            Settings(ENDPOINT, credential="client-secret", tenant_id="no tenant!", client_id="c", client_secret="s")
        )
