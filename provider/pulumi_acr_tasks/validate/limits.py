"""Numbers with bounds. (Source: azure-spec/2019-04-01 `timeout`; facts, section 3.3, for `cpu`.)"""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.validate.problem import Problem, member_path

SHORTEST, LONGEST = 300, 28800
CORES = 2


def check_timeout(value: Any, path: str) -> list[Problem]:
    """Says what is wrong with a run's timeout in seconds."""
    if isinstance(value, int) and not isinstance(value, bool) and not SHORTEST <= value <= LONGEST:
        return [Problem(path, f"is {value}; it is {SHORTEST} to {LONGEST} seconds")]
    return []


def check_agent(value: Any, path: str) -> list[Problem]:
    """Says what is wrong with the agent of a run."""
    cpu = value.get("cpu") if isinstance(value, dict) else None
    if isinstance(cpu, int) and not isinstance(cpu, bool) and cpu != CORES:
        return [Problem(member_path(path, "cpu"), f"is {cpu}; the service's agents have {CORES}")]
    return []
