"""The tool of the tests of this folder, with its agents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .observed_agents import TOOLS, ObservedAgents


@pytest.fixture(scope="package", params=TOOLS)
def agents(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[ObservedAgents]:
    opened = ObservedAgents(tmp_path_factory.mktemp("data"), kind=request.param)
    yield opened
    opened.close()
