"""`$filter` expressions for Runs_List. (Source: facts, section 6: no arithmetic, `and`, `or`, `contains` allowed.)"""

from __future__ import annotations


def equals(field: str, value: str) -> str:
    """Gives `Field eq 'value'`; `field` is a member of RunFilter, quotes in the value are doubled."""
    return f"{field[:1].upper()}{field[1:]} eq {_quoted(value)}"


def contains(field: str, value: str) -> str:
    """Gives `contains(Field, 'value')`."""
    return f"contains({field[:1].upper()}{field[1:]}, {_quoted(value)})"


def any_of(*expressions: str) -> str:
    """Joins expressions of which one must hold."""
    return " or ".join(expressions) if len(expressions) < 2 else f"({' or '.join(expressions)})"


def all_of(*expressions: str) -> str:
    """Joins expressions that all must hold."""
    return " and ".join(expressions)


def _quoted(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
