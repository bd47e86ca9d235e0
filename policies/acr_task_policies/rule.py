"""What a rule is: a name, a line, and one function that judges one part of a task or run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)
from pulumi_policy.proxy import UnknownValueError

from .resource import RUN, TASK, Resource

Part = TypeVar("Part")
Config = Mapping[str, Any]


def rule(
    name: str,
    description: str,
    *,
    severity: Severity,
    level: EnforcementLevel,
    over: Callable[[Resource], Iterable[Part]],
    config: dict[str, dict[str, Any]] | None = None,
    remedy: Callable[[Part, Config], None] | None = None,
) -> Callable[[Callable[[Part, Config], str | None]], ResourceValidationPolicy]:
    """Makes a policy of a function that says what to change in one part, or None when the part is right.

    `over` lists the parts of a resource that the function is asked about. A part that is unknown in a preview does not
    hide the others: they are judged first, and the unknown one is reported last, as Pulumi does it. `config` is the
    JSON schema of each setting; its defaults count here too. `remedy` puts a wrong part right in place.
    """
    settings = config or {}
    defaults = {key: schema["default"] for key, schema in settings.items() if "default" in schema}

    def decorate(judge: Callable[[Part, Config], str | None]) -> ResourceValidationPolicy:
        def violations(args: ResourceValidationArgs) -> Iterable[tuple[Part, str]]:
            if args.resource_type not in (TASK, RUN):
                return
            unknown: UnknownValueError | None = None
            for part in over(Resource(args.resource_type, args.props)):
                try:
                    sentence = judge(part, {**defaults, **args.get_config()})
                except UnknownValueError as error:
                    unknown = unknown or error
                    continue
                if sentence:
                    yield part, sentence
            if unknown:
                raise unknown

        def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
            for _, sentence in violations(args):
                report_violation(sentence, None)

        def remediate(args: ResourceValidationArgs) -> Mapping[str, Any] | None:
            wrong = [part for part, _ in violations(args)]
            if not (remedy and wrong):
                return None
            for part in wrong:
                remedy(part, {**defaults, **args.get_config()})
            # The very object that came: a copy would lose the secret marks, and the provider with them.
            return args.props

        return ResourceValidationPolicy(
            name,
            description,
            validate,
            enforcement_level=level,
            config_schema=PolicyConfigSchema(settings) if settings else None,
            remediate=remediate if remedy else None,  # type: ignore[arg-type]
            severity=severity,
        )

    return decorate
