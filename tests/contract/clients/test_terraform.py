"""What Terraform's azurerm provider sends, as it was seen: the whole way from metadata to a deleted task."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

TENANT = "00000000-0000-0000-0000-00000000aaaa"
TASKS, REGISTRIES = "2019-06-01-preview", "2025-11-01"
SECRET = "terraform-secret-0123"
YAML = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n").decode()


def document(location: str, **properties: Any) -> dict[str, Any]:
    """The body of its PUT: members that have no value are null or empty, and not absent."""
    return {
        "identity": {"type": "None", "userAssignedIdentities": None},
        "location": location,
        "properties": {
            "agentConfiguration": {"cpu": 2},
            "credentials": {"customRegistries": {}, "sourceRegistry": {}},
            "isSystemTask": False,
            "logTemplate": None,
            "platform": {"os": "Linux", "architecture": "amd64"},
            "status": "Enabled",
            "step": {
                "type": "EncodedTask",
                "contextAccessToken": None,
                "contextPath": None,
                "encodedTaskContent": YAML,
                "encodedValuesContent": None,
                "values": [{"isSecret": True, "name": "hidden", "value": "value-0123456789"}],
            },
            "timeout": 3600,
            "trigger": {
                "baseImageTrigger": None,
                "sourceTriggers": None,
                "timerTriggers": [{"name": "nightly", "schedule": "0 21 * * *", "status": "Enabled"}],
            },
            **properties,
        },
        "tags": None,
    }


@pytest.fixture
def signed_in(emulated: Callable[..., Any]) -> Any:
    """A client that asked for metadata and a token first, as the provider does when it is configured."""
    arm = emulated(token=SECRET)
    del arm.http.headers["Authorization"]
    metadata = arm.http.get("/metadata/endpoints", params={"api-version": "2022-09-01"}).json()
    form = {
        "client_id": "11111111-1111-1111-1111-111111111111",
        "client_secret": SECRET,
        "grant_type": "client_credentials",
        "scope": f"{metadata['authentication']['audiences'][0]}/.default",
    }
    login = metadata["authentication"]["loginEndpoint"].rstrip("/")
    token = arm.http.post(f"{login}/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert {"aud", "oid", "appid", "tid", "exp"} <= set(claims)
    assert claims["tid"] == TENANT
    arm.http.headers["Authorization"] = f"Bearer {token}"
    return arm


@pytest.mark.arm_documented("Terraform azurerm as a client (seen)")
def test_terraform_creates_changes_and_removes_a_task(signed_in: Any) -> None:
    """Null members count as absent; secrets are not read back."""
    arm = signed_in
    registry = arm.ok("GET", arm.registry, api_version=REGISTRIES)
    assert registry["location"]
    assert registry["sku"]["name"]
    assert registry["properties"]["loginServer"]

    assert arm("GET", "tasks/terraform", api_version=TASKS).status_code == 404
    made = arm("PUT", "tasks/terraform", document(registry["location"]), api_version=TASKS)
    assert made.status_code in (200, 201), made.text
    shown = arm.ok("GET", "tasks/terraform", api_version=TASKS)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["properties"]["trigger"] == {
        "timerTriggers": [{"schedule": "0 21 * * *", "status": "Enabled", "name": "nightly"}]
    }
    assert "value-0123456789" not in json.dumps(shown)
    assert shown.get("identity", {"type": "None"})["type"] == "None"
    assert "principalId" not in shown.get("identity", {})
    assert not shown.get("tags")

    changed = document(registry["location"], timeout=600, trigger=None)
    assert arm.ok("PUT", "tasks/terraform", changed, api_version=TASKS)["properties"]["timeout"] == 600
    assert "trigger" not in arm.ok("GET", "tasks/terraform", api_version=TASKS)["properties"]

    assert arm("DELETE", "tasks/terraform", api_version=TASKS).status_code in (200, 204)
    assert arm("GET", "tasks/terraform", api_version=TASKS).status_code == 404


@pytest.mark.arm_documented("Terraform azurerm as a client (seen)")
def test_terraform_runs_a_task(signed_in: Any) -> None:
    """Terraform names the task by its id, and polls the run until it has ended."""
    arm = signed_in
    registry = arm.ok("GET", arm.registry, api_version=REGISTRIES)
    task = arm.ok("PUT", "tasks/terraform", document(registry["location"]), api_version=TASKS)
    request = {"type": "TaskRunRequest", "taskId": task["id"], "isArchiveEnabled": False}
    run = arm.ok("POST", "scheduleRun", request, api_version=TASKS)
    deadline = time.monotonic() + arm.patience
    while (status := run["properties"]["status"]) in ("Queued", "Started", "Running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a question every 50 ms
        run = arm.ok("GET", f"runs/{run['name']}", api_version=TASKS)
    assert status == "Succeeded"
    assert run["properties"]["task"] == "terraform"


@pytest.mark.arm_documented("Registries_Create, 2025-11-01: null members")
def test_terraform_creates_a_registry(signed_in: Any) -> None:
    """Terraform sends null for every member without a value."""
    arm = signed_in
    body = {
        "identity": None,
        "location": "westeurope",
        "properties": {
            "adminUserEnabled": False,
            "anonymousPullEnabled": False,
            "dataEndpointEnabled": False,
            "encryption": None,
            "networkRuleBypassOptions": "AzureServices",
            "networkRuleSet": None,
            "policies": {"exportPolicy": {"status": "enabled"}, "quarantinePolicy": {"status": "disabled"}},
            "publicNetworkAccess": "Enabled",
            "zoneRedundancy": "Disabled",
        },
        "sku": {"name": "Basic", "tier": "Basic"},
        "tags": None,
    }
    name = f"{arm.registry.rpartition('/')[0]}/terraform"
    availability = f"{arm.registry.split('/resourceGroups/')[0]}/providers/Microsoft.ContainerRegistry"
    question = {"name": "terraform", "type": "Microsoft.ContainerRegistry/registries"}
    free = arm.ok("POST", f"{availability}/checkNameAvailability", question, api_version=REGISTRIES)
    assert free["nameAvailable"] is True
    assert arm("PUT", name, body, api_version=REGISTRIES).status_code == 201
    shown = arm.ok("GET", name, api_version=REGISTRIES)
    assert shown["properties"]["policies"]["quarantinePolicy"]["status"] == "disabled"
    assert "networkRuleSet" not in shown["properties"]
    assert arm.ok("GET", f"{name}/replications", api_version=REGISTRIES)["value"] == []
    assert arm("DELETE", name, api_version=REGISTRIES).status_code == 200
