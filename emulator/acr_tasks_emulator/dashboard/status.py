"""The look of a status."""

from __future__ import annotations

from dataclasses import dataclass

# Colour and mark of a status; the mark makes it readable without colours.
_LOOKS = {
    "Queued": ("waiting", "○"),
    "Started": ("busy", "◐"),
    "Running": ("busy", "◐"),
    "Succeeded": ("good", "✓"),
    "Failed": ("bad", "✗"),
    "Error": ("bad", "!"),
    "Timeout": ("bad", "!"),
    "Canceled": ("waiting", "⊘"),
    "Enabled": ("good", "✓"),
    "Disabled": ("waiting", "⊘"),
}


@dataclass(frozen=True)
class Status:
    """A status with its colour and its mark."""

    text: str
    look: str
    mark: str

    @classmethod
    def of(cls, text: str) -> Status:
        look, mark = _LOOKS.get(text, ("waiting", "?"))
        return cls(text, look, mark)
