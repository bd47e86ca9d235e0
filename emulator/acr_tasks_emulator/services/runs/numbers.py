"""Run ids such as `cf1`, `cf2a`: two letters of the registry and a counter to the base 36 (facts section 5.2)."""

from __future__ import annotations

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def run_id(prefix: str, number: int) -> str:
    """Return the id of a registry's run of that number, from 1."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return prefix + digits
