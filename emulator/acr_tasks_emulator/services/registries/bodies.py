"""Bodies of registries, read and checked, and the properties that every registry has."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.bodies import parsed, without_nulls
from acr_tasks_emulator.services.models import Definition, IdentityProperties
from acr_tasks_emulator.settings import REGISTRY_NAME_FORM

SKUS = {name.lower(): name for name in ("Basic", "Standard", "Premium")}
# Bytes and webhooks (Microsoft's "Registry SKU features and limits").
_LIMITS = {"Basic": (10 * 2**30, 2), "Standard": (100 * 2**30, 10), "Premium": (500 * 2**30, 500)}
RESOURCE_TYPE = "Microsoft.ContainerRegistry/registries"
_READ_ONLY = {
    *("loginserver", "creationdate", "provisioningstate", "status", "privateendpointconnections"),
    *("dataendpointhostnames",),
}
PROPERTIES: dict[str, Any] = {"adminUserEnabled": False}
"""Properties that every registry shows, because clients read them."""

Document = dict[str, Any]


class Sku(Definition):
    ignored = ("tier",)
    name: str | None = None


class Registry(Definition):
    """A registry in the body of a PUT or PATCH. Most properties have no effect here; they are stored and shown."""

    ignored = ("id", "name", "type", "systemData")
    location: str | None = None
    sku: Sku | None = None
    tags: dict[str, str | None] | None = None
    identity: IdentityProperties | None = None
    properties: Document | None = None


def whole(body: Any) -> tuple[str, Document]:
    """Return the location and the members of a PUT. Raises ServiceError."""
    sent = _read(body)
    if not sent.get("location"):
        raise errors.LOCATION_REQUIRED()
    if "sku" not in sent:
        raise errors.INVALID_INPUT(parameters="registry", inner="Sku:The value is required")
    return sent.pop("location"), sent


def update(body: Any) -> Document:
    """Return the members of a PATCH. Raises ServiceError."""
    sent = _read(body)
    sent.pop("location", None)  # a registry does not move, and the update has no such member
    return sent


def merged(old: Document, sent: Document) -> Document:
    """Return a registry's members after a PATCH: properties are merged, the other members replaced."""
    properties = merged_properties(old.get("properties", {}), sent.get("properties", {}))
    return {**old, **sent, **({"properties": properties} if properties else {})}


def merged_properties(old: Document, new: Document) -> Document:
    """Return properties with others merged in, objects member by member."""
    result = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged_properties(result[name], value) if both else value
    return result


def check_name(name: str) -> None:
    """Refuse an invalid name. Raises ServiceError."""
    if not REGISTRY_NAME_FORM.fullmatch(name):
        raise errors.INVALID_REGISTRY_NAME(name=name)


def usages(document: Document) -> list[Document]:
    """Return the limits of a registry's SKU; usage is not measured."""
    size, webhooks = _LIMITS[document.get("sku", {"name": "Standard"})["name"]]
    return [
        {"name": "Size", "limit": size, "currentValue": 0, "unit": "Bytes"},
        {"name": "Webhooks", "limit": webhooks, "currentValue": 0, "unit": "Count"},
    ]


def _read(body: Any) -> Document:
    read = parsed(Registry, body)
    sent = without_nulls(read.model_dump(by_alias=True))
    known = {name: sent[name] for name in ("location", "sku", "tags", "identity", "properties") if name in sent}
    if "sku" in known:
        known["sku"] = _sku(known["sku"].get("name", ""))
    if "properties" in known:
        properties = known["properties"].items()
        known["properties"] = {name: value for name, value in properties if name.lower() not in _READ_ONLY}
    return known


def _sku(name: str) -> Document:
    if name.lower() not in SKUS:
        raise errors.INVALID_INPUT(
            parameters="registry",
            inner=f"Sku:Invalid value '{name}'. The supported values are ({', '.join(SKUS.values())})",
        )
    return {"name": SKUS[name.lower()], "tier": SKUS[name.lower()]}
