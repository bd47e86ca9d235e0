"""The check of images and of the addresses of sources."""

from __future__ import annotations

import pytest
from tests.unit.provider.validate.scene import REGISTRY, SETTINGS, docker, task

from pulumi_acr_tasks.run.check import check as check_run


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Web:1", "upper case is not allowed in a repository's name; write web"),
        ("Web V1", "lower case letters and digits"),
        (".devcontainer:1", "lower case letters and digits"),
        ("web:", "the tag behind the colon is empty"),
        ("$Registry/web:$ID", "aliases are for task files; write {{.Run.ID}}"),
        ("https://myregistry.azurecr.io/web:1", "without a scheme"),
        ("web@sha256:" + "a" * 64, "a digest is known only when the image is built"),
        ("", "empty"),
        ("web:-x", "begins with a letter, a digit or _"),
        ("web:" + "x" * 129, "1 to 128"),
        ("a" * 256, "at most 255"),
        ("/web", "/ between its parts"),
        ("web//app", "/ between its parts"),
    ],
)
def test_an_image_name_that_the_service_refuses_is_an_error_by_element(name: str, reason: str) -> None:
    """The error has the reason."""
    (problem,) = task(docker(imageNames=["web:1", name]))
    assert problem.path == "step.image_names[1]"
    assert reason in problem.message


@pytest.mark.parametrize(
    "name",
    ["web", "web:1", "team/web_app:V1.0", "{{.Run.Registry}}/web:{{.Run.ID}}", "x.azurecr.io/a:1", "a:{{.Values.x}}"],
)
def test_an_image_name_that_the_service_accepts_is_right(name: str) -> None:
    """A template stands for any text."""
    assert task(docker(imageNames=[name])) == []


@pytest.mark.parametrize("context", ["./app", ".", "src", "nul", "C:\\app", "/home/me/app", "{{.Values.ctx}}"])
def test_a_relative_context_of_a_task_needs_one_source_trigger(context: str) -> None:
    """Only a Run takes a local folder."""
    (problem,) = task(docker(contextPath=context))
    assert problem.path == "step.context_path"
    assert "an absolute address" in problem.message
    assert "only a Run takes a local folder" in problem.message
    trigger = {"name": "s", "sourceTriggerEvents": ["commit"]}
    trigger["sourceRepository"] = {
        "sourceControlType": "Github",
        "repositoryUrl": "https://github.com/o/r",
        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "t"},
    }
    assert task(docker(contextPath=context), trigger={"sourceTriggers": [trigger]}) == []


def test_a_token_in_an_address_without_a_scheme_is_not_repeated() -> None:
    """An address with an @ or a question mark may hold one."""
    for context in ("x:hush-token@github.com/o/r", "app.tar.gz?sig=hush-token"):
        (problem,) = task(docker(contextPath=context))
        assert "hush" not in str(problem)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("file:///home/me/app", "is an address of file; the service fetches git, http, https, oci"),
        ("ftp://server/app.tar", "is an address of ftp"),
        ("https://", "is an address without a host"),
        ("https://[x/app.git", "is not an address"),
        ("https://github.com/example/app/archive/refs/tags/v1.tar.gz", "give https://github.com/example/app.git#"),
        ("https://github.com/example/app/tree/main/dir", "give https://github.com/example/app.git#"),
        ("https://codeload.github.com/example/app/tar.gz/main", "give https://github.com/example/app.git#"),
        ("ssh://git@github.com/example/app.git", "is an ssh address, for which the agent has no key"),
        ("git@github.com:example/app.git", "is an ssh address, for which the agent has no key"),
    ],
)
def test_an_address_that_the_service_cannot_fetch_is_an_error_everywhere(address: str, sentence: str) -> None:
    """It is one in a task's step, in a run's context and in its source location."""
    (problem,) = task(docker(contextPath=address))
    assert (problem.path, sentence in problem.message) == ("step.context_path", True)
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    for inputs, path in (
        ({"runRequest": request, "context": address}, "context"),
        ({"runRequest": {**request, "sourceLocation": address}}, "run_request.source_location"),
    ):
        (problem,) = check_run({**REGISTRY, **inputs}, SETTINGS)[1]
        assert (problem.path, sentence in problem.message) == (path, True)


@pytest.mark.parametrize(
    "context", [" https://example.com/a.git", "https://example.com/a.git\n", "https://example.com/a b"]
)
def test_a_blank_in_an_address_is_a_warning(context: str) -> None:
    """It comes from a file or from a copy, and nobody sees it. Whether the service takes it is not documented."""
    (problem,) = task(docker(contextPath=context))
    assert problem.warning
    assert (problem.path, "a blank or a line break" in problem.message) == ("step.context_path", True)
