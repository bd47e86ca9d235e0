"""Secrets in values, in addresses, in errors and in lines of a log: found, and masked.

An address may hold a token in place of the user, a password, or a signature in its query. Addresses are found anywhere
in a text, also within a sentence or a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.schema.definitions import Kind, members, variant
from pulumi_acr_tasks.schema.values import decoded
from pulumi_acr_tasks.validate.task_file.yaml import load

MASK = "[secret]"

# These expressions take linear time, because a text may hold a file in base64: none begins with a repetition.
# The part before the host. A quotation mark ends it, so that two addresses in a JSON text are not taken for one.
_USER = re.compile(r"(?<=[A-Za-z0-9+.-])://(?P<user>[^\s/?#\"<>]+)@(?P<rest>[^\s\"<>]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_MEMBER = re.compile(r"(?<=[?&#;])[\w.~-]+(?==)")
_VALUE = re.compile(r"[^&#\s\"'<>]+")
_SECRET_MEMBER = re.compile(
    r"^(?:sig|code|key|pat|pwd|auth)$|token|secret|passw|pwd|api[_-]?key|access[_-]?key|signature|credential",
    re.IGNORECASE,
)
_NAMES = ("git", "anonymous", "oauth2", "x-access-token", "x-oauth-basic")
"""User names that name a kind of sign-in, and are not secret."""

_PLACEHOLDER = re.compile(r"\[secret\]|\{\{.*\}\}|\$\{?\w+\}?")
"""Placeholders of secrets: our own mask, a template of a task file, a variable."""

_WEB = ("http", "https", "oci")
_LONGEST_SCHEME = 32  # characters that are looked at
_TOKEN = 16  # characters of a user name beside a password that is taken for a token

_SHORTEST = 4
"""The shortest value of a values file that is masked, in characters. Such a file is secret as a whole, but hiding each
`1` and `on` would hide the log."""

_COLOR = r"(?:\x1b\[[0-9;:]*m)*"


def is_secret(definition: str, member: str, owner: dict[str, Any]) -> bool:
    """Return whether a member of an object is secret: by its definition, or as the value of an item with `isSecret`.

    An `isSecret` that is not known yet counts as true.
    """
    known = members(definition)
    if "isSecret" in known:
        return member == "value" and owner.get("isSecret") not in (None, False)
    return member in known and known[member].secret


def map_secrets(
    value: Any,
    kind: Kind,
    change: Callable[[Any], Any],
    address: Callable[[str], Any] | None = None,
    *,
    whole_lists: bool = False,
) -> Any:
    """Return a copy of a value of that kind, with every secret in it replaced by what `change` makes of it.

    A text with a secret in an address is replaced by what `address` makes of it (default: `change`); a task file in
    base64 is such a text too. With `whole_lists` the outermost list that has a secret is replaced instead: so the
    engine marks lists that it gets back.
    """
    address = address or change

    def inner(item: Any, of: Kind) -> Any:
        return map_secrets(item, of, change, address, whole_lists=whole_lists)

    if isinstance(value, str):
        return address(value) if holds_secret(value) else value
    if isinstance(value, list):
        if whole_lists and has_secret(value, kind):
            return change(value)
        return [inner(item, kind.item) for item in value]
    if not isinstance(value, dict):
        return value
    if not kind.is_object or kind.container:
        return {key: inner(item, kind.item) for key, item in value.items()}
    definition = variant(kind.name, value)
    known = members(definition)
    changed = {}
    for name, item in value.items():
        if item is not None and is_secret(definition, name, value):
            changed[name] = change(item)
        elif name == "encodedTaskContent" and isinstance(item, str) and holds_secret(decoded(item) or ""):
            changed[name] = address(item)
        else:
            changed[name] = inner(item, known.get(name, Kind("any")))
    return changed


def masked(value: Any, kind: Kind) -> Any:
    """Return a copy of a value of that kind without its secrets, to be shown or hashed."""
    return map_secrets(value, kind, lambda _: MASK, lambda text: without_secrets(_in_clear(text)))


def secret_values(value: Any, kind: Kind, *, addresses: bool = True) -> Iterator[str]:
    """Yield every secret string within a value of that kind, for redaction; with `addresses` those in addresses too."""
    found: list[Any] = []

    def remember(item: Any) -> Any:
        found.append(item)
        return item

    def remember_parts(text: str) -> Any:
        found.extend(secrets_in(_in_clear(text)) if addresses else [])
        return text

    map_secrets(value, kind, remember, remember_parts)
    return (item for item in found if isinstance(item, str))


def has_secret(value: Any, kind: Kind) -> bool:
    """Return whether a value of that kind has a secret: one by its nature, or in an address."""
    found: list[Any] = []
    map_secrets(value, kind, found.append)
    return bool(found)


def _in_clear(text: str) -> str:
    """Return the text of a task file in base64; any other text as it is."""
    return text if holds_secret(text) else decoded(text) or text


class Mask:
    """A function that masks `secrets` in a line of a log; of a secret with several lines, each line.

    A build may echo what it was given, and the agent masks only what it knows to be secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        lines = {line.strip() for secret in secrets for line in secret.splitlines() if line.strip()}
        # The longest first: a secret may be the beginning of another one.
        ordered = sorted(lines, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_colored, ordered))) if ordered else None

    def __call__(self, line: str) -> str:
        return self._pattern.sub(MASK, line) if self._pattern else line


