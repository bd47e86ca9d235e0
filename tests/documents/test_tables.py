"""The generated tables of the documents are those that the code makes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import tables


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_table_is_up_to_date(name: str) -> None:
    """`make tables` would change nothing."""
    page, text = tables.written(name)
    assert page.read_text(encoding="utf-8") == text
