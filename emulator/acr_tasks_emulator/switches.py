"""Switches: open questions about the behaviour of the service. A client must work with every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints


class SwitchError(Exception):
    """Invalid switches. The text has each problem and the allowed values."""


def _open(default: Any, question: str, *bounds: float) -> Any:
    """Declare a switch. bounds: the lowest and the highest number that are allowed."""
    return field(default=default, metadata={"question": question, "bounds": bounds})


@dataclass(frozen=True)
class Switches:
    """A value for each switch, with its default and its question. Public names are in kebab-case.

    Numbers of seconds may have a fraction.
    """

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
    missing_task_code: Literal["ResourceNotFound", "TaskNotFound", "NotFound", "empty"] = _open(
        "ResourceNotFound", "The code of the 404 for a task that is not there; empty is a 404 without a body"
    )
    missing_run_code: Literal["ResourceNotFound", "RunNotFound", "NotFound", "empty"] = _open(
        "ResourceNotFound", "The code of the 404 for a run that is not there; empty is a 404 without a body"
    )
    source_trigger_check: Literal["accepted", "409", "404"] = _open(
        "accepted", "Whether the webhook of a source trigger can be made; if not, ProviderCall with that status"
    )
    list_details: Literal["allowed", "refused"] = _open(
        "allowed", "Whether the caller may listDetails; if not, 403 AuthorizationFailed"
    )
    tasks_operations: Literal["allowed", "no-runs", "none"] = _open(
        "allowed",
        "Whether the subscription may have tasks: TasksOperationsNotAllowed for scheduleRun, or for whatever changes "
        "tasks too",
    )
    disabled_task_run: Literal["allowed", "refused"] = _open("allowed", "Whether a disabled task can be run by hand")
    agent_pools: Literal["taken", "refused"] = _open(
        "taken",
        "Whether a run may name an agent pool: the emulator has none, so its own agents carry the run out, or it is "
        "refused with 404",
    )
    equal_schedules: Literal["accepted", "refused"] = _open(
        "accepted",
        "Whether two timers of a task may have one schedule: the documentation says that schedules have to differ",
    )
    cancel_finished: Literal["200", "409"] = _open("200", "The answer to the cancel of a run that has ended")
    invalid_source_status: Literal["400", "404"] = _open("400", "The status of the invalid source location error")
    page_size: int = _open(100, "How many tasks or runs a page of a list has", 1, 1000)
    agent_delay: float = _open(0.0, "Seconds that a run waits in the queue, by the machine's clock", 0, 86_400)
    log_missing_seconds: float = _open(0.0, "Seconds from a run's start in which its log answers 404", 0, 86_400)
    sas_seconds: float = _open(4200.0, "Seconds after which a signed link expires", 1, 604_800)
    operation_seconds: float = _open(2.0, "Seconds after which a long-running operation has finished", 0, 86_400)
    operation_polls: int = _open(2, "How many polls of a long-running operation find it unfinished", 0, 1000)
    operation_retry_after: int = _open(1, "Retry-After of a long-running operation", 0, 3600)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Switches:
        """Return the switches with the given values, by kebab-case name. Raises SwitchError."""
        known = {switch.name: switch for switch in table()}
        values: dict[str, Any] = {}
        problems = []
        for name, text in given.items():
            switch = known.get(name)
            if switch is None:
                problems.append(f"Switch {name!r} is not known: choose one of {', '.join(known)}.")
                continue
            try:
                values[name.replace("-", "_")] = switch.read(str(text))
            except ValueError:
                problems.append(f"Switch {name} cannot be {str(text)!r}: {switch.allowed} is allowed.")
        if problems:
            raise SwitchError(" ".join(problems))
        return cls(**values)


DEFAULTS = Switches()


@dataclass(frozen=True)
class Switch:
    """A row of the table of switches. `values` is empty for a number."""

    name: str
    kind: type
    values: tuple[str, ...]
    bounds: tuple[float, ...]
    default: Any
    question: str

    @property
    def allowed(self) -> str:
        """Return the allowed values as a phrase, such as `200 or 201`."""
        if self.values:
            return " or ".join(self.values)
        kind = "a whole number" if self.kind is int else "a number"
        return f"{kind} from {self.bounds[0]:g} to {self.bounds[1]:g}"

    def read(self, text: str) -> Any:
        """Parse a value of the switch. Raises ValueError."""
        if self.values:
            if text not in self.values:
                raise ValueError(text)
            return text
        number = self.kind(text)
        if not self.bounds[0] <= number <= self.bounds[1]:
            raise ValueError(text)
        return number


def table() -> list[Switch]:
    """Return every switch, in the order of their declaration."""
    kinds = get_type_hints(Switches)
    return [
        Switch(
            name=each.name.replace("_", "-"),
            kind=str if get_origin(kinds[each.name]) is Literal else kinds[each.name],
            values=get_args(kinds[each.name]),
            bounds=each.metadata["bounds"],
            default=each.default,
            question=each.metadata["question"],
        )
        for each in fields(Switches)
    ]
