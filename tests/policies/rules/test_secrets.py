"""Rules about secrets that others can read."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import encoded

Row = tuple[str, str, dict[str, Any], dict[str, Any], list[str]]

ADDRESS = "acr-task-disallow-secret-in-url"
YAML = "acr-task-disallow-secret-in-task-yaml"
VAULT = "acr-task-require-key-vault-credentials"
IDENTITY = "acr-task-require-managed-identity"

TOKEN = "ghp_" + "a1B2" * 9


def carries(path: str, what: str) -> str:
    return f"{path} carries {what}: take it out, and give it as the context's access token or in credentials."


def context(address: str) -> dict[str, Any]:
    return {"step/contextPath": address}


def repository(address: str) -> dict[str, Any]:
    return {"trigger/sourceTriggers": [{"name": "git", "sourceRepository": {"repositoryUrl": address}}]}


def text(content: str, values: str | None = None) -> dict[str, Any]:
    step: dict[str, Any] = {"type": "EncodedTask", "encodedTaskContent": encoded(content)}
    return {"step": step if values is None else {**step, "encodedValuesContent": encoded(values)}}


def holds(*findings: str, path: str = "step.encoded_task_content") -> list[str]:
    return [f"{path}: {'; '.join(findings)}: give it as a secret value, or from a key vault."]


def custom(**entry: Any) -> dict[str, Any]:
    return {"credentials/customRegistries": {"contoso.azurecr.io": entry}}


HOST = 'credentials.custom_registries["contoso.azurecr.io"]'
OPAQUE = f"{HOST}.password is opaque: give the address of a key vault's secret, of the type Vaultsecret."
PASSWORD = f"{HOST} signs in by a password: give identity instead, and grant it AcrPull."
VAULTED = {"value": "https://vault.example/secrets/p", "type": "VaultSecret"}

ROWS: list[Row] = [
    (
        ADDRESS,
        "task",
        context("https://bob:hunter2@git.example/app.git"),
        {},
        [carries("step.context_path", "a password")],
    ),
    (ADDRESS, "task", context(f"https://{TOKEN}@github.com/app.git"), {}, [carries("step.context_path", "a token")]),
    (
        ADDRESS,
        "task",
        context("https://files.example/a.tgz?sv=1&sig=aB3"),
        {},
        [carries("step.context_path", "a signature")],
    ),
    (ADDRESS, "task", context("https://git.example/a?access_token=x1"), {}, [carries("step.context_path", "a token")]),
    (ADDRESS, "task", context("https://git@git.example/app.git#main:src"), {}, []),
    (ADDRESS, "task", context("git@github.com:contoso/app.git"), {}, []),
    (ADDRESS, "task", context("https://{{.Values.token}}@github.com/app.git"), {}, []),
    (
        ADDRESS,
        "task",
        repository("https://x:hunter2@git.example/app"),
        {},
        [carries("trigger.source_triggers[0].source_repository.repository_url", "a password")],
    ),
    (ADDRESS, "task", {"step/imageNames/0": "u:pw@r.example/app:1"}, {}, []),  # a digest would stand there
    (
        ADDRESS,
        "task",
        {"step/imageNames/0": "https://u:pw@r.example/app"},
        {},
        [carries("step.image_names[0]", "a password")],
    ),
    (
        ADDRESS,
        "run",
        {"context": None, "runRequest/sourceLocation": "https://a.blob.example/b?sig=x%2B"},
        {},
        [carries("run_request.source_location", "a signature")],
    ),
    (YAML, "task", text("steps:\n  - cmd: bash echo hello\n    env: [MODE=fast, TOKEN_URL=x]\n"), {}, []),
    (YAML, "task", text("env: [DB_PASSWORD=hunter2]\nsteps: []"), {}, holds("line 1 (env[0]) is named like a secret")),
    (
        YAML,
        "task",
        text("steps:\n  - cmd: bash echo\n    env:\n      - A=1\n      - API_KEY='s3cr3t'\n"),
        {},
        holds("line 5 (steps[0].env[1]) is named like a secret"),
    ),
    (YAML, "task", text("steps:\n  - cmd: bash\n    env: ['API_KEY={{.Values.key}}', API_TOKEN=$T]\n"), {}, []),
    (
        YAML,
        "task",
        text("# a note\nsteps:\n  - build: -t a:1 --build-arg NPM_TOKEN=abc123 .\n"),
        {},
        holds("line 3 (steps[0].build) is named like a secret"),
    ),
    (
        YAML,
        "task",
        text("steps:\n  - cmd: -e PASSWORD=hunter2 alpine\n  - cmd: az login --password hunter2\n"),
        {},
        holds("line 2 (steps[0].cmd) is named like a secret", "line 3 (steps[1].cmd) has a value for --password"),
    ),
    (
        YAML,
        "task",
        text(f"steps:\n  - cmd: bash curl -H {TOKEN}\n"),
        {},
        holds("line 2 (steps[0].cmd) has a word that looks like a GitHub token"),
    ),
    (
        YAML,
        "task",
        text("version: v1.1.0\nalias:\n  values:\n    password: hunter2\n    base: alpine\nsteps: []\n"),
        {},
        holds("line 4 (alias.values.password) is named like a secret"),
    ),
    (
        YAML,
        "task",
        text("steps: []", "a: 1\nclientSecret: hunter2\n"),
        {},
        holds("line 2 (clientSecret) is named like a secret", path="step.encoded_values_content"),
    ),
    (YAML, "task", text("steps: ["), {}, []),
    (VAULT, "task", custom(userName={"value": "u"}, password={"value": "p"}), {}, [OPAQUE]),
    (VAULT, "task", custom(userName={"value": "u"}, password={"value": "p", "type": "Opaque"}), {}, [OPAQUE]),
    (VAULT, "task", custom(userName={"value": "u"}, password=VAULTED, identity="[system]"), {}, []),
    (VAULT, "task", custom(identity="[system]"), {}, []),
    (IDENTITY, "task", custom(userName={"value": "u"}, password=VAULTED), {}, [PASSWORD]),
    (IDENTITY, "task", custom(userName={"value": "u"}, password={"value": "p"}), {"hosts": ["*.example"]}, []),
    (IDENTITY, "task", custom(identity="[system]"), {}, []),
]


@pytest.mark.parametrize(("rule", "kind", "changes", "config", "expected"), ROWS)
def test_a_spoiled_field_is_reported(
    rule: str, kind: str, changes: dict[str, Any], config: dict[str, Any], expected: list[str], judged: Any
) -> None:
    """Each row spoils one field of the good task or run, and names the sentences that follow."""
    assert judged(rule, kind, changes, config) == expected


def test_the_context_of_a_run_is_looked_at(judged: Any) -> None:
    """An address may be given as the context too."""
    changes = {"context": f"https://{TOKEN}@github.com/contoso/app.git"}
    assert judged(ADDRESS, "run", changes, {}, only_ours=True) == [carries("context", "a token")]
