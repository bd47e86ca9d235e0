"""The making of a rule: a name, a line, and one function that judges one part of a task or run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from pulumi_policy import (
    EnforcementLevel,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from .resource import Resource, kind_of

Part = TypeVar("Part")
Config = Mapping[str, Any]
Schema = dict[str, dict[str, Any]]

DOCS = "https://learn.microsoft.com/azure/container-registry/"

# What patterns in lists of the configuration look like: `*` is any text, letters count without case.
GLOBS: dict[str, Any] = {"type": "array", "items": {"type": "string", "minLength": 1}}


def nist(section: str) -> PolicyComplianceFramework:
    """Return a section of NIST's guide to the security of containers."""
    return PolicyComplianceFramework("NIST SP 800-190", "2017", section, "Application Container Security Guide")


def settings_of(schema: Schema, args: ResourceValidationArgs | StackValidationArgs) -> Config:
    """Return a rule's configuration, completed by its defaults; numbers arrive as floats."""
    defaults = {key: each["default"] for key, each in schema.items() if "default" in each}
    return {**defaults, **args.get_config()}


def rule(
    name: str,
    description: str,
    *,
    severity: Severity,
    over: Callable[[Resource], Iterable[Part]],
    tags: Sequence[str],
    steps: str,
    url: str,
    level: EnforcementLevel = EnforcementLevel.ADVISORY,
    config: Schema | None = None,
    remedy: Callable[[Part, Config], None] | None = None,
    framework: PolicyComplianceFramework | None = None,
) -> Callable[[Callable[[Part, Config], str | None]], ResourceValidationPolicy]:
    """Make a policy of a function that says what to change in one part, or None when the part is right.

    `over` lists the parts of a resource that the function judges. A part that is unknown in a preview does not hide the
    others: they are judged first, and the unknown one is reported last, as Pulumi does it. `config` is the JSON schema
    of each setting; its defaults count here too. `remedy` puts a wrong part right in place. `steps` tells people how
    to put it right, `url` is a page of the public documentation, below DOCS.
    """
    schema = config or {}

    def decorate(judge: Callable[[Part, Config], str | None]) -> ResourceValidationPolicy:
        def violations(args: ResourceValidationArgs) -> Iterable[tuple[Part, str]]:
            if kind_of(args.resource_type) is None:
                return
            settings = settings_of(schema, args)
            unknown: UnknownValueError | None = None
            for part in _parts(over, Resource(args.resource_type, args.props, args.urn)):
                try:
                    if isinstance(part, UnknownValueError):
                        raise part
                    sentence = judge(part, settings)
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
                remedy(part, settings_of(schema, args))
            # The very object that came: a copy would lose the secret marks, and the provider with them.
            return args.props

        return ResourceValidationPolicy(
            name,
            description,
            validate,
            enforcement_level=level,
            config_schema=PolicyConfigSchema(schema) if schema else None,
            remediate=remediate if remedy else None,  # type: ignore[arg-type]  # the SDK's annotation lacks None
            severity=severity,
            framework=framework,
            tags=list(tags),
            remediation_steps=steps,
            url=f"{DOCS}{url}",
        )

    return decorate


def _parts(over: Callable[[Resource], Iterable[Part]], resource: Resource) -> Iterable[Part | UnknownValueError]:
    """List the parts of a resource; an unknown that keeps the rest from being listed is the last of them."""
    try:
        yield from over(resource)
    except UnknownValueError as error:
        yield error


def stack_rule(
    name: str,
    description: str,
    *,
    severity: Severity,
    tags: Sequence[str],
    steps: str,
    url: str,
    level: EnforcementLevel = EnforcementLevel.ADVISORY,
    config: Schema | None = None,
) -> Callable[[Callable[[list[tuple[str, Resource]], Config], Iterable[tuple[str, str]]]], StackValidationPolicy]:
    """Make a policy of a function that judges all tasks and runs of a stack together.

    The function is given pairs of URN and resource, and yields pairs of URN and sentence. It leaves out the resources
    of which it needs something unknown.
    """
    schema = config or {}

    def decorate(
        judge: Callable[[list[tuple[str, Resource]], Config], Iterable[tuple[str, str]]],
    ) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
            ours = [
                (each.urn, Resource(each.resource_type, each.props, each.urn))
                for each in args.resources
                if kind_of(each.resource_type) is not None
            ]
            for urn, sentence in judge(ours, settings_of(schema, args)):
                report_violation(sentence, urn)

        return StackValidationPolicy(
            name,
            description,
            validate,
            enforcement_level=level,
            config_schema=PolicyConfigSchema(schema) if schema else None,
            severity=severity,
            tags=list(tags),
            remediation_steps=steps,
            url=f"{DOCS}{url}",
        )

    return decorate


def matches(text: str, globs: Iterable[str]) -> bool:
    """Return whether a text matches one of the globs, without regard to case."""
    return any(fnmatchcase(text.lower(), str(glob).lower()) for glob in globs)
