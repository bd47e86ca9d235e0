"""acr-task-disallow-plain-secret-argument: by name, by shape, and never by printing a value."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from acr_task_policies.rules.secrets.disallow_plain_secret_argument import disallow_plain_secret_argument

PLAIN = "hunter2-hunter2"


def sentence(path: str, name: str, reason: str) -> str:
    return f"{path} ({name}) {reason}: set is_secret to true, or everyone with read access sees the value."


@pytest.mark.parametrize(
    "name",
    [
        "NPM_TOKEN",
        "password",
        "dbPassword",
        "DB_PASSWD",
        "ADMINPASSWORD",
        "admin_pwd",
        "GITHUB_PAT",
        "storageSas",
        "client_secret",
        "ClientSecret",
        "API_KEY",
        "apiKey",
        "aws-access-key",
        "SIGNING_KEY_PASSPHRASE",
        "AzureWebJobsConnectionString",
        "REGISTRY_CREDENTIALS",
    ],
)
def test_a_secret_name_is_reported(name: str, task: dict, sentences: Any) -> None:
    """An argument that is named like a secret and not marked is reported by path and name."""
    task["step"]["arguments"][1] = {"name": name, "value": PLAIN}
    assert sentences(disallow_plain_secret_argument, task) == [
        sentence("step.arguments[1]", name, "is named like a secret")
    ]


@pytest.mark.parametrize(
    "name",
    ["BASE", "PATH", "SASS_VERSION", "TOKEN_URL", "PASSWORD_FILE", "SECRET_NAME", "TOKENIZER", "COMPAT", "KEYBOARD"],
)
def test_another_name_is_not(name: str, task: dict, sentences: Any) -> None:
    """A name that only resembles a secret's, or that tells about one, passes."""
    task["step"]["arguments"][1] = {"name": name, "value": PLAIN}
    assert sentences(disallow_plain_secret_argument, task) == []


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("ghp_" + "a1B2" * 9, "a GitHub token"),
        ("github_pat_" + "a1B2" * 9, "a GitHub token"),
        ("glpat-" + "a1B2" * 5, "a GitLab token"),
        ("npm_" + "a1B2" * 9, "an npm token"),
        ("xoxb-123456789012-abcdef", "a Slack token"),
        ("AKIA" + "ABCD" * 4, "an AWS access key"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a private key"),
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=bm90aGluZw==", "an Azure connection string"),
        ("https://a.blob.example/c/b?sv=2024-11-04&sig=" + "aB3%2B" * 6, "a shared access signature"),
        ("abcdefghijklmnopqrstuvwxyz234567" + "abcdefghijklmnopqrst", "an Azure DevOps token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "a signed web token"),
        ("https://bob:hunter2@git.example/app.git", "a password in an address"),
    ],
)
def test_a_secret_value_is_reported_whatever_its_name(value: str, shape: str, task: dict, sentences: Any) -> None:
    """A value of a known shape is reported by its kind."""
    task["step"]["arguments"][1] = {"name": "EXTRA", "value": value}
    assert sentences(disallow_plain_secret_argument, task) == [
        sentence("step.arguments[1]", "EXTRA", f"has a value that looks like {shape}")
    ]


@pytest.mark.parametrize(
    "value",
    [
        "sha256:" + "0" * 64,
        "4f2a" * 10,
        "https://github.com/Azure-Samples/acr-build-helloworld-node#main:src",
        "git@github.com:Azure/acr.git",
        "registry.example:5000/base:1.2",
        "2024-11-04T10:00:00Z",
    ],
)
def test_another_value_is_not(value: str, task: dict, sentences: Any) -> None:
    """Digests, commits, addresses and dates are no secrets."""
    task["step"]["arguments"][1] = {"name": "EXTRA", "value": value}
    assert sentences(disallow_plain_secret_argument, task) == []


@pytest.mark.parametrize("value", ["", "true", "False", "4096", "{{.Values.token}}", "{{ .Secrets.token }}"])
def test_a_value_that_can_be_no_secret_passes_under_a_secrets_name(value: str, task: dict, sentences: Any) -> None:
    """Nothing, a switch, a small number and a template are no secrets."""
    task["step"]["arguments"][1] = {"name": "USE_TOKEN", "value": value}
    assert sentences(disallow_plain_secret_argument, task) == []


