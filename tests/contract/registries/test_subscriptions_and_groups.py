"""What clients read around registries: subscriptions, resource groups, resources, resource providers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

VERSION = "2022-12-01"
REGISTRIES = "Microsoft.ContainerRegistry/registries"


@pytest.fixture
def subscription(arm: Any) -> str:
    """The address of the subscription of the registry under test."""
    return str(arm.registry.split("/resourceGroups/")[0])


@pytest.fixture
def group(arm: Any, subscription: str) -> Iterator[str]:
    """The address of a resource group that is not there yet."""
    path = f"{subscription}/resourceGroups/test-{uuid.uuid4().hex[:12]}"
    yield path
    arm("DELETE", path, api_version=VERSION)


@pytest.mark.arm_documented("Subscriptions_List, Subscriptions_Get")
def test_the_subscription_exists(arm: Any, subscription: str) -> None:
    """It is enabled, has a tenant, and is listed."""
    shown = arm.ok("GET", subscription, api_version=VERSION)
    assert shown["id"] == f"/subscriptions/{shown['subscriptionId']}"
    assert shown["id"].lower() == subscription.lower()
    assert shown["state"] == "Enabled"
    assert uuid.UUID(shown["tenantId"])
    assert shown in arm.ok("GET", "/subscriptions", api_version=VERSION)["value"]
    tenants = arm.ok("GET", "/tenants", api_version=VERSION)["value"]
    assert shown["tenantId"] in [tenant["tenantId"] for tenant in tenants]


@pytest.mark.emulator_choice("what Resource Manager answers in general")
def test_a_missing_subscription_or_version_is_named(arm: Any) -> None:
    """Lists below a missing subscription are refused too."""
    missing = f"/subscriptions/{uuid.uuid4()}"
    for path in ("", "/resourceGroups", "/resources", "/providers", "/locations", "/resourceGroups/any"):
        answer = arm("GET", missing + path, api_version=VERSION)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SubscriptionNotFound"), path
    without = arm.http.get("/subscriptions")
    assert (without.status_code, without.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.arm_documented("ResourceGroups_CreateOrUpdate, _Get, _CheckExistence, _Update, _Delete")
def test_a_group_from_creation_to_removal(arm: Any, subscription: str, group: str) -> None:
    """It is created with 201, replaced with 200, found in any case, changed, listed and removed."""
    assert arm("HEAD", group, api_version=VERSION).status_code == 404
    missing = arm("GET", group, api_version=VERSION)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceGroupNotFound")
    body = {"location": "West Europe", "tags": {"a": "1"}}
    made = arm("PUT", group.replace("resourceGroups", "resourcegroups"), body, api_version=VERSION)
    assert made.status_code == 201
    assert made.json()["location"] == "westeurope"
    assert made.json()["type"] == "Microsoft.Resources/resourceGroups"
    assert made.json()["properties"] == {"provisioningState": "Succeeded"}
    assert arm("PUT", group, body, api_version=VERSION).status_code == 200
    assert arm("HEAD", group.upper(), api_version=VERSION).status_code == 204
    assert arm.ok("PATCH", group, {"tags": {"b": "2"}}, api_version=VERSION)["tags"] == {"b": "2"}
    shown = arm.ok("GET", group, api_version=VERSION)
    assert shown["id"] == group
    assert shown in arm.ok("GET", f"{subscription}/resourceGroups", api_version=VERSION)["value"]
    assert arm("DELETE", group, api_version=VERSION).status_code == 200
    assert arm("DELETE", group, api_version=VERSION).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("{group}", {}, 400, "LocationRequired"),
        ("{group}", {"location": "westeurope", "tags": 1}, 400, "InvalidRequestContent"),
        ("{group}.", {"location": "westeurope"}, 400, "InvalidResourceGroup"),
        ("{group}%25", {"location": "westeurope"}, 400, "InvalidResourceGroup"),
        ("/subscriptions/nonsense/resourceGroups/any", {"location": "westeurope"}, 400, "InvalidSubscriptionId"),
    ],
)
@pytest.mark.emulator_choice("what Resource Manager answers in general")
def test_an_invalid_group_is_refused(
    path: str, body: dict[str, Any], status: int, code: str, arm: Any, group: str
) -> None:
    """A group needs a location, a name of letters, digits and a few signs, and a subscription that is a GUID."""
    answer = arm("PUT", path.format(group=group), body, api_version=VERSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.emulator_choice("what Resource Manager answers in general")
def test_a_group_does_not_move(arm: Any, group: str) -> None:
    """The error has the group's location."""
    assert arm("PUT", group, {"location": "westeurope"}, api_version=VERSION).status_code == 201
    moved = arm("PUT", group, {"location": "eastus"}, api_version=VERSION)
    assert (moved.status_code, moved.json()["error"]["code"]) == (409, "InvalidResourceGroupLocation")
    assert "westeurope" in moved.json()["error"]["message"]


