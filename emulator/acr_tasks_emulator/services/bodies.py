"""Request bodies, read into plain camelCase dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from acr_tasks_emulator.services import errors, models
from acr_tasks_emulator.services.versions import ApiVersion
from acr_tasks_emulator.switches import Switches

Read = TypeVar("Read", bound=models.Definition)


def whole_task(body: Any, switches: Switches, version: ApiVersion) -> dict[str, Any]:
    """Return the body of a PUT: defaults filled in, nulls left out. Raises ServiceError."""
    read = parsed(models.Task, body)
    _check_members(read, switches, version.unknown_of("Task"))
    return read.model_dump(by_alias=True, exclude_none=True)


def task_update(body: Any, switches: Switches, version: ApiVersion) -> dict[str, Any]:
    """Return the body of a PATCH: the members that the caller sent, explicit nulls too. Raises ServiceError."""
    read = parsed(models.Task, body)
    _check_members(read, switches, version.unknown_of("TaskUpdateParameters"))
    return read.model_dump(by_alias=True, exclude_unset=True)


def run_request(body: Any, switches: Switches, version: ApiVersion) -> dict[str, Any]:
    """Return a run request with its defaults. Raises ServiceError."""
    request = parsed(models.ScheduleRun, {"request": body}).request
    _check_members(request, switches, version.unknown_of(str(getattr(request, "type", ""))))
    return request.model_dump(by_alias=True, exclude_none=True)


def run_update(body: Any, switches: Switches) -> dict[str, Any]:
    """Return the sent members of RunUpdateParameters. Raises ServiceError."""
    read = parsed(models.RunUpdateParameters, body)
    _check_members(read, switches, frozenset())
    return read.model_dump(by_alias=True, exclude_none=True, include={"is_archive_enabled"})


def without_nulls(value: Any) -> Any:
    """Return plain values without the members of objects that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def parsed(model: type[Read], body: Any) -> Read:
    """Return a body as its model reads it. Raises ServiceError with the first problem and its path."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # The member `request` is our own: through it the model tells the kinds of requests apart.
        where = ".".join(str(part) for part in first["loc"] if part != "request")
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise errors.INVALID_REQUEST_CONTENT(problem=problem) from None


def _check_members(read: models.Definition, switches: Switches, unknown: frozenset[str]) -> None:
    """Drop, keep or refuse unknown members. `unknown`: paths of members that only other api-versions know."""
    found = list(_unknown_members(read, "", switches.unknown_members == "kept", unknown))
    if found and switches.unknown_members == "refused":
        raise errors.INVALID_REQUEST_CONTENT(problem=f"Could not find member {', '.join(found)}")


def _unknown_members(value: Any, where: str, keep: bool, unknown: frozenset[str]) -> Iterator[str]:
    """Yield the paths of members that the caller's version does not know; remove them unless `keep`."""
    if isinstance(value, models.Definition):
        extra = value.__pydantic_extra__ or {}
        for name in [name for name in extra if name.lower() in {each.lower() for each in value.ignored}]:
            del extra[name]
        yield from (where + name for name in extra)
        if not keep:
            extra.clear()
        for name, field in type(value).model_fields.items():
            path = f"{where}{field.alias}"
            if path in unknown and name in value.model_fields_set:
                yield path
                if not keep:
                    setattr(value, name, field.default)
                    value.model_fields_set.discard(name)
            yield from _unknown_members(getattr(value, name), f"{path}.", keep, unknown)
    elif isinstance(value, (list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _unknown_members(item, f"{where.removesuffix('.')}[{key}].", keep, unknown)
