"""Discovery of the cloud, sign-in, and the tokens that are issued."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
TOKEN = "sign-in-token-0123456789"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ARM_AUDIENCE = "https://management.azure.com"


def claims_of(token: str) -> dict[str, Any]:
    """Return the payload of a JSON Web Token, as clients read it."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def addresses(value: Any) -> list[str]:
    """Yield every text in a document that is an address."""
    if isinstance(value, dict):
        return [each for member in value.values() for each in addresses(member)]
    if isinstance(value, list):
        return [each for member in value for each in addresses(member)]
    return [value] if isinstance(value, str) and "://" in value else []


@pytest.fixture
def guarded(emulated: Callable[..., Any]) -> Any:
    """An emulator that demands a token; a client that shows none."""
    arm = emulated(token=TOKEN)
    del arm.http.headers["Authorization"]
    return arm


def sign_in(arm: Any, path: str = f"/{TENANT}/oauth2/v2.0/token", **form: str | None) -> httpx.Response:
    """Ask for a token as an application does; arguments replace members of the form, None removes them."""
    whole: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": TOKEN,
        "scope": f"{ARM_AUDIENCE}/.default",
        **form,
    }
    answer: httpx.Response = arm.http.post(path, data={name: text for name, text in whole.items() if text is not None})
    return answer


def status_with(arm: Any, bearer: str) -> int:
    """Return the status of a list of tasks with that token."""
    answer = arm.http.get(
        f"{arm.registry}/tasks", params={"api-version": "2019-04-01"}, headers={"Authorization": f"Bearer {bearer}"}
    )
    return int(answer.status_code)


@pytest.mark.parametrize(
    ("version", "shape"), [("2015-01-01", "short"), ("2019-05-01", "list"), ("2022-09-01", "whole")]
)
@pytest.mark.arm_documented("azure-cli 2.65 and 2.91, core/cloud.py")
def test_the_cloud_is_described(version: str, shape: str, guarded: Any) -> None:
    """The metadata have three forms by api-version, need no token, and every address is the emulator's own."""
    metadata = guarded.http.get("/metadata/endpoints", params={"api-version": version}).json()
    if shape == "list":
        (metadata,) = metadata
    here = urlsplit(guarded.coordinates.endpoint).netloc
    assert addresses(metadata)
    assert {urlsplit(address).netloc for address in addresses(metadata)} == {here}
    assert guarded.coordinates.endpoint in metadata["authentication"]["audiences"]
    assert metadata["authentication"]["loginEndpoint"].rstrip("/") == guarded.coordinates.endpoint
    if shape == "short":
        assert {"galleryEndpoint", "graphEndpoint", "portalEndpoint"} <= set(metadata)
    else:
        assert metadata["resourceManager"].rstrip("/") == guarded.coordinates.endpoint
        assert {"acrLoginServer", "keyVaultDns", "storage"} <= set(metadata["suffixes"])


@pytest.mark.arm_documented("OpenID Connect Discovery 1.0; MSAL's tenant discovery")
def test_a_tenant_says_how_to_sign_in(guarded: Any) -> None:
    """Discovery names the token endpoint, and instance discovery leads to it."""
    known = guarded.http.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    here = f"{guarded.coordinates.endpoint}/{TENANT}"
    assert known["issuer"] == f"{here}/v2.0"
    assert known["token_endpoint"] == f"{here}/oauth2/v2.0/token"
    assert known["authorization_endpoint"].startswith(here)
    assert guarded.http.get(known["jwks_uri"]).json() == {"keys": []}
    asked = {
        "api-version": "1.1",
        "authorization_endpoint": f"https://elsewhere.example/{TENANT}/oauth2/v2.0/authorize",
    }
    found = guarded.http.get("/common/discovery/instance", params=asked).json()
    assert found["tenant_discovery_endpoint"] == f"{here}/v2.0/.well-known/openid-configuration"


@pytest.mark.arm_documented("Microsoft identity platform: client credentials; access token claims, version 1.0")
def test_an_application_gets_a_token(guarded: Any) -> None:
    """The token is a JSON Web Token with audience, issuer, object and expiry, and is accepted."""
    before = int(time.time())
    answer = sign_in(guarded)
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["cache-control"]
    content = answer.json()
    assert content["token_type"] == "Bearer"
    assert content["expires_in"] == content["ext_expires_in"] == 3599
    claims = claims_of(content["access_token"])
    assert claims["aud"] == ARM_AUDIENCE
    assert claims["iss"] == f"{guarded.coordinates.endpoint}/{TENANT}/"
    assert (claims["appid"], claims["tid"], claims["ver"]) == (CLIENT, TENANT, "1.0")
    assert uuid.UUID(claims["oid"])
    assert before - 1 <= claims["iat"] == claims["nbf"] <= time.time() + 1
    assert claims["exp"] == claims["iat"] + 3599
    assert TOKEN not in json.dumps(claims)
    assert status_with(guarded, content["access_token"]) == 200
    again = claims_of(sign_in(guarded, client_id=CLIENT.upper()).json()["access_token"])
    assert again["oid"] == claims["oid"]