def _colored(secret: str) -> str:
    """Return the pattern of a secret that may have colours between its characters."""
    return _COLOR.join(map(re.escape, secret))


def holds_secret(text: str) -> bool:
    """Return whether an address in a text carries a secret."""
    return any(True for _ in _spans(text))


def holds_placeholder(text: str) -> bool:
    """Return whether an address in a text has our mask in place of a secret."""
    return MASK in text and any(text[start:end] == MASK for start, end in _candidates(text))


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
    return (span for span in _candidates(text) if not _PLACEHOLDER.fullmatch(text, *span))


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    if "://" in text:
        for match in _USER.finditer(text):
            name, colon, password = match["user"].partition(":")
            start = match.start("user")
            scheme = _SCHEME.search(text, max(0, match.start() - _LONGEST_SCHEME), match.start())
            if scheme and _is_token(scheme[0].lower(), name, password, match["rest"]):
                yield start, start + len(name)
            if scheme and colon and password and password not in _NAMES:
                yield start + len(name) + 1, match.end("user")
    if "=" in text:
        done = 0
        for member in _MEMBER.finditer(text):
            if member.start() < done or not _SECRET_MEMBER.search(member[0]):
                continue
            if value := _VALUE.match(text, member.end() + 1):
                done = value.end()
                yield value.span()


def _is_token(scheme: str, name: str, password: str, rest: str) -> bool:
    """Return whether a user name is a token. In `https://contoso@dev.azure.com/contoso/…` it is an organization."""
    if scheme not in _WEB or not name or name.lower() in _NAMES:
        return False
    if password and password not in _NAMES:
        return len(name) >= _TOKEN
    return name.lower() not in rest.lower().split("/")[1:2]


def redact(error: AcrTasksError, *props: dict[str, Any]) -> None:
    """Mask the secrets of a task's or a run's properties in an error: the service may repeat what it was sent."""
    mask = Mask(secret for each in props for secret in _secrets(each))
    error.args = ("\n".join(map(mask, str(error).splitlines())), *error.args[1:])


def mask_of(inputs: dict[str, Any]) -> Mask:
    """Return the mask for the log and the messages of a run."""
    return Mask(_secrets(inputs))


def _secrets(props: dict[str, Any]) -> Iterator[str]:
    """Yield what is secret in the inputs or outputs of a task or of a run."""
    request = props.get("runRequest")
    if not isinstance(request, dict):
        yield from secret_values(props, Kind("Task"))
        return
    yield from secret_values(request, Kind("RunRequest"))
    encoded = request.get("encodedValuesContent")
    if isinstance(encoded, str):
        yield from _values(encoded)
    yield from secret_values({name: props.get(name) for name in ("context", "triggers")}, Kind("any"))


def _values(encoded: str) -> Iterator[str]:
    """Yield the values in a values file, which is YAML in base64; none for a file that is neither."""
    document, _, _ = load(decoded(encoded) or "")
    yield from leaves(document)


def leaves(value: Any) -> Iterator[str]:
    """Yield the texts and numbers within a secret value, without those that are too short to hide."""
    yield from (leaf for leaf in _leaves(value) if len(leaf) >= _SHORTEST and leaf not in ("true", "false"))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
