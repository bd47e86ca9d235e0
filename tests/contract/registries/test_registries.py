"""Registries as resources: made, shown, changed and removed, in any subscription and group."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

VERSION = "2023-07-01"
LONG = "version: v1.1.0\nsteps:\n  - cmd: busybox sleep 60\n    startDelay: 60\n"


@pytest.fixture
def group(arm: Any, location: str) -> Iterator[str]:
    """The address of a resource group of this test's own."""
    path = f"{arm.registry.split('/resourceGroups/')[0]}/resourceGroups/test-{uuid.uuid4().hex[:12]}"
    assert arm("PUT", path, {"location": location}, api_version="2021-04-01").status_code == 201
    yield path
    arm("DELETE", path, api_version="2021-04-01")


@pytest.fixture
def registry(group: str) -> str:
    """The address of a registry that does not exist yet; it is removed with its group."""
    return f"{group}/providers/Microsoft.ContainerRegistry/registries/test{uuid.uuid4().hex[:12]}"


@pytest.fixture
def made(arm: Any, registry: str, location: str) -> str:
    """The address of a registry that exists."""
    answer = arm("PUT", registry, {"location": location, "sku": {"name": "Basic"}}, api_version=VERSION)
    assert answer.status_code == 201, answer.text
    return registry


@pytest.mark.arm_documented("Registries_Create, Registries_Get, 2023-07-01")
def test_a_registry_is_made_and_replaced(arm: Any, registry: str, location: str) -> None:
    """A new one is answered with 201, the same again with 200; members that are not sent again are removed."""
    body = {
        "location": location,
        "sku": {"name": "premium"},
        "tags": {"team": "builds"},
        "properties": {"adminUserEnabled": True, "zoneRedundancy": "Enabled", "loginServer": "mine.example"},
    }
    first = arm("PUT", registry, body, api_version=VERSION)
    assert first.status_code == 201
    made = first.json()
    assert made["id"].lower() == registry.lower()
    assert made["type"] == "Microsoft.ContainerRegistry/registries"
    assert made["sku"] == {"name": "Premium", "tier": "Premium"}
    assert made["tags"] == {"team": "builds"}
    assert (made["properties"]["adminUserEnabled"], made["properties"]["zoneRedundancy"]) == (True, "Enabled")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["loginServer"] not in ("", "mine.example")
    assert arm.ok("GET", registry, api_version="2025-11-01") == made

    again = arm("PUT", registry, {"location": location, "sku": {"name": "Basic"}}, api_version=VERSION)
    assert again.status_code == 200
    assert again.json()["sku"]["name"] == "Basic"
    assert again.json()["tags"] == {}
    assert again.json()["properties"]["adminUserEnabled"] is False
    assert again.json()["properties"]["creationDate"] == made["properties"]["creationDate"]


@pytest.mark.arm_documented("Registries_Update, 2023-07-01")
def test_an_update_changes_only_what_is_sent(arm: Any, made: str) -> None:
    """Tags are replaced, properties merged; null members count as absent."""
    arm.ok("PATCH", made, {"tags": {"a": "1"}, "properties": {"adminUserEnabled": True}}, api_version=VERSION)
    body = {"identity": None, "properties": {"policies": {"trustPolicy": {"status": "enabled"}}}}
    changed = arm.ok("PATCH", made, body, api_version=VERSION)
    assert changed["tags"] == {"a": "1"}
    assert changed["sku"]["name"] == "Basic"
    assert changed["properties"]["adminUserEnabled"] is True
    assert changed["properties"]["policies"]["trustPolicy"]["status"] == "enabled"


@pytest.mark.arm_documented("Registries_Create: identity")
def test_an_identity_gets_its_ids(arm: Any, made: str) -> None:
    """A system-assigned identity has a principal and a tenant."""
    identity = arm.ok("PATCH", made, {"identity": {"type": "SystemAssigned"}}, api_version=VERSION)["identity"]
    assert identity["type"] == "SystemAssigned"
    assert uuid.UUID(identity["principalId"])
    assert uuid.UUID(identity["tenantId"])


@pytest.mark.arm_documented("Registries_List and Registries_ListByResourceGroup, 2023-07-01")
def test_registries_are_listed(arm: Any, made: str) -> None:
    """The list of the group has it alone; the list of the subscription has it among others."""
    group = made.rpartition("/")[0]
    subscription = f"{made.split('/resourceGroups/')[0]}/providers/Microsoft.ContainerRegistry/registries"
    shown = arm.ok("GET", made, api_version=VERSION)
    assert arm.ok("GET", group, api_version=VERSION)["value"] == [shown]
    listed = [each["id"].lower() for each in arm.ok("GET", subscription, api_version=VERSION)["value"]]
    assert made.lower() in listed
    assert arm.registry.lower() in listed


