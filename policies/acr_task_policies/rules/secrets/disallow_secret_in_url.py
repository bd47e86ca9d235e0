"""A ban on secrets in addresses: logs, states and task definitions show addresses to others."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from ...parts import ImageName
from ...resource import Resource
from ...rule import Config, nist, rule
from ...secrets import in_address


def _addresses(resource: Resource) -> Iterator[ImageName]:
    yield from (ImageName(place.path, place.text) for place in resource.addresses())
    yield from resource.image_names()


@rule(
    "acr-task-disallow-secret-in-url",
    "Checks that addresses and image names carry no password, token or signature.",
    severity=Severity.HIGH,
    over=_addresses,
    tags=["secrets"],
    steps="Give a git token as `contextAccessToken` or in the source trigger, and revoke the one in the address.",
    url="container-registry-tasks-overview",
    framework=nist("4.1.4"),
)
def disallow_secret_in_url(address: ImageName, _config: Config) -> str | None:
    """Return the violation message when an address carries a secret; the message never holds the address."""
    found = in_address(address.text)
    if found is None:
        return None
    return f"{address.path} carries {found}: take it out, and give it as the context's access token or in credentials."
