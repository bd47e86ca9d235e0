"""Subscriptions, the tenant, locations and resource providers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.http import ArmRoute, answer, api_version, services_of
from acr_tasks_emulator.services.registries import subscriptions


async def list_subscriptions(request: Request) -> Response:
    """Return every subscription that has, or ever had, a resource group."""
    api_version(request)
    ids = services_of(request).resource_groups.subscriptions()
    total = {"type": "Total", "value": len(ids)}
    return answer({"value": [subscriptions.show(each) for each in ids], "count": total})


async def get(request: Request) -> Response:
    """Return one subscription."""
    return answer(subscriptions.show(_subscription(request)))


async def list_locations(request: Request) -> Response:
    """Return the locations of registries."""
    subscription = _subscription(request)
    used = {row.location for row in services_of(request).registries.within(subscription)}
    return answer({"value": subscriptions.locations(subscription, used)})


async def list_providers(request: Request) -> Response:
    """Return the resource providers, all registered."""
    return answer({"value": subscriptions.providers(_subscription(request))})


async def get_provider(request: Request) -> Response:
    """Return one resource provider; it is registered already."""
    return answer(subscriptions.provider(_subscription(request), request.path_params["namespace"]))


async def list_tenants(request: Request) -> Response:
    """Return the one tenant."""
    api_version(request)
    return answer({"value": [subscriptions.tenant()]})


def _subscription(request: Request) -> str:
    api_version(request)
    subscription_id = str(request.path_params["subscription_id"])
    services_of(request).resource_groups.check_subscription(subscription_id)
    return subscription_id.lower()


_SUBSCRIPTION = "/subscriptions/{subscription_id}"
ROUTES: list[BaseRoute] = [
    ArmRoute("/subscriptions", list_subscriptions, methods=["GET"]),
    ArmRoute(_SUBSCRIPTION, get, methods=["GET"]),
    ArmRoute(_SUBSCRIPTION + "/locations", list_locations, methods=["GET"]),
    ArmRoute(_SUBSCRIPTION + "/providers", list_providers, methods=["GET"]),
    ArmRoute(_SUBSCRIPTION + "/providers/{namespace}", get_provider, methods=["GET"]),
    ArmRoute(_SUBSCRIPTION + "/providers/{namespace}/register", get_provider, methods=["POST"]),
    ArmRoute("/tenants", list_tenants, methods=["GET"]),
]
