"""A limit on opaque passwords: a new password has to be set in each resource that holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pulumi_policy import Severity
from pulumi_policy.proxy import UnknownValueError

from ...resource import Resource
from ...rule import Config, stack_rule


@stack_rule(
    "acr-stack-limit-opaque-credentials",
    "Checks that the password of a registry does not stand in many resources.",
    severity=Severity.MEDIUM,
    tags=["secrets"],
    steps="Keep the password in a key vault, or sign in by a managed identity.",
    url="container-registry-tasks-authentication-key-vault",
    config={"max": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 3}},
)
def limit_opaque_credentials(resources: list[tuple[str, Resource]], config: Config) -> Iterable[tuple[str, str]]:
    """Yield a violation message for each resource beyond the limit; passwords are counted by registry."""
    holders: dict[str, list[str]] = defaultdict(list)
    for urn, resource in resources:
        try:
            hosts = [each.host for each in resource.credentials() if "password" in each.opaque()]
        except UnknownValueError:
            continue
        for host in hosts:
            holders[host.lower()].append(urn)
    limit = int(config["max"])
    for host, urns in holders.items():
        for urn in urns[limit:]:
            yield (
                urn,
                (f"{len(urns)} resources hold the password of {host}, {limit} are allowed: keep it in a key vault."),
            )
