"""Switches: open questions about the behaviour of the service. A client must work with every answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acr_tasks_emulator.errors import SettingsError


def _open(default: Any, question: str, lowest: float | None = None, highest: float | None = None) -> Any:
    """Declare a switch. lowest, highest: the bounds of a number."""
    return Field(default, description=question, ge=lowest, le=highest)


class Switches(BaseModel):
    """A value for each switch, with its default and its question. Public names are in kebab-case.

    Numbers of seconds may have a fraction.
    """

    model_config = ConfigDict(
        frozen=True, alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True, allow_inf_nan=False
    )

    patch_step_type: Literal["replace", "refuse", "merge"] = _open(
        "replace",
        "What a PATCH with a step of another type does: replaces the step, is refused with 400, or keeps the members "
        "that the new type has too",
    )
    patch_step_arrays: Literal["replace", "merge"] = _open(
        "replace",
        "What PATCH does with imageNames, arguments and values of a step: replaces them, or adds what is not there "
        "(arguments and values by name)",
    )
    patch_registry_entry: Literal["replace", "merge"] = _open(
        "replace", "What PATCH does inside one entry of customRegistries: replaces it, or merges its members"
    )
    patch_tags: Literal["replace", "merge"] = _open(
        "replace", "What PATCH does with tags: replaces them all, or merges them (null removes one)"
    )
    patch_trigger_status: Literal["enabled", "kept"] = _open(
        "enabled", "What status an existing trigger gets that is PATCHed without one"
    )
    secret_arguments: Literal["dropped", "blanked"] = _open(
        "dropped", "Whether secret arguments and values are left out of answers, or shown with an empty value"
    )
    source_registry: Literal["shown", "null"] = _open(
        "shown", "Whether credentials.sourceRegistry is shown, or null in every answer, listDetails too"
    )
    unknown_members: Literal["dropped", "kept", "refused"] = _open(
        "dropped", "What happens to members that the api-version does not know"
    )
    replace_creation_date: Literal["kept", "new"] = _open("kept", "The creationDate of a task that is replaced by PUT")
    create_status: Literal["200", "201"] = _open("200", "The status of a PUT that makes a task")
    page_size: int = _open(100, "How many tasks or runs a page of a list has", 1, 1000)
    agent_delay: float = _open(0.0, "Seconds that a run waits in the queue, by the machine's clock", 0, 86_400)
    log_missing_seconds: float = _open(0.0, "Seconds from a run's start in which its log answers 404", 0, 86_400)
    sas_seconds: float = _open(4200.0, "Seconds after which a signed link expires", 1, 604_800)
    operation_seconds: float = _open(2.0, "Seconds after which a long-running operation has finished", 0, 86_400)
    operation_polls: int = _open(2, "How many polls of a long-running operation find it unfinished", 0, 1000)
    operation_retry_after: int = _open(1, "Retry-After of a long-running operation", 0, 3600)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Switches:
        """Return the switches with the given values, by kebab-case name. Raises SettingsError with every problem."""
        known = [str(field.alias) for field in cls.model_fields.values()]
        problems = [
            f"Switch {name!r} is not known: choose one of {', '.join(known)}." for name in given if name not in known
        ]
        try:
            switches = cls.model_validate({name: str(given[name]) for name in known if name in given})
        except ValidationError as error:
            wrong = [str(each["loc"][0]) for each in error.errors()]
            problems += [f"Switch {name} cannot be {str(given[name])!r}: {allowed(name)} is allowed." for name in wrong]
        if problems:
            raise SettingsError(" ".join(problems))
        return switches

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Switches:
        """Read switches of the form `SWITCH=VALUE`. Raises SettingsError."""
        given: dict[str, str] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals:
                raise SettingsError(f"Switch {text!r} has no value: write it like create-status=201.")
            if name in given:
                raise SettingsError(f"Switch {name} is given twice.")
            given[name] = value
        return cls.read(given)

    __str__ = BaseModel.__repr__


def allowed(name: str) -> str:
    """Return the allowed values of a switch as a phrase, such as `200 or 201`."""
    field = Switches.model_fields[name.replace("-", "_")]
    if field.annotation is int or field.annotation is float:
        kind = "a whole number" if field.annotation is int else "a number"
        lowest, highest = field.metadata
        return f"{kind} from {lowest.ge:g} to {highest.le:g}"
    return " or ".join(get_args(field.annotation))


DEFAULTS = Switches()
