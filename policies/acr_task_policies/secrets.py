"""How a secret is recognised: by the name that it has, by the shape of its value, or inside an address."""

from __future__ import annotations

import re

SECRET_WORDS = re.compile(
    r"password|passwd|passphrase|secret(?!ar)|token(?!iz)|credential|apikey|accesskey|accountkey|privatekey|signingkey|sharedkey"
    r"|connectionstring"
)
SECRET_SHORT_WORDS = {"pwd", "pat", "sas"}  # only as whole words: PATH and SASS are ordinary names
# Last words of names that only describe a secret: TOKEN_URL, PASSWORD_FILE, SECRET_NAME.
DESCRIBING_WORDS = {
    "name",
    "url",
    "uri",
    "file",
    "path",
    "id",
    "version",
    "type",
    "length",
    "ttl",
    "expiry",
    "enabled",
    "count",
}

SECRET_SHAPES = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{30,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "an Azure connection string": re.compile(r"\b(AccountKey|SharedAccessKey|SharedAccessSignature)="),
    "a shared access signature": re.compile(r"[?&]sig=[A-Za-z0-9%+/]{20,}"),
    "an Azure DevOps token": re.compile(r"^[a-z2-7]{52}$"),
    "a signed web token": re.compile(r"\beyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"),
    "a password in an address": re.compile(r"\w://[^/\s:@]*:[^/\s@]+@"),
}

# Values that are harmless under any name: nothing, a switch, a small number (MAX_TOKENS), a template, a variable.
HARMLESS = re.compile(r"\s*|true|false|yes|no|on|off|\d{1,5}|\{\{[^{}]*\}\}|\$\{?\w+\}?", re.IGNORECASE)

_USER = re.compile(r"\w+://([^/\s@]+)@")
_QUERY = re.compile(r"[?&](sig|token|access_token|private_token|password|code)=[^&#\s]+", re.IGNORECASE)
_LONG = 16  # characters of a user name that is taken for a token; `git` and `oauth2` are shorter


def has_secret_name(name: str) -> bool:
    """Return whether a name such as `NPM_TOKEN`, `dbPassword` or `GITHUB_PAT` is that of a secret."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    if not words or words[-1] in DESCRIBING_WORDS:
        return False
    return bool(SECRET_WORDS.search("".join(words)) or SECRET_SHORT_WORDS.intersection(words))


def secret_shape(value: str) -> str | None:
    """Name the kind of secret that a value has the shape of; None for any other value."""
    return next((kind for kind, shape in SECRET_SHAPES.items() if shape.search(value)), None)


def reason(name: str, value: str) -> str | None:
    """Return why a named value looks like a secret; None for a harmless one. The reason never holds the value."""
    if HARMLESS.fullmatch(value):
        return None
    if shape := secret_shape(value):
        return f"has a value that looks like {shape}"
    return "is named like a secret" if has_secret_name(name) else None


def in_address(address: str) -> str | None:
    """Name the secret that an address carries: a password, a token or a signature; None without one."""
    user = _USER.search(address)
    if user:
        name, colon, password = user[1].partition(":")
        if colon and password and not HARMLESS.fullmatch(password):
            return "a password"
        if not colon and len(name) >= _LONG and not HARMLESS.fullmatch(name):
            return "a token"
    query = _QUERY.search(address)
    if query and not HARMLESS.fullmatch(query[0].partition("=")[2]):
        return "a signature" if query[1].lower() == "sig" else "a token"
    return secret_shape(address)
