"""Reads a request body into plain camelCase dicts."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from acr_tasks_emulator.services import errors, models


def whole_task(body: Any) -> dict[str, Any]:
    """Return a Task as to be stored: defaults filled in, nulls and unknown members gone. Raises ServiceError."""
    return _read(models.Task, body).model_dump(by_alias=True, exclude_none=True)


def task_update(body: Any) -> dict[str, Any]:
    """Return only the members that the caller sent, explicit nulls among them. Raises ServiceError."""
    return _read(models.Task, body).model_dump(by_alias=True, exclude_unset=True)


def run_request(body: Any) -> dict[str, Any]:
    """Return a run request with its defaults. Raises ServiceError."""
    request: dict[str, Any] = _read(models.ScheduleRun, {"request": body}).model_dump(by_alias=True, exclude_none=True)[
        "request"
    ]
    return request


def run_update(body: Any) -> dict[str, Any]:
    """Return the members of RunUpdateParameters that were sent. Raises ServiceError."""
    return _read(models.RunUpdateParameters, body).model_dump(by_alias=True, exclude_none=True)


def _read(model: type[models.Definition], body: Any) -> models.Definition:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part != "request")
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise errors.INVALID_REQUEST_CONTENT(problem=problem) from None
