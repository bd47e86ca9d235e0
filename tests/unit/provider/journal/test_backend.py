"""The backend of the state, as far as a provider can know it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_acr_tasks.journal.backend import backend_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with its program in a folder of its own."""
    (tmp_path / "project" / "src").mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").write_text("name: shop\nbackend:\n  url: s3://of-the-project\n")
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Pulumi's folder after `pulumi login`."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "credentials.json").write_text(json.dumps({"current": "https://api.example.org"}))
    return tmp_path / "home"


def test_the_environment_comes_first_then_the_project_then_the_login(project: Path, home: Path) -> None:
    """The order is the CLI's own."""
    environ = {"PULUMI_BACKEND_URL": "gs://of-the-environment"}
    assert backend_of(environ, home, project / "src") == "gs://of-the-environment"
    assert backend_of({}, home, project / "src") == "s3://of-the-project"
    assert backend_of({}, home, home) == "https://api.example.org"
    assert backend_of({"PULUMI_CREDENTIALS_PATH": str(home)}, project, home) == "https://api.example.org"


@pytest.mark.parametrize("text", ["", "backend", "backend: {}", "backend: [", "backend:\n  url:\n   - \t"])
def test_a_project_without_a_backend_leaves_it_to_the_login(project: Path, home: Path, text: str) -> None:
    """So does a file that the CLI itself could not read."""
    (project / "Pulumi.yaml").write_text(text)
    assert backend_of({}, home, project) == "https://api.example.org"
    (home / "credentials.json").write_text("[]")
    assert backend_of({}, home, project) == ""


def test_a_relative_address_is_completed(project: Path, home: Path) -> None:
    """Two checkouts with a relative folder differ, and so does one container name in two storage accounts."""
    (project / "Pulumi.yaml").write_text("name: shop\nbackend: {url: file://./.state}\n")
    assert backend_of({}, home, project / "src") == f"file://./.state {project}"
    for absolute in ("file:///state", "file://~/state", "azblob://state"):
        assert backend_of({"PULUMI_BACKEND_URL": absolute}, home, project) == absolute
    environ = {"PULUMI_BACKEND_URL": "azblob://state", "AZURE_STORAGE_ACCOUNT": "one"}
    assert backend_of(environ, home, project) == "azblob://state one"
