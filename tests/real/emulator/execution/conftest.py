"""The tool of the tests of this folder, with its agents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .desk import TOOLS, Desk


@pytest.fixture(scope="package", params=TOOLS)
def desk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Desk]:
    opened = Desk(tmp_path_factory.mktemp("data"), kind=request.param)
    yield opened
    opened.close()
