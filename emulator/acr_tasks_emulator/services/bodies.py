"""Reads a request body into plain camelCase dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from acr_tasks_emulator.services import errors, models
from acr_tasks_emulator.switches import DEFAULTS, Switches


def whole_task(body: Any, switches: Switches) -> dict[str, Any]:
    """Return a Task as to be stored: defaults filled in, nulls gone. Raises ServiceError."""
    return _read(models.Task, body, switches).model_dump(by_alias=True, exclude_none=True)


def task_update(body: Any, switches: Switches) -> dict[str, Any]:
    """Return only the members that the caller sent, explicit nulls among them. Raises ServiceError."""
    return _read(models.Task, body, switches).model_dump(by_alias=True, exclude_unset=True)


def run_request(body: Any, switches: Switches) -> dict[str, Any]:
    """Return a run request with its defaults. Raises ServiceError."""
    read = _read(models.ScheduleRun, {"request": body}, switches)
    request: dict[str, Any] = read.model_dump(by_alias=True, exclude_none=True)["request"]
    return request


def run_update(body: Any) -> dict[str, Any]:
    """Return the members of RunUpdateParameters that were sent. Raises ServiceError."""
    return _read(models.RunUpdateParameters, body).model_dump(by_alias=True, exclude_none=True)


def _read(model: type[models.Definition], body: Any, switches: Switches = DEFAULTS) -> models.Definition:
    try:
        read = model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part != "request")
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise errors.INVALID_REQUEST_CONTENT(problem=problem) from None
    unknown = list(_unknown_members(read, "", switches.unknown_members == "kept"))
    if unknown and switches.unknown_members == "refused":
        raise errors.INVALID_REQUEST_CONTENT(problem=f"Could not find member {', '.join(unknown)}")
    return read


def _unknown_members(value: Any, where: str, keep: bool) -> Iterator[str]:
    """Yield the paths of members that this version does not know; unless they are kept, they are taken out."""
    if isinstance(value, models.Definition):
        extra = value.__pydantic_extra__ or {}
        for name in [name for name in extra if name.lower() in {each.lower() for each in value.ignored}]:
            del extra[name]
        yield from (where + name for name in extra)
        if not keep:
            extra.clear()
        for name, field in type(value).model_fields.items():
            yield from _unknown_members(getattr(value, name), f"{where}{field.alias}.", keep)
    elif isinstance(value, (list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _unknown_members(item, f"{where.removesuffix('.')}[{key}].", keep)
