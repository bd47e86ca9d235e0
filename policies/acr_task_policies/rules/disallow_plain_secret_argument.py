"""An argument that is not marked as secret is shown to everyone who may read the task."""

from __future__ import annotations

import re

from pulumi_policy import EnforcementLevel, Severity

from ..resource import Argument, Resource
from ..rule import Config, rule

SECRET_WORDS = re.compile(
    r"password|passwd|passphrase|secret(?!ar)|token(?!iz)|credential|apikey|accesskey|accountkey|privatekey|signingkey|sharedkey"
    r"|connectionstring"
)
SECRET_SHORT_WORDS = {"pwd", "pat", "sas"}  # only as whole words: PATH and SASS are none
# What only tells about a secret: TOKEN_URL, PASSWORD_FILE, SECRET_NAME.
ABOUT_WORDS = {
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

# No secret, whatever the name says: nothing, a switch, a small number (MAX_TOKENS), a template that the agent fills in.
HARMLESS = re.compile(r"\s*|true|false|yes|no|on|off|\d{1,5}|\{\{[^{}]*\}\}", re.IGNORECASE)


def has_secret_name(name: str) -> bool:
    """Tells whether a name such as `NPM_TOKEN`, `dbPassword` or `GITHUB_PAT` is that of a secret."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    if not words or words[-1] in ABOUT_WORDS:
        return False
    return bool(SECRET_WORDS.search("".join(words)) or SECRET_SHORT_WORDS.intersection(words))


def secret_shape(value: str) -> str | None:
    """Names the kind of secret that a value has the shape of, or None."""
    return next((kind for kind, shape in SECRET_SHAPES.items() if shape.search(value)), None)


@rule(
    "acr-task-disallow-plain-secret-argument",
    "Checks that arguments and values that look like secrets are marked as secret.",
    severity=Severity.HIGH,
    level=EnforcementLevel.ADVISORY,
    over=Resource.arguments,
)
def disallow_plain_secret_argument(argument: Argument, _config: Config) -> str | None:
    """Says which argument to mark, by its name and path; its value is never part of the sentence."""
    if argument.is_secret or HARMLESS.fullmatch(argument.value):
        return None
    if shape := secret_shape(argument.value):
        reason = f"has a value that looks like {shape}"
    elif has_secret_name(argument.name):
        reason = "is named like a secret"
    else:
        return None
    return f"{argument.path} ({argument.name}) {reason}: set is_secret=True, or whoever may read it sees the value."