@pytest.mark.arm_documented("ResourceGroups_Delete: all resources in the group are deleted too")
def test_a_group_is_removed_with_its_registries(arm: Any, group: str) -> None:
    """The names of the registries are free afterwards."""
    registry = f"{group}/providers/{REGISTRIES}/test{uuid.uuid4().hex[:12]}"
    body = {"location": "westeurope", "sku": {"name": "Basic"}}
    for _ in range(2):
        assert arm("PUT", group, {"location": "westeurope"}, api_version=VERSION).status_code == 201
        assert arm("PUT", registry, body, api_version="2023-07-01").status_code == 201
        assert arm("DELETE", group, api_version=VERSION).status_code == 200
        gone = arm("GET", registry, api_version="2023-07-01")
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, True),
        (f"resourceType eq '{REGISTRIES}'", True),
        (f"resourcetype EQ '{REGISTRIES.lower()}'", True),
        ("resourceType eq 'Microsoft.Web/sites'", False),
        ("resourceType ne 'Microsoft.Web/sites'", True),
        (f"resourceType eq '{REGISTRIES}' and name eq 'NAME'", True),
        (f"resourceType eq '{REGISTRIES}' and name eq 'another'", False),
        ("name eq 'another' or name eq 'NAME'", True),
        ("name eq 'another' and location eq 'westeurope' or name eq 'NAME'", True),
        ("substringof('PART', name)", True),
        ("resourceGroup eq 'GROUP'", True),
        ("location eq 'nowhere'", False),
        ("tagName eq 'team' and tagValue eq 'it''s ours'", True),
        ("tagName eq 'other'", False),
    ],
)
@pytest.mark.arm_documented("Resources_List: the properties that $filter knows")
def test_resources_are_filtered(text: str | None, found: bool, arm: Any, subscription: str, group: str) -> None:
    """The filter takes type, name, location, group and tags; a quote in a value is doubled."""
    name = f"test{uuid.uuid4().hex[:12]}"
    registry = f"{group}/providers/{REGISTRIES}/{name}"
    body = {"location": "westeurope", "sku": {"name": "Basic"}, "tags": {"team": "it's ours"}}
    assert arm("PUT", group, {"location": "westeurope"}, api_version=VERSION).status_code == 201
    assert arm("PUT", registry, body, api_version="2023-07-01").status_code == 201
    query = {}
    if text is not None:
        replaced = text.replace("NAME", name.upper()).replace("PART", name[2:9])
        query = {"$filter": replaced.replace("GROUP", group.rpartition("/")[2])}
    listed = arm.ok("GET", f"{subscription}/resources", api_version="2021-04-01", **query)["value"]
    mine = [each for each in listed if each["id"].lower() == registry.lower()]
    assert bool(mine) is found
    assert all(set(each) == {"id", "name", "type", "location", "sku", "tags"} for each in mine)
    if text is None:
        assert arm.ok("GET", f"{group}/resources", api_version="2021-04-01")["value"] == mine
        assert arm.registry.lower() in [each["id"].lower() for each in listed]


@pytest.mark.parametrize(
    "text",
    ["nonsense", "size eq 'x'", "name eq x", "name gt 'x'", "name eq 'x' and", "name eq 'x' name eq 'y'", "name eq 'x"],
)
@pytest.mark.emulator_choice("what Resource Manager answers in general")
def test_another_filter_is_refused(text: str, arm: Any, subscription: str) -> None:
    """The error has the filter."""
    answer = arm("GET", f"{subscription}/resources", api_version="2021-04-01", **{"$filter": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFilterInQueryString")
    assert text in answer.json()["error"]["message"]


@pytest.mark.arm_documented("Providers_List, Providers_Get, Providers_Register")
def test_the_provider_is_registered(arm: Any, subscription: str) -> None:
    """It has its resource types, their api-versions and locations."""
    provider = arm.ok("GET", f"{subscription}/providers/microsoft.containerregistry", api_version="2021-04-01")
    assert provider["namespace"] == "Microsoft.ContainerRegistry"
    assert provider["registrationState"] == "Registered"
    types = {each["resourceType"]: each for each in provider["resourceTypes"]}
    assert {"registries", "registries/tasks", "registries/runs"} <= set(types)
    assert "2019-04-01" in types["registries/tasks"]["apiVersions"]
    assert "West Europe" in types["registries"]["locations"]
    assert provider in arm.ok("GET", f"{subscription}/providers", api_version="2021-04-01")["value"]
    register = f"{subscription}/providers/Microsoft.ContainerRegistry/register"
    assert arm.ok("POST", register, api_version="2021-04-01") == provider
    unknown = arm("GET", f"{subscription}/providers/Microsoft.Nothing", api_version="2021-04-01")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "InvalidResourceNamespace")


@pytest.mark.arm_documented("Subscriptions_ListLocations")
def test_locations_are_listed(arm: Any, subscription: str, location: str) -> None:
    """The registry's location is among them."""
    places = arm.ok("GET", f"{subscription}/locations", api_version=VERSION)["value"]
    assert location in [place["name"] for place in places]
    assert all(place["displayName"] for place in places)