@pytest.mark.arm_documented("a registry's name is a part of its login server's name, so it is unique in Azure")
def test_a_name_belongs_to_one_registry(arm: Any, made: str, location: str) -> None:
    """A name that is taken is refused in another subscription, and checkNameAvailability says so before."""
    name = made.rpartition("/")[2]
    elsewhere = f"/subscriptions/{uuid.uuid4()}/resourceGroups/other"
    assert arm("PUT", elsewhere, {"location": location}, api_version="2021-04-01").status_code == 201
    body = {"location": location, "sku": {"name": "Basic"}}
    path = f"{elsewhere}/providers/Microsoft.ContainerRegistry/registries"
    refused = arm("PUT", f"{path}/{name.upper()}", body, api_version=VERSION)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "AlreadyInUse")
    assert f"{name}.azurecr.io" in refused.json()["error"]["message"]
    assert arm("PUT", f"{path}/{name}x", body, api_version=VERSION).status_code == 201
    assert arm("DELETE", elsewhere, api_version="2021-04-01").status_code == 200

    check = f"{made.split('/resourceGroups/')[0]}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    question = {"type": "Microsoft.ContainerRegistry/registries"}
    taken = arm.ok("POST", check, {**question, "name": name}, api_version=VERSION)
    assert (taken["nameAvailable"], taken["reason"]) == (False, "AlreadyExists")
    bad = arm.ok("POST", check, {**question, "name": "a-b-c-d"}, api_version=VERSION)
    assert (bad["nameAvailable"], bad["reason"]) == (False, "Invalid")
    assert arm.ok("POST", check, {**question, "name": f"{name}x"}, api_version=VERSION) == {"nameAvailable": True}
    wrong = arm("POST", check, {"name": name}, api_version=VERSION)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "InvalidRequestContent")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sku": {"name": "Basic"}}, "LocationRequired"),
        ({"location": "LOCATION"}, "InvalidInputValue"),
        ({"location": "LOCATION", "sku": {"name": "Huge"}}, "InvalidInputValue"),
        ({"location": "LOCATION", "sku": {"name": "Basic"}, "tags": "x"}, "InvalidRequestContent"),
    ],
)
@pytest.mark.emulator_choice("no real body of these refusals was found")
def test_an_invalid_registry_is_refused(
    body: dict[str, Any], code: str, arm: Any, registry: str, location: str
) -> None:
    """The registry does not exist afterwards."""
    sent = {name: location if value == "LOCATION" else value for name, value in body.items()}
    answer = arm("PUT", registry, sent, api_version=VERSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert arm("GET", registry, api_version=VERSION).status_code == 404


@pytest.mark.parametrize("name", ["four", "with-hyphen", "with.dot", "x" * 51])
@pytest.mark.arm_documented("Registries_Create: 5 to 50 letters and digits")
def test_an_invalid_name_is_refused(name: str, arm: Any, registry: str, location: str) -> None:
    """Names are letters and digits."""
    body = {"location": location, "sku": {"name": "Basic"}}
    answer = arm("PUT", f"{registry.rpartition('/')[0]}/{name}", body, api_version=VERSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidResourceName")


@pytest.mark.emulator_choice("what Resource Manager answers in general")
def test_a_registry_does_not_move(arm: Any, made: str) -> None:
    """A PUT with another location is refused, and so is one in a missing group."""
    body = {"location": "australiacentral2", "sku": {"name": "Basic"}}
    moved = arm("PUT", made, body, api_version=VERSION)
    assert (moved.status_code, moved.json()["error"]["code"]) == (409, "InvalidResourceLocation")
    parts = made.split("/")
    parts[4] = "no-such-group"
    nowhere = arm("PUT", "/".join(parts), body, api_version=VERSION)
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "ResourceGroupNotFound")


@pytest.mark.arm_documented("Registries_ListCredentials, 2023-07-01")
def test_the_admin_user_has_two_passwords(arm: Any, made: str, coordinates: Any) -> None:
    """An enabled admin user has two passwords; for a disabled one the error names the registry."""
    refused = arm("POST", f"{made}/listCredentials", api_version=VERSION)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "UnAuthorizedForCredentialOperations")
    assert made.rpartition("/")[2] in refused.json()["error"]["message"]
    arm.ok("PATCH", made, {"properties": {"adminUserEnabled": True}}, api_version=VERSION)
    credentials = arm.ok("POST", f"{made}/listCredentials", api_version=VERSION)
    assert credentials["username"] == made.rpartition("/")[2]
    assert [each["name"] for each in credentials["passwords"]] == ["password", "password2"]
    assert all(each["value"] for each in credentials["passwords"])
    signed_in = httpx.get(f"{coordinates.endpoint}/v2/", auth=("anybody", credentials["passwords"][0]["value"]))
    assert signed_in.status_code != 401


