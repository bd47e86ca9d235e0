"""Secrets inside addresses, wherever an address stands."""

from __future__ import annotations

import base64

import pytest

from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.secrets import holds_secret, masked, secret_values, secrets_in, without_secrets

SHOWN = [
    ("https://x:t0ken@host/a.git#main:app", "https://x:[secret]@host/a.git#main:app"),
    ("https://t0ken@host/a.git", "https://[secret]@host/a.git"),
    ("https://ghp_abcdefghijklmnop:x-oauth-basic@github.com/a/b", "https://[secret]:x-oauth-basic@github.com/a/b"),
    ("https://x:p%40ss@host", "https://x:[secret]@host"),
    ("https://x:p'a:b@c@host/", "https://x:[secret]@host/"),
    ("oci://user:t0ken@r.example/a:v1", "oci://user:[secret]@r.example/a:v1"),
    ("ssh://git:t0ken@host/a", "ssh://git:[secret]@host/a"),
    ("https://s.example/c.tgz?sv=1&sig=a%2Bb%3D&se=2", "https://s.example/c.tgz?sv=1&sig=[secret]&se=2"),
    ("source/c.tgz?sig=abc", "source/c.tgz?sig=[secret]"),
    ("https://h/a?access_token=a&X-Amz-Signature=b", "https://h/a?access_token=[secret]&X-Amz-Signature=[secret]"),
    ("https://h/a#private_token=abc", "https://h/a#private_token=[secret]"),
    ('\'https://a:b@c\' and "https://d:e@f","x@y"', '\'https://a:[secret]@c\' and "https://d:[secret]@f","x@y"'),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_the_secrets_of_addresses_are_masked(text: str, shown: str) -> None:
    """The rest of the address says which one it is."""
    assert without_secrets(text) == shown
    assert holds_secret(text)
    assert without_secrets(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/a/b.git#main:folder",
        "git@github.com:a/b.git",
        "ssh://git@host/a.git",
        "https://git@github.com/a/b.git",
        "https://contoso@dev.azure.com/contoso/project/_git/repository",
        "r.example/a@sha256:0123",
        "https://h/a?sv=1&se=2&tab=code",
        "mail a@b.example",
        "https://x:{{.Secrets.token}}@host/a?sig=$SIG",
        "",
    ],
)
def test_an_address_without_a_secret_is_shown(text: str) -> None:
    """A name that stands for a way to sign in, or for an organisation, is no token; nor is a template."""
    assert without_secrets(text) == text
    assert not holds_secret(text)


@pytest.mark.parametrize("filler", ["A", "QUFB0", "a.b-", "token", "https://", "?a"])
def test_an_address_beside_a_file_in_base64_is_found_in_linear_time(filler: str) -> None:
    """A task file may hold such a file, and preview looks for secrets in each text. In quadratic time it hangs."""
    text = f"{filler * 12_000} https://x:t0ken@host/?{filler * 12_000}"
    assert "t0ken" not in without_secrets(text)


def test_a_secret_is_known_in_both_forms() -> None:
    """A log may show it as it is meant."""
    assert secrets_in("https://x:p%40ss@host/?sig=a%2Bb") == ["p%40ss", "p@ss", "a%2Bb", "a+b"]


def test_addresses_are_found_in_values_of_any_kind() -> None:
    """They are found in members, maps, lists, free values and task files in base64; hashes see them masked."""
    address, shown = "https://x:t0ken@host/a", "https://x:[secret]@host/a"
    file = base64.b64encode(f"steps:\n  - build: {address}".encode()).decode()
    task = {
        "tags": {"source": address},
        "step": {"type": "EncodedTask", "contextPath": address, "encodedTaskContent": file},
        "trigger": {"sourceTriggers": [{"sourceRepository": {"repositoryUrl": address}}]},
        "unknown": [{"deep": address}],
    }
    assert masked(task, Kind("Task")) == {
        "tags": {"source": shown},
        "step": {"type": "EncodedTask", "contextPath": shown, "encodedTaskContent": f"steps:\n  - build: {shown}"},
        "trigger": {"sourceTriggers": [{"sourceRepository": {"repositoryUrl": shown}}]},
        "unknown": [{"deep": shown}],
    }
    assert set(secret_values(task, Kind("Task"))) == {"t0ken"}
    assert list(secret_values(task, Kind("Task"), addresses=False)) == []
