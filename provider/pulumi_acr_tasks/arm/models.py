"""Models of the service's answers: the attributes that this package reads, and the whole answer as `raw`.

Members that the table of definitions does not have are kept, every member may be absent or null, and enumerations are
plain strings in the spelling received. A member of another kind than its definition's raises ValueError.
"""

from __future__ import annotations

import functools
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, PrivateAttr, create_model
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema

from pulumi_acr_tasks.schema.definitions import Kind, members, snake_case

if TYPE_CHECKING:
    from typing_extensions import Self

M = TypeVar("M", bound="Model")


class Model(BaseModel):
    """The base of all models: camelCase on the wire, snake_case in Python, unknown members kept."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", protected_namespaces=())

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)
    _whole: bool = PrivateAttr(default=True)

    @classmethod
    def receive(cls: type[M], body: dict[str, Any]) -> M:
        """Return the model of an answer. Raise ValueError for a member of another kind than its definition's."""
        model = cls.model_validate(body)
        model._raw = body
        return model

    @classmethod
    def receive_item(cls: type[M], body: Any) -> M | None:
        """Return the model of a list's item, with its name alone if a member has a wrong kind; None without a name."""
        if not isinstance(body, dict):
            return None
        try:
            return cls.receive(body)
        except ValueError:
            if not isinstance(body.get("name"), str):
                return None
        item = cls.receive({"name": body["name"]})
        item._whole = False
        return item

    @property
    def is_whole(self) -> bool:
        """False for an item of a list of which only the name could be read."""
        return self._whole

    @property
    def raw(self) -> dict[str, Any]:
        """The answer as received; empty for a model within another one."""
        return self._raw

    def __repr__(self) -> str:
        """Return the name of the class alone: a traceback must not show secrets."""
        return f"{type(self).__name__}(...)"


class Date(str):
    """A date as the service writes it: 0 to 7 fractional digits, `Z` or an offset."""

    __slots__ = ()

    @property
    def moment(self) -> datetime | None:
        """The date as a datetime; None when the text is not such a date."""
        match = _DATE.fullmatch(self)
        if match is None:
            return None
        fraction = (match["fraction"] or "")[:6].ljust(6, "0")
        offset = "+00:00" if match["offset"] in (None, "Z", "z") else match["offset"]
        try:
            return datetime.fromisoformat(f"{match['seconds']}.{fraction}{offset}")
        except ValueError:
            return None

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


_DATE = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<offset>[Zz]|[+-]\d\d:\d\d)?"
)


@functools.cache
def _defined(definition: str) -> type[Model]:
    """Return a model with every member of a definition, each optional."""
    fields: dict[str, Any] = {
        snake_case(name): (_annotation(of) | None, None) for name, of in members(definition).items()
    }
    return create_model(definition, __base__=Model, **fields)


def _annotation(of: Kind) -> Any:
    one = _SCALARS.get(of.name) or _defined(of.name)
    if of.container == "list":
        return list[one]  # type: ignore[valid-type]  # a type that is computed
    return dict[str, one | None] if of.container == "map" else one  # type: ignore[valid-type]  # as above


_SCALARS: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "any": object}


class RunProperties(_defined("RunProperties")):  # type: ignore[misc]  # a computed base class
    """The properties of a run."""

    run_id: str | None = None
    status: str | None = None
    last_updated_time: Date | None = None
    create_time: Date | None = None
    run_error_message: str | None = None


_RUN_VALUES = (
    *("Queued", "Started", "Running", "Succeeded", "Failed", "Canceled", "Error", "Timeout"),
    *("QuickBuild", "QuickRun", "AutoBuild", "AutoRun"),
)
_SPELLED = {value.lower(): value for value in _RUN_VALUES}


class Run(Model):
    """A run. Its status and its run type are spelled as in the specification: enumerations of ARM have no case."""

    id: str | None = None
    name: str | None = None
    properties: RunProperties = Field(default_factory=RunProperties)

    @classmethod
    def receive(cls, body: dict[str, Any]) -> Self:
        properties = body.get("properties")
        if isinstance(properties, dict):
            given = {name: properties.get(name) for name in ("status", "runType")}
            spelled = {
                name: _SPELLED.get(value.lower(), value) for name, value in given.items() if isinstance(value, str)
            }
            body = {**body, "properties": {**properties, **spelled}}
        return super().receive(body)

    @property
    def run_id(self) -> str:
        """The short id of the run, such as `cf1`."""
        return self.properties.run_id or self.name or ""

    @property
    def principals(self) -> set[str]:
        """The names of the run's creator and last editor. Right after scheduling only the latter is known."""
        system_data = self.raw.get("systemData")
        if not isinstance(system_data, dict):
            return set()
        return {str(system_data[member]) for member in ("createdBy", "lastModifiedBy") if system_data.get(member)}


class TaskProperties(_defined("Task")):  # type: ignore[misc]  # a computed base class
    """The properties of a task."""

    provisioning_state: str | None = None


class Task(_defined("Task")):  # type: ignore[misc]  # a computed base class
    """A task: location, identity and tags are its own, the rest stands in `properties`."""

    id: str | None = None
    name: str | None = None
    properties: TaskProperties = Field(default_factory=TaskProperties)


class SourceUploadDefinition(Model):
    """The URL to upload a source to, and the path by which a request names the source."""

    upload_url: str | None = None
    relative_path: str | None = None


class RunGetLogResult(Model):
    """The signed URL of a run's log."""

    log_link: str | None = None
