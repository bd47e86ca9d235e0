"""The generated tables of the documents are those that the code makes."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import tables

from pulumi_acr_tasks import errors


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_table_is_up_to_date(name: str) -> None:
    """`make tables` would change nothing."""
    page, text = tables.written(name)
    assert page.read_text(encoding="utf-8") == text


def test_every_error_has_a_cure() -> None:
    """The page has a row for each error that is raised, in one of its two tables of cures."""
    page, _ = tables.written("errors")
    cures, _, _ = page.read_text(encoding="utf-8").partition("## All errors")
    known = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, errors.AcrTasksError)]
    assert [
        each.__name__ for each in known if not each.__subclasses__() and f"| `{each.__name__}` |" not in cures
    ] == []