@pytest.mark.emulator_choice("a federated assertion cannot be checked here, so it has to be the token itself")
def test_an_assertion_is_as_good_as_a_secret(guarded: Any) -> None:
    """The assertion has to be the emulator's token; any other one is refused, also a signed one."""
    form = {"client_secret": None, "client_assertion_type": ASSERTION}
    answer = sign_in(guarded, client_assertion=TOKEN, **form)
    assert status_with(guarded, answer.json()["access_token"]) == 200
    forged = f"{base64.urlsafe_b64encode(b'{}').decode()}.{base64.urlsafe_b64encode(b'{}').decode()}.AAAA"
    refused = sign_in(guarded, client_assertion=forged, **form)
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [700027])


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": TOKEN[:-1]}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000216),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": "https://management.azure.com/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": "/.default"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": "refresh_token", "refresh_token": TOKEN}, 400, "unsupported_grant_type", 70003),
    ],
)
@pytest.mark.arm_documented("Microsoft Entra authentication and authorization error codes")
def test_a_refused_sign_in_says_why(
    change: dict[str, str | None], status: int, error: str, code: int, guarded: Any
) -> None:
    """The answer has Entra ID's form and error number, and repeats nothing of the request."""
    answer = sign_in(guarded, **change)
    content = answer.json()
    assert (answer.status_code, content["error"], content["error_codes"]) == (status, error, [code])
    assert content["error_description"].startswith(f"AADSTS{code}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(content)
    assert TOKEN not in answer.text
    assert "access_token" not in content


@pytest.mark.arm_documented("device code is for people")
def test_people_cannot_sign_in(guarded: Any) -> None:
    """A device code and a sign-in page are refused."""
    code = guarded.http.post(f"/{TENANT}/oauth2/v2.0/devicecode", data={"client_id": CLIENT, "scope": "x"})
    page = guarded.http.get(f"/{TENANT}/oauth2/v2.0/authorize", params={"client_id": CLIENT})
    for answer in (code, page):
        assert answer.status_code == 400
        assert answer.json()["error_description"].startswith("AADSTS70003: ")


@pytest.mark.arm_documented("App Service managed identities, 2019-08-01")
def test_a_managed_identity_gets_a_token(guarded: Any) -> None:
    """Its header has to be the token; `expires_on` is a second of the epoch, as text."""
    query = {"api-version": "2019-08-01", "resource": ARM_AUDIENCE}
    for path in ("/msi", "/msi/token"):
        answer = guarded.http.get(path, params=query, headers={"X-IDENTITY-HEADER": TOKEN})
        assert answer.status_code == 200, answer.text
        content = answer.json()
        assert content["expires_on"] == str(claims_of(content["access_token"])["exp"])
        assert (content["resource"], content["token_type"]) == (ARM_AUDIENCE, "Bearer")
        assert status_with(guarded, content["access_token"]) == 200
    assert guarded.http.get("/msi/token", params=query).status_code == 400
    assert guarded.http.get("/msi/token", params=query, headers={"X-IDENTITY-HEADER": "x"}).status_code == 401
    missing = {"api-version": "2019-08-01"}
    assert guarded.http.get("/msi", params=missing, headers={"X-IDENTITY-HEADER": TOKEN}).status_code == 400


@pytest.mark.emulator_choice("whoever has the token may have a token that ends")
def test_a_token_expires(guarded: Any) -> None:
    """An issued token expires by the emulator's clock; the emulator's own token does not."""
    issued = sign_in(guarded).json()["access_token"]
    right = {"Authorization": f"Bearer {TOKEN}"}
    guarded.http.post("/_emulator/clock/advance", json={"seconds": 3500}, headers=right)
    assert status_with(guarded, issued) == 200
    guarded.http.post("/_emulator/clock/advance", json={"seconds": 100}, headers=right)
    assert status_with(guarded, issued) == 401
    assert status_with(guarded, TOKEN) == 200
    assert status_with(guarded, sign_in(guarded).json()["access_token"]) == 200


def _without_signature(token: str) -> str:
    return token.rpartition(".")[0] + "."


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"none"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def _longer(token: str) -> str:
    header, _, signature = token.split(".")
    claims = {**claims_of(token), "exp": 2**40}
    return f"{header}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize(
    "forge",
    [
        _without_signature,
        _unsigned,
        _longer,
        lambda token: token + "A",
        lambda token: "x",
        lambda token: "...",
        str.upper,
    ],
)
@pytest.mark.emulator_choice("what is not signed by this emulator is nobody's token")
def test_a_forged_token_is_refused(forge: Callable[[str], str], guarded: Any) -> None:
    """A token without a signature, with another payload, or with the algorithm `none` is refused."""
    assert status_with(guarded, forge(sign_in(guarded).json()["access_token"])) == 401


