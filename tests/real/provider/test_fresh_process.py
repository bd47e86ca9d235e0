"""Modules that a new process loads: a program, and the plugin."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_acr_tasks

_COSTLY = ("httpx", "pydantic", "azure", "uvicorn", "docker", "croniter", "ruamel")


def test_importing_the_resources_loads_none_of_the_libraries_behind_them() -> None:
    """Importing Task, Run, arguments and context_hash loads Pulumi and nothing of the lower floors."""
    code = (
        "import sys\n"
        "from pulumi_acr_tasks import Task, Run, DockerBuildRequestArgs, context_hash\n"
        f"print([name for name in sys.modules if name.split('.')[0] in {_COSTLY!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["TaskProvider", "RunProvider"])
def test_a_fresh_process_loads_the_reference(name: str) -> None:
    """The plugin's process, which has imported nothing of ours, finds the class through the lazy root."""
    pickled = serialize_provider(getattr(pulumi_acr_tasks, name)())
    code = f"import base64, dill; print(type(dill.loads(base64.b64decode({pickled!r}))).__qualname__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == name
