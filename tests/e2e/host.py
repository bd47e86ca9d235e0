"""The two hosts of the provider: one text of a scenario runs on both."""

from __future__ import annotations

import re
from dataclasses import dataclass

DYNAMIC_MODULE = "pulumi_acr_tasks"
IMPORT = re.compile(rf"^from {DYNAMIC_MODULE} import", re.MULTILINE)


@dataclass(frozen=True)
class Host:
    """What differs: the module that a program imports, and the types of its resources."""

    name: str
    module: str
    types: str  # the type of a resource without its last word

    def program(self, text: str) -> str:
        """Return a program, written for the dynamic resources, with this host's import line."""
        return IMPORT.sub(f"from {self.module} import", text)


DYNAMIC = Host("dynamic", DYNAMIC_MODULE, "pulumi-python:dynamic/acr-tasks:")
PLUGIN = Host("plugin", f"{DYNAMIC_MODULE}.plugin", "acr-tasks:index:")
HOSTS = {host.name: host for host in (DYNAMIC, PLUGIN)}