@pytest.mark.emulator_choice("each emulator signs with a key of its own, and with its token")
def test_another_emulators_token_is_refused(guarded: Any, emulated: Callable[..., Any], tmp_path: Any) -> None:
    """A token of the same data folder under another `--token` is refused too."""
    other = emulated(token=TOKEN)
    assert status_with(guarded, sign_in(other).json()["access_token"]) == 401
    import acr_tasks_emulator

    tokens = []
    for secret in ("first-token-0123", "second-token-012"):
        with acr_tasks_emulator.serve(data=tmp_path, executor="simulated", token=secret) as emulator:
            for issued in tokens:
                url = f"{emulator.endpoint}{emulator.registries[0]}/tasks"
                headers = {"Authorization": f"Bearer {issued}"}
                assert httpx.get(url, params={"api-version": "2019-04-01"}, headers=headers).status_code == 401
            form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": secret}
            form["scope"] = f"{ARM_AUDIENCE}/.default"
            answer = httpx.post(f"{emulator.endpoint}/{TENANT}/oauth2/v2.0/token", data=form)
            tokens.append(answer.json()["access_token"])


@pytest.mark.arm_documented("Resource Manager's challenge names the authority")
def test_the_challenge_says_where_to_sign_in(guarded: Any) -> None:
    """The authority in the challenge is the emulator itself."""
    answer = guarded.http.get(f"{guarded.registry}/tasks", params={"api-version": "2019-04-01"})
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(f'Bearer authorization_uri="{guarded.coordinates.endpoint}/')
    assert 'error="invalid_token"' in challenge


@pytest.mark.emulator_choice("the emulator's own interface")
def test_only_sign_in_is_open(guarded: Any) -> None:
    """An address that only resembles one of the sign-in needs a token."""
    for method, path in (
        ("GET", "/v2/oauth2/token"),
        ("GET", f"/{TENANT}/oauth2/v2.0/token"),
        ("DELETE", "/metadata/endpoints"),
        ("GET", "/metadata/endpoints/../../subscriptions"),
        ("GET", "/subscriptions?x=/metadata/endpoints"),
        ("GET", "/_emulator/requests"),
        ("POST", "/_emulator/reset"),
        ("GET", "/tenants"),
        ("GET", "/"),
    ):
        assert guarded.http.request(method, path, params={"api-version": "2022-12-01"}).status_code == 401, path


@pytest.mark.emulator_choice("the emulator's own interface")
def test_no_secret_is_logged(guarded: Any) -> None:
    """The list of requests has the sign-in without anything of its form, even when a secret is in the wrong field."""
    secret = {"Client_Secret": TOKEN, "client_assertion": "as-0123456789"}
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": "x/.default", "client_secret": TOKEN}
    assert guarded.http.post(f"/{TENANT}/oauth2/v2.0/token", params=secret, data=form).status_code == 200
    noted = guarded.http.get("/_emulator/requests", headers={"Authorization": f"Bearer {TOKEN}"})
    last = noted.json()["value"][-1]
    assert (last["method"], last["path"], last["status"]) == ("POST", f"/{TENANT}/oauth2/v2.0/token", 200)
    assert "client_assertion=REDACTED" in last["query"]
    assert TOKEN not in noted.text
    assert "as-0123456789" not in noted.text


@pytest.mark.emulator_choice("without --token any caller on this machine is let in")
def test_without_a_token_any_secret_is_accepted(emulated: Callable[..., Any]) -> None:
    """A secret is required all the same, as at the real authority."""
    arm = emulated()
    assert sign_in(arm, client_secret="anything").status_code == 200
    assert sign_in(arm, client_secret=None).status_code == 401
    assert status_with(arm, "anything") == 200


@pytest.mark.parametrize("form", [b"", b"\xff\xfe", b"a=b&" * 200, b"client_secret"])
@pytest.mark.emulator_choice("what Entra ID answers in general")
def test_a_malformed_form_is_refused(form: bytes, guarded: Any) -> None:
    """It is answered like an empty form; an oversized one is refused for its size."""
    answer = guarded.http.post(f"/{TENANT}/oauth2/v2.0/token", content=form)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [900144])
    large = guarded.http.post(f"/{TENANT}/oauth2/v2.0/token", content=b"a" * 100_000)
    assert large.status_code == 413