@pytest.mark.arm_documented("Registries_Delete, 2023-07-01")
def test_a_removed_registry_is_gone(arm: Any, made: str, location: str, quick_task: Callable[..., Any]) -> None:
    """Its tasks and runs are removed with it, and a registry of the same name is empty. A second DELETE succeeds."""
    assert arm("PUT", f"{made}/tasks/task1", quick_task()).status_code == 200
    first = arm.ok("POST", f"{made}/scheduleRun", {"type": "TaskRunRequest", "taskName": "task1"})["properties"][
        "runId"
    ]
    link = arm.ok("POST", f"{made}/runs/{first}/listLogSasUrl")["logLink"]
    assert arm("DELETE", made, api_version=VERSION).status_code == 200
    assert arm("GET", made, api_version=VERSION).json()["error"]["code"] == "ResourceNotFound"
    assert arm("GET", f"{made}/tasks").status_code == 404
    assert arm("GET", f"{made}/runs/{first}").status_code == 404
    assert httpx.get(link).status_code == 404
    assert arm("DELETE", made, api_version=VERSION).status_code == 204

    body = {"location": location, "sku": {"name": "Basic"}}
    assert arm("PUT", made, body, api_version=VERSION).status_code == 201
    assert arm.ok("GET", f"{made}/tasks")["value"] == []
    assert arm.ok("GET", f"{made}/runs")["value"] == []
    assert arm("PUT", f"{made}/tasks/task1", quick_task()).status_code == 200
    again = arm.ok("POST", f"{made}/scheduleRun", {"type": "TaskRunRequest", "taskName": "task1"})["properties"][
        "runId"
    ]
    assert again != first


@pytest.mark.emulator_choice("what becomes of runs when their registry is removed was not seen")
def test_runs_of_a_removed_registry_are_canceled(
    arm: Any, made: str, location: str, quick_request: Callable[..., Any], emulated: Callable[..., Any]
) -> None:
    """The only agent is free for other registries at once."""
    own = emulated(agents=1)
    group = own.registry.split("/providers/")[0]
    doomed = f"{group}/providers/Microsoft.ContainerRegistry/registries/doomed"
    body = {"location": location, "sku": {"name": "Basic"}}
    assert own("PUT", doomed, body, api_version=VERSION).status_code == 201
    for _ in range(2):
        assert own("POST", f"{doomed}/scheduleRun", quick_request(LONG)).status_code == 200
    waiting = own.schedule(quick_request())
    assert own("DELETE", doomed, api_version=VERSION).status_code == 200
    assert own.until(waiting)["properties"]["status"] == "Succeeded"


@pytest.mark.arm_documented("the specification of 2019-04-01 has tasks and runs only")
def test_versions_of_tasks_have_no_registries(arm: Any, registry: str, location: str) -> None:
    """Every other api-version has the type registries."""
    body = {"location": location, "sku": {"name": "Basic"}}
    for method, path in (("PUT", registry), ("DELETE", registry), ("GET", registry.rpartition("/")[0])):
        answer = arm(method, path, body if method == "PUT" else None, api_version="2019-04-01")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NoRegisteredProviderFound"), method
    assert arm("PUT", registry, body, api_version="2031-01-01-preview").status_code == 201


@pytest.mark.arm_documented("Registries_ListUsages, Replications_List, 2023-07-01")
def test_a_registry_has_usages_and_no_replications(arm: Any, made: str) -> None:
    """The usages are those of its SKU."""
    usages = {each["name"]: each["limit"] for each in arm.ok("GET", f"{made}/listUsages", api_version=VERSION)["value"]}
    assert usages == {"Size": 10 * 2**30, "Webhooks": 2}
    assert arm.ok("GET", f"{made}/replications", api_version=VERSION)["value"] == []


@pytest.mark.emulator_choice("the emulator's own interface")
def test_after_a_reset_registries_are_those_of_the_start(emulated: Callable[..., Any], quick_request: Any) -> None:
    """New registries are removed, removed or changed ones are restored, and run ids go on."""
    own = emulated()
    body = {"location": "westeurope", "sku": {"name": "Basic"}}
    before, first = own.ok("GET", own.registry, api_version=VERSION), own.schedule(quick_request())
    group = own.registry.split("/providers/")[0]
    assert own("PUT", f"{own.registry.rpartition('/')[0]}/another", body, api_version=VERSION).status_code == 201
    own.ok("PUT", own.registry, body, api_version=VERSION)
    assert own("PUT", f"{group}x", {"location": "westeurope"}, api_version="2021-04-01").status_code == 201
    own.http.post("/_emulator/reset")
    assert own("GET", f"{group}x", api_version="2021-04-01").status_code == 404
    listed = own.ok("GET", own.registry.rpartition("/")[0], api_version=VERSION)["value"]
    assert listed == [before]

    assert own("DELETE", group, api_version="2021-04-01").status_code == 200
    own.http.post("/_emulator/reset")
    assert own.ok("GET", own.registry, api_version=VERSION) == before
    assert own.schedule(quick_request()) != first


@pytest.mark.emulator_choice("as for tasks, which answer at once; no recording makes a registry")
def test_registries_are_made_at_once(emulated: Callable[..., Any]) -> None:
    """They are not long-running, even where operations on tasks are."""
    own = emulated(mode="lro")
    address = f"{own.registry.rpartition('/')[0]}/another"
    made = own("PUT", address, {"location": "westeurope", "sku": {"name": "Basic"}}, api_version=VERSION)
    assert (made.status_code, made.json()["properties"]["provisioningState"]) == (201, "Succeeded")
    assert "azure-asyncoperation" not in made.headers
    removed = own("DELETE", address, api_version=VERSION)
    assert (removed.status_code, removed.headers.get("location")) == (200, None)
