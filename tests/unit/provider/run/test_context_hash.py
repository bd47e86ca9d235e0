"""`context_hash` is the hash by which a Run is scheduled again."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks import context_hash
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.run.check import check
from pulumi_acr_tasks.settings.settings import Settings


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program's folder with the context `app`, and files in it that no run sends."""
    app = tmp_path / "app"
    for name in (
        "Dockerfile",
        "main.py",
        "acb.yaml",
        "values.yaml",
        "home/plugins",
        "data/blobs",
        ".git/HEAD",
        "a.log",
    ):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text("steps:\n  - cmd: busybox true\n" if name == "acb.yaml" else "FROM scratch\n")
    (app / ".dockerignore").write_text("*.log\n*.yaml\nDockerfile\n")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "web").write_text("FROM busybox\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_HOME", str(app / "home"))
    monkeypatch.setattr("pulumi.Config.get", lambda self, key: {"embeddedData": str(app / "data")}.get(key))
    return tmp_path


def _checked(**request: Any) -> str:
    """Return the hash that `check` writes into the inputs of a run."""
    settings = Settings.load({"endpoint": "embedded", "embeddedData": str(Path.cwd() / "app/data")}.get, {})
    inputs, problems = check({"context": "app", "runRequest": request}, settings)
    assert [problem for problem in problems if not problem.warning] == []
    return str(inputs["contextHash"])


def test_it_is_the_hash_of_the_run() -> None:
    """It is the same for each kind of request, with the files that are always sent."""
    assert f"sha256:{context_hash('app')}" == _checked(type="DockerBuildRequest")
    assert f"sha256:{context_hash('app', docker_file_path='../docker/web')}" == _checked(
        type="DockerBuildRequest", dockerFilePath="../docker/web"
    )
    assert f"sha256:{context_hash('app', task_file_path='acb.yaml', values_file_path='values.yaml')}" == _checked(
        type="FileTaskRunRequest", taskFilePath="acb.yaml", valuesFilePath="values.yaml"
    )
    assert f"sha256:{context_hash(Path('app'), docker_file_path=None)}" == _checked(
        type="EncodedTaskRunRequest", encodedTaskContent="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="
    )


def test_it_changes_only_with_the_files_that_are_sent(program: Path) -> None:
    """Ignored files, Pulumi's home, the emulator's data and the repository do not count."""
    before = context_hash("app")
    for name in ("a.log", "home/plugins", "data/blobs", ".git/HEAD"):
        (program / "app" / name).write_text("changed\n")
    assert context_hash("app") == before
    (program / "app" / "main.py").write_text("changed\n")
    assert context_hash("app") != before


def test_an_archive_has_the_hash_of_its_folder(program: Path) -> None:
    """It has it for a run too."""
    (program / "one").mkdir()
    (program / "one" / "Dockerfile").write_text("FROM scratch\n")
    with tarfile.open("one.tar.gz", "w:gz") as archive:
        archive.add("one/Dockerfile", "Dockerfile")
    assert context_hash("one.tar.gz") == context_hash("one")


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ("gone", "context: the folder gone does not exist (relative to "),
        ("docker/web", "context: docker/web is neither a folder nor an archive (.tar, .tar.gz, .tgz)"),
        ("docker", "docker_file_path: there is no file 'Dockerfile' in the context docker; it is relative"),
        (object(), "context is object; context_hash reads a folder at once: give its path"),
        ("https://example.com/a.git", "context: is an address, which the service fetches"),
    ],
)
def test_a_wrong_context_is_a_sentence_with_the_programs_line(context: Any, sentence: str) -> None:
    """The sentence is that of `check`."""
    with pytest.raises(ValidationError) as caught:
        context_hash(context)
    assert str(caught.value).startswith("test_context_hash.py, line ")
    assert sentence in str(caught.value)


def test_a_file_that_cannot_be_sent_is_a_sentence(program: Path) -> None:
    """The sentence is the packer's own."""
    os.mkfifo(program / "app" / "queue")
    with pytest.raises(ValidationError, match="queue in the context is a pipe"):
        context_hash("app")
