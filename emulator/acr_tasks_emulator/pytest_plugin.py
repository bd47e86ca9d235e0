"""Fixtures for projects that test against the emulator; pytest finds them by the entry point `acr_tasks_emulator`.

    def test_mine(acr_tasks_emulator):
        deploy(endpoint=acr_tasks_emulator.endpoint, registry=acr_tasks_emulator.registries[0])

Every pytest of an environment that has the emulator loads this file, so it imports nothing until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from acr_tasks_emulator.server import Emulator


@pytest.fixture(scope="session")
def acr_tasks_emulator_options() -> dict[str, Any]:
    """Return the options of `acr_tasks_emulator.serve` for this session; override the fixture in conftest.py.

    Without options, runs are simulated: they need no tools, and succeed at once unless the agent would refuse them.
    `{"executor": "auto"}` carries them out.
    """
    return {}


@pytest.fixture(scope="session")
def acr_tasks_emulator(acr_tasks_emulator_options: dict[str, Any]) -> Iterator[Emulator]:
    """Serve one emulator for the whole session; see `acr_tasks_emulator.serve`."""
    from acr_tasks_emulator import serve

    with serve(**acr_tasks_emulator_options) as emulator:
        yield emulator


@pytest.fixture
def fresh_acr_tasks_emulator(acr_tasks_emulator: Emulator) -> Emulator:
    """Return the session's emulator after its reset: without tasks, runs, blobs and faults of earlier tests."""
    acr_tasks_emulator.reset()
    return acr_tasks_emulator
