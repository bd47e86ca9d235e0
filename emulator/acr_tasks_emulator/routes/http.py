"""Requests and answers: addresses compared without case, the named registry, bodies read, JSON written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from acr_tasks_emulator.services import errors, versions
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.versions import ApiVersion
from acr_tasks_emulator.store.registries import RegistryRow

REGISTRY = (
    "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
    "/providers/Microsoft.ContainerRegistry/registries/{registry_name}"
)
_ARM = re.compile(r"/(subscriptions|tenants|providers)(/|\Z)", re.IGNORECASE | re.ASCII)
BODY_LIMIT = 4 * 1024 * 1024
READ_LIMIT = 16 * BODY_LIMIT
DEPTH_LIMIT = 128
"""The deepest nesting of objects and lists, as in Json.NET, the service's JSON reader."""
_TOO_DEEP = f"The reader's MaxDepth of {DEPTH_LIMIT} has been exceeded."


class ArmRoute(Route):
    """A route whose fixed parts are compared without case, as in Resource Manager; a final slash is allowed.

    It has exactly the given methods: HEAD of tasks and runs is answered with 405 (azure-sdk-for-python #2808).
    """

    def __init__(self, path: str, endpoint: Any, *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.methods = set(methods)
        # Match to the end of the text, not of a line; ASCII alone, because the long s is a capital S without case.
        pattern = self.path_regex.pattern.removesuffix("$") + r"/?\Z"
        self.path_regex = re.compile(pattern, re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Call:
    """A request for tasks or runs of one registry; its address and version have been checked."""

    request: Request
    services: Services
    registry: RegistryRow
    version: ApiVersion

    @property
    def is_long_running(self) -> bool:
        """Tell whether operations are long-running here: the version marks them so and the emulator's mode is `lro`."""
        return self.services.operations.enabled and self.version.is_long_running

    def part(self, name: str) -> str:
        """Return a part of the address, such as `task_name`."""
        return _plain(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        """Return a query parameter, its name compared without case."""
        return query(self.request, name)

    def link(self, path_and_query: str) -> str:
        """Return a link with the address by which the caller reached this emulator."""
        return origin(self.request) + path_and_query


def is_arm(path: str) -> bool:
    """Tell whether a path belongs to Resource Manager."""
    return _ARM.match(path) is not None


def services_of(request: Request) -> Services:
    """Return the services of the application."""
    return cast(Services, request.app.state.services)


def registry_of(request: Request) -> RegistryRow:
    """Return the registry that the address names. Raises ServiceError."""
    parts = request.path_params
    return services_of(request).registries.find(
        *(_plain(parts[name]) for name in ("subscription_id", "resource_group_name", "registry_name"))
    )


def open_call(request: Request, kind: str) -> Call:
    """Check version and registry of a request for `kind`, a type below the registry such as `tasks`.

    Raises ServiceError.
    """
    name = api_version(request)
    registry = registry_of(request)
    version = versions.require(name, kind, registry.location)
    return Call(request, services_of(request), registry, version)


def api_version(request: Request) -> str:
    """Return the api-version of a request; any text of that form is accepted. Raises ServiceError."""
    return versions.well_formed(query(request, "api-version"))


def query(request: Request, name: str) -> str | None:
    """Return a query parameter, its name compared without case."""
    return next((value for key, value in request.query_params.multi_items() if key.lower() == name.lower()), None)


def _plain(part: str) -> str:
    """Return a part of an address without look-alikes of ASCII: the Kelvin sign is not k, but k is its lower case."""
    return "".join(each if each.isascii() or not each.lower().isascii() else quote(each) for each in part)


def origin(request: Request) -> str:
    """Return `http://host:port` as the caller spelled it; the guard has checked the host."""
    return f"{request.url.scheme}://{request.headers['host']}"


async def body_of(request: Request) -> Any:
    """Read a JSON body of at most 4 MiB whose content type is JSON. Raises ServiceError."""
    content_type = request.headers.get("content-type")
    kind = (content_type or "").partition(";")[0].strip().lower()
    is_json = kind in {"application/json", "text/json"} or kind.endswith("+json")
    data = await bytes_of(request)
    if data and not is_json:
        raise errors.UNSUPPORTED_MEDIA_TYPE(type="<null>" if content_type is None else content_type)
    return json_in(data)


async def json_of(request: Request) -> Any:
    """Read a JSON body of at most 4 MiB, whatever its content type. Raises ServiceError."""
    return json_in(await bytes_of(request))


async def bytes_of(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """Read a body of at most `limit` bytes, 4 MiB unless it is given. Raises ServiceError."""
    data, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > READ_LIMIT:
            break
        # Read more than is kept: a caller that is still sending when the connection is closed sees no answer.
        data += chunk[: max(0, limit + 1 - len(data))]
    if size > limit:
        raise errors.REQUEST_TOO_LARGE(limit=limit)
    return bytes(data)


def json_in(data: bytes) -> Any:
    """Read JSON. Raises ServiceError."""
    try:
        body = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
        if b"\\ud" in data.lower():
            json.dumps(body, ensure_ascii=False).encode()  # UnicodeError for half a surrogate pair
    except ValueError:
        raise errors.INVALID_REQUEST_CONTENT(problem="it is not JSON") from None
    except RecursionError:
        raise errors.INVALID_REQUEST_CONTENT(problem=_TOO_DEEP) from None
    if _is_deeper(body, DEPTH_LIMIT):
        raise errors.INVALID_REQUEST_CONTENT(problem=_TOO_DEEP)
    return body


def _is_deeper(body: Any, limit: int) -> bool:
    level = [body]
    for _ in range(limit):
        level = [item for each in level for item in _items(each)]
        if not level:
            return False
    return any(isinstance(value, (dict, list)) for value in level)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # 1e999: it could not be written in an answer
        raise ValueError(text)
    return number


def spell(content: Any) -> str:
    """Write JSON as the service does."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def answer(content: Any, status: int = 200) -> Response:
    """Return a JSON answer as the service writes it."""
    return Response(spell(content).encode(), status, media_type="application/json; charset=utf-8")


def listing(call: Call, values: list[Any], skip_token: str | None) -> Response:
    """Return one page of a list. The link to the next page is the caller's own address with a `$skiptoken`."""
    content: dict[str, Any] = {"value": values}
    if skip_token is not None:
        asked = call.request.query_params
        url = call.request.url.remove_query_params([name for name in asked if name.lower() == "$skiptoken"])
        url = url.include_query_params(**{"$skiptoken": skip_token})
        content["nextLink"] = call.link(f"{quote(url.path, safe='/()')}?{url.query}")
    return answer(content)
