"""The two hosts of the provider: one text of a scenario runs on both."""

from __future__ import annotations

import re
from dataclasses import dataclass

IMPORT = re.compile(r"^from pulumi_acr_tasks import", re.MULTILINE)


@dataclass(frozen=True)
class Host:
    """A host: the module that a program imports to have its resources there, and the process that serves them."""

    name: str
    module: str
    process: bytes  # a part of its command line

    def program(self, text: str) -> str:
        """Return a program, written for the dynamic resources, with this host's import line."""
        return IMPORT.sub(f"from {self.module} import", text)

    def path(self, text: str) -> str:
        """Return a property path, written as Python spells it, as this host's problems spell it."""
        return text if self is DYNAMIC else re.sub(r"_([a-z])", lambda match: match[1].upper(), text)


DYNAMIC = Host("dynamic", "pulumi_acr_tasks", b"pulumi.dynamic")
PLUGIN = Host("plugin", "pulumi_acr_tasks.plugin", b"pulumi-resource-acr-tasks")
HOSTS = (DYNAMIC, PLUGIN)
