"""The service, the engine and the processes that all lives of a worker share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.cheap_commands import forking
from tests.real.twins.provider import listening
from tests.real.twins.service import served
from tests.real.twins.stack import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield a service, an engine, and a process that forks the processes of providers."""
    folder = tmp_path_factory.mktemp("twins")
    with served() as service, listening() as (address, messages), forking(folder) as forks:
        yield World(service, address, messages, forks, folder)
