"""Builds from repositories, for real."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from ..source.repositories import Files, GitDaemon, repository, served
from ..source.test_remote import needs_git
from .observed_agents import LINGER, ObservedAgents, docker, encoded, missing

pytestmark = [pytest.mark.skipif(missing is not None, reason=missing or "buildah works"), needs_git]


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[ObservedAgents]:
    opened = ObservedAgents(tmp_path / "data")
    yield opened
    opened.close()


def test_builds_from_git(agents: ObservedAgents, tmp_path: Path) -> None:
    """A Docker step and a build step use a folder of a repository as their context; the run has the commit."""
    dockerfile = f"FROM busybox\nCOPY word /word\nARG COMMIT\nRUN cat /word; echo built at $COMMIT; {LINGER}\n"
    commit = repository(tmp_path / "git" / "app", {"sub/Dockerfile": dockerfile, "sub/word": "from git\n"})
    handler = type("Handler", (GitDaemon,), {"base": tmp_path / "git"})
    with served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)) as port:
        location = f"git://127.0.0.1:{port}/app#main:sub"
        arguments = [{"name": "COMMIT", "value": "'{{.Run.Commit}} of {{.Run.Branch}}'"}]
        outcome, log = agents.run(docker(arguments=arguments), source_location=location)
        assert outcome.status == "Succeeded", log
        assert f"\nbuilt at {commit} of main\n" in log
        outcome, log = agents.run(encoded(f"steps:\n- build: -t corpus/git {location}\n- cmd: corpus/git cat /word\n"))
        assert outcome.status == "Succeeded", log
        assert log.count("\nfrom git\n") == 2


def test_a_context_without_git_in_its_address(agents: ObservedAgents, tmp_path: Path) -> None:
    """A build step's address without .git is downloaded as an archive; any other content is ignored."""
    (tmp_path / "app").write_text("<html>a page of a repository</html>")
    handler = partial(Files, seen=[], leads="/", folder=tmp_path)
    with served(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        outcome, log = agents.run(encoded(f"steps:\n- build: http://127.0.0.1:{port}/app -t x\n"))
    assert outcome.status == "Failed"
    assert "The source is no archive: it is ignored" in log
    assert "unable to find Dockerfile in the source" in log


def test_aliases_at_an_address(agents: ObservedAgents, tmp_path: Path) -> None:
    """alias.src may be an address, which is fetched like a source; its signature stands in no log."""
    folder = tmp_path / "aliases"
    folder.mkdir()
    (folder / "aliases.yaml").write_text("word: from afar\n")
    task = "version: v1.1.0\nalias:\n  src: ['{url}?sig=s3cret']\nsteps:\n- cmd: busybox echo $word\n"
    handler = partial(Files, seen=[], leads="/", folder=folder)
    with served(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        outcome, log = agents.run(encoded(task.format(url=f"http://127.0.0.1:{port}/aliases.yaml")))
        assert outcome.status == "Succeeded", log
        assert "\nfrom afar\n" in log
        for url, problem in [
            (f"http://127.0.0.1:{port}/nothing.yaml", "answered 404"),
            ("http://127.0.0.1:1/a.yaml", "could not be fetched"),
        ]:
            outcome, log = agents.run(encoded(task.format(url=url)))
            assert outcome.status == "Failed"
            assert problem in (outcome.error_message or "")
            assert "s3cret" not in log