@pytest.mark.parametrize("is_secret", [False, None])
def test_only_true_marks(is_secret: bool | None, task: dict, sentences: Any) -> None:
    """A mark that is false or null is no mark."""
    task["step"]["arguments"][0]["isSecret"] = is_secret
    assert sentences(disallow_plain_secret_argument, task) == [
        sentence("step.arguments[0]", "NPM_TOKEN", "is named like a secret")
    ]


@pytest.mark.parametrize(
    "step",
    [
        {"type": "FileTask", "taskFilePath": "acb.yaml"},
        {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFtd"},
    ],
)
def test_values_of_other_steps_are_looked_at(step: dict, task: dict, sentences: Any) -> None:
    """Steps of the other types have values instead of arguments."""
    task["step"] = {**step, "values": [{"name": "token", "value": PLAIN}]}
    assert sentences(disallow_plain_secret_argument, task) == [
        sentence("step.values[0]", "token", "is named like a secret")
    ]


def test_arguments_of_a_run_are_looked_at(run: dict, sentences: Any) -> None:
    """A build request has arguments."""
    run["runRequest"]["arguments"][0]["isSecret"] = False
    assert sentences(disallow_plain_secret_argument, run) == [
        sentence("run_request.arguments[0]", "API_KEY", "is named like a secret")
    ]


def test_values_of_a_run_of_a_task_are_looked_at(run: dict, sentences: Any) -> None:
    """A request for a task's run has values."""
    run["runRequest"] = {"type": "TaskRunRequest", "taskName": "t", "values": [{"name": "pwd", "value": PLAIN}]}
    assert sentences(disallow_plain_secret_argument, run) == [
        sentence("run_request.values[0]", "pwd", "is named like a secret")
    ]


def test_no_sentence_holds_a_value(task: dict, sentences: Any) -> None:
    """Neither by name nor by shape does a value reach the screen."""
    token = "ghp_" + "a1B2" * 9
    task["step"]["arguments"] = [{"name": "DB_PASSWORD", "value": PLAIN}, {"name": "EXTRA", "value": token}]
    reported = sentences(disallow_plain_secret_argument, task)
    assert len(reported) == 2
    assert PLAIN not in "".join(reported)
    assert token not in "".join(reported)


def test_an_unknown_value_hides_no_other_argument(task: dict, sentences: Any) -> None:
    """What is known is reported first; then the unknown one stops the rule, as Pulumi has it."""
    task["step"]["arguments"] = [
        {"name": "FROM_ELSEWHERE", "value": UNKNOWN_STRING_VALUE},
        {"name": "DB_PASSWORD", "value": PLAIN},
    ]
    with pytest.raises(UnknownValueError):
        sentences(disallow_plain_secret_argument, task)
    assert sentences.reported == [sentence("step.arguments[1]", "DB_PASSWORD", "is named like a secret")]


def test_an_unknown_value_of_a_marked_argument_does_not_matter(task: dict, sentences: Any) -> None:
    """A marked argument is right, whatever its value will be."""
    task["step"]["arguments"][0]["value"] = UNKNOWN_STRING_VALUE
    assert sentences(disallow_plain_secret_argument, task) == []


def test_an_unknown_list_hides_no_other_list(task: dict, sentences: Any) -> None:
    """Arguments that are unknown as a whole do not keep the values from being looked at."""
    task["step"] = {"arguments": UNKNOWN_ARRAY_VALUE, "values": [{"name": "token", "value": PLAIN}]}
    with pytest.raises(UnknownValueError):
        sentences(disallow_plain_secret_argument, task)
    assert sentences.reported == [sentence("step.values[0]", "token", "is named like a secret")]


def test_the_remedy_marks_the_argument_for_the_service(task: dict, remediated: Any) -> None:
    """Only the mark is added; the value and everything else stay as they came."""
    task["step"]["arguments"][1] = {"name": "DB_PASSWORD", "value": PLAIN}
    (change,) = remediated(disallow_plain_secret_argument, task).remediations
    properties = MessageToDict(change.properties)
    assert properties["step"]["arguments"][1] == {"name": "DB_PASSWORD", "value": PLAIN, "isSecret": True}
    assert properties["step"]["arguments"][0] == task["step"]["arguments"][0]
