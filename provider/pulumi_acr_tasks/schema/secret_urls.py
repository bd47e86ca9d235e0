"""Secrets in addresses: a token in place of the user, a password, a signature in the query.

Addresses are found anywhere in a text, also within a sentence or a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

MASK = "[secret]"

# The part before the host. A quotation mark ends it, so that two addresses in a JSON text are not taken for one.
_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^\s/?#\"<>]+)@(?P<rest>[^\s\"<>]*)")
_QUERY = re.compile(
    r"(?<=[?&#;])(?P<name>sig|code|key|pat|pwd|auth|[\w.~-]*(?:token|secret|passw|pwd|api[_-]?key|access[_-]?key|signature|"
    r"credential)[\w.~-]*)=(?P<value>[^&#\s\"'<>]+)",
    re.IGNORECASE,
)
_NAMES = ("git", "anonymous", "oauth2", "x-access-token", "x-oauth-basic")
"""User names that name a kind of sign-in, and are not secret."""

_OPEN = re.compile(r"\[secret\]|\{\{.*\}\}|\$\{?\w+\}?")
"""Placeholders of secrets: our own mask, a template of a task file, a variable."""

_WEB = ("http", "https", "oci")
_TOKEN = 16  # characters of a user name beside a password that is taken for a token


def holds_secret(text: str) -> bool:
    """Return whether an address in a text carries a secret."""
    return any(True for _ in _spans(text))


def secrets_in(text: str) -> list[str]:
    """Return the secrets in a text's addresses, each as written and decoded (`%40` is `@`)."""
    found = [text[start:end] for start, end in _spans(text)]
    return list(dict.fromkeys(form for secret in found for form in (secret, unquote(secret))))


def without_secrets(text: str) -> str:
    """Return a text in which the secrets of addresses are masked: `https://x:[secret]@host/?sig=[secret]`."""
    shown, done = [], 0
    for start, end in sorted(_spans(text)):
        if start >= done:
            shown += [text[done:start], MASK]
            done = end
    return "".join([*shown, text[done:]])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each secret; placeholders are left out."""
    return (span for span in _candidates(text) if not _OPEN.fullmatch(text, *span))


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    if "://" in text:
        for match in _USER.finditer(text):
            name, colon, password = match["user"].partition(":")
            start = match.start("user")
            if _is_token(match["scheme"].lower(), name, password, match["rest"]):
                yield start, start + len(name)
            if colon and password and password not in _NAMES:
                yield start + len(name) + 1, match.end("user")
    if "=" in text:
        for match in _QUERY.finditer(text):
            yield match.span("value")


def _is_token(scheme: str, name: str, password: str, rest: str) -> bool:
    """Return whether a user name is a token. In `https://contoso@dev.azure.com/contoso/…` it is an organization."""
    if scheme not in _WEB or not name or name.lower() in _NAMES:
        return False
    if password and password not in _NAMES:
        return len(name) >= _TOKEN
    return name.lower() not in rest.lower().split("/")[1:2]
