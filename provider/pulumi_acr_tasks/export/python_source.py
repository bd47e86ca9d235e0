"""Python source, laid out as formatters do: on one line where it fits, else one argument a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

WIDTH = 100


class Code(str):
    """Source that is rendered unchanged."""

    __slots__ = ()


@dataclass(frozen=True)
class Text:
    """A string in several parts, one a line; Python joins them."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A call of `name`; the argument named `""` is positional. `after` follows the closing bracket."""

    name: str
    arguments: dict[str, Source]
    after: str = ""


Source = Union[Code, Text, Call, "list[Source]", "dict[str, Source]"]


def render(source: Source, indent: int = 0, used: int = 0) -> str:
    """Return the text of a source that begins after `used` columns of a line with that indent."""
    flat = _flat(source)
    if isinstance(source, Code) or (flat is not None and used + len(flat) <= WIDTH):
        return flat or ""
    if isinstance(source, Text):
        return f"\n{' ' * indent}".join(source.parts)
    deeper = indent + 4
    lines = [
        f"{' ' * deeper}{prefix}{render(item, deeper, deeper + len(prefix) + 1)}," for prefix, item in _items(source)
    ]
    opening, closing = _brackets(source)
    return "\n".join([opening, *lines, f"{' ' * indent}{closing}"])


def _flat(source: Source) -> str | None:
    """Return a source on one line, or None where a string has several."""
    if isinstance(source, Code):
        return str(source)
    if isinstance(source, Text):
        return source.parts[0] if len(source.parts) == 1 else None
    parts = []
    for prefix, item in _items(source):
        text = _flat(item)
        if text is None:
            return None
        parts.append(prefix + text)
    opening, closing = _brackets(source)
    return opening + ", ".join(parts) + closing


def _items(source: Call | list[Source] | dict[str, Source]) -> Iterator[tuple[str, Source]]:
    """Yield the items between the brackets, each with its prefix."""
    if isinstance(source, Call):
        yield from ((f"{name}=" if name else "", item) for name, item in source.arguments.items())
    elif isinstance(source, dict):
        yield from ((f"{quoted(key)}: ", item) for key, item in source.items())
    else:
        yield from (("", item) for item in source)


def _brackets(source: Call | list[Source] | dict[str, Source]) -> tuple[str, str]:
    if isinstance(source, Call):
        return f"{source.name}(", f"){source.after}"
    return ("{", "}") if isinstance(source, dict) else ("[", "]")


def constant(value: object) -> Code:
    """Return a constant as source."""
    return Code(quoted(value) if isinstance(value, str) else repr(value))


def quoted(value: str) -> str:
    """Return a string in double quotes, unless that needs more backslashes, as formatters do."""
    text = repr(value)
    return text if '"' in text else f'"{text[1:-1]}"'
