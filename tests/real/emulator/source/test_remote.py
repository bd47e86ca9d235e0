"""Sources at addresses: what is fetched, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import re
import shutil
import socketserver
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.registry.oci_registry import PROGRAM, OciRegistry
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.source import SourceError, fetch
from acr_tasks_emulator.execution.source.fetch import SourceFetcher
from acr_tasks_emulator.execution.source.location import github_repository, is_git
from acr_tasks_emulator.process.supervisor import Supervisor

from .repositories import Fetch, Files, GitDaemon, commit, repository, run_git, served

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, data: bytes) -> None:
        self.text += data.decode()

    def complete(self, value: str) -> None: ...


class Fetching:
    """A fetcher of sources into folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.supervisor = Supervisor()
        self.oci = OciRegistry(folder, self.supervisor)
        self.log = Lines()
        self.count = 0

    def fetch(self, location: str, **step: Any) -> tuple[Path, dict[str, str]]:
        self.count += 1
        job = Job("cf1", "emulator", "127.0.0.1:5555", {"type": "FileTask", **step})
        run = RunContext(job, RunLog(self.log), Cancellation(), self.folder / f"run{self.count}")
        run.scratch.mkdir(parents=True)
        return run.source, SourceFetcher(self.supervisor, self.oci).fetch(location, run.source, run)

    def close(self) -> None:
        self.oci.close()
        self.supervisor.close()


@pytest.fixture
def fetching(tmp_path: Path) -> Iterator[Fetching]:
    opened = Fetching(tmp_path / "fetching")
    yield opened
    opened.close()


Serve = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Serve]:
    """Serve a folder by http; yield the address and the recorded requests."""
    with contextlib.ExitStack() as stack:

        def serve(folder: Path, leads: str = "/") -> tuple[str, list[str]]:
            seen: list[str] = []
            handler = partial(Files, seen=seen, leads=leads, folder=folder)
            port = stack.enter_context(served(ThreadingHTTPServer(("127.0.0.1", 0), handler)))
            return f"http://127.0.0.1:{port}", seen

        yield serve


@needs_git
def test_git(fetching: Fetching, tmp_path: Path) -> None:
    """Branches, tags, commits and folders of a repository are fetched, submodules with them."""
    served_folder = tmp_path / "git"
    repository(served_folder / "part", {"word": "part\n"})
    first = repository(served_folder / "app", {"Dockerfile": "one\n", "sub/Dockerfile": "below\n"})
    run_git(served_folder / "app", "tag", "v1")
    run_git(served_folder / "app", "checkout", "-q", "-b", "topic")
    (served_folder / "app" / ".gitmodules").write_text('[submodule "part"]\n\tpath = part\n\turl = ../part\n')
    run_git(served_folder / "app", "clone", "-q", str(served_folder / "part"), "part")
    second = commit(served_folder / "app", {"Dockerfile": "two\n"})
    commit(served_folder / "app", {"Dockerfile": "three\n"})
    run_git(served_folder / "app", "checkout", "-q", "main")
    run_git(served_folder / "app", "update-ref", "refs/pull/7/head", "topic")
    handler = type("Handler", (GitDaemon,), {"base": served_folder})
    with served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)) as port:
        url = f"git://127.0.0.1:{port}/app"
        wanted = {
            url: "one",
            f"{url}#main": "one",
            f"{url}#v1": "one",
            f"{url}#topic": "three",
            f"{url}#{second}": "two",
            f"{url}#main:sub": "below",
            f"{url}#:sub": "below",
            f"{url}#pull/7/head": "three",
            f"{url}#refs/heads/topic": "three",
            f"{url}#HEAD": "one",
        }
        for location, word in wanted.items():
            source, found = fetching.fetch(location)
            assert (source / "Dockerfile").read_text() == f"{word}\n", location
            assert found["Repository"] == url
        said = re.findall(r"The agent's published code would refuse #(\S+) at checkout", fetching.log.text)
        assert said == ["v1", "refs/heads/topic", "HEAD"]
        assert fetching.fetch(url)[1]["Commit"] == first
        assert (fetching.fetch(f"{url}#topic")[0] / "part" / "word").read_text() == "part\n"
        for reference, problem in [
            ("nowhere", "no branch, tag or commit nowhere"),
            ("--upload-pack=touch", "is not the name of a branch"),
            ("main:../..", "is outside of the source"),
            ("main:nope", "unable to find the folder nope"),
        ]:
            with pytest.raises(SourceError, match=problem):
                fetching.fetch(f"{url}#{reference}")


@pytest.fixture
def dripping() -> Iterator[tuple[str, threading.Event]]:
    """Serve headers that never end, a byte at a time; yield the address, and an event for the first request."""
    asked, over = threading.Event(), threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            asked.set()
            with contextlib.suppress(OSError):
                while not over.wait(0.1):
                    self.request.sendall(b"x")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip)
    with served(server) as port:
        yield f"127.0.0.1:{port}", asked
        over.set()


@pytest.mark.parametrize("path", ["http://{}/context.tar.gz", pytest.param("http://{}/app.git#main", marks=needs_git)])
def test_a_host_that_never_finishes(fetch: Fetch, dripping: tuple[str, threading.Event], path: str) -> None:
    """A cancellation ends the wait for a host whose answer never ends."""
    address, asked = dripping
    stop, problems = Cancellation(), list[BaseException]()

    def run() -> None:
        try:
            fetch(path.format(address), stop)
        except SourceError as error:
            problems.append(error)

    fetching = threading.Thread(target=run, daemon=True)
    fetching.start()
    assert asked.wait(60)
    stop.cancel("canceled")
    fetching.join(60)
    assert not fetching.is_alive()
    assert len(problems) == 1


@needs_git
@pytest.mark.parametrize("url", ["ext::sh -c touch% x", "file:///etc"])
def test_submodules_that_are_refused(fetching: Fetching, tmp_path: Path, files: Serve, url: str) -> None:
    """A submodule's address is judged like the repository's own."""
    folder = tmp_path / "git" / "app"
    head = repository(folder, {".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = {url}\n'})
    run_git(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},x")
    run_git(folder, "commit", "-q", "-m", "x")
    run_git(folder, "update-server-info")
    address, _ = files(folder)
    with pytest.raises(SourceError, match=r"git submodule failed: .* not allowed"):
        fetching.fetch(f"{address}/.git")


@needs_git
def test_a_private_repository(fetching: Fetching, tmp_path: Path, files: Serve) -> None:
    """The token goes to the repository's host as a password; it stands in no file of the source."""
    repository(tmp_path / "git" / "app", {"a": "a\n"})
    address, seen = files(tmp_path / "git" / "app")
    source, _ = fetching.fetch(f"{address}/.git#main", contextAccessToken="t0ken")
    assert "would refuse" not in fetching.log.text  # though a server of files gives all branches, and no single one
    pair = base64.b64encode(b"x-access-token:t0ken").decode()
    assert all(line.endswith(f"Basic {pair}") for line in seen)
    assert not [path for path in source.rglob("*") if path.is_file() and b"t0ken" in path.read_bytes()]


def packed(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_archives(fetching: Fetching, tmp_path: Path, files: Serve) -> None:
    """An archive is recognized by its first bytes, whatever its name.

    Redirects are followed, and other content is ignored.
    """
    packed(tmp_path / "context.txt", {"Dockerfile": "FROM x\n"})
    (tmp_path / "page.tar.gz").write_text("<html>")
    address, seen = files(tmp_path, leads="/context.txt")
    for path in ("context.txt", "to/it"):
        assert (fetching.fetch(f"{address}/{path}")[0] / "Dockerfile").read_text() == "FROM x\n"
    fetching.fetch(f"{address}/context.txt?a=1", contextAccessToken="?sv=1&sig=2")
    assert seen[-1].startswith("/context.txt?a=1&sv=1&sig=2 ")
    assert list(fetching.fetch(f"{address}/page.tar.gz")[0].iterdir()) == []
    assert "The source is no archive" in fetching.log.text
    with pytest.raises(SourceError, match="answered 404"):
        fetching.fetch(f"{address}/nope")


def test_hostile_redirects_and_archives_are_refused(
    fetching: Fetching, tmp_path: Path, files: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect to a file, an endless redirect, and an endless archive are refused."""
    address, _ = files(tmp_path, leads="file:///etc/passwd")
    with pytest.raises(SourceError, match="UnsupportedProtocol"):
        fetching.fetch(f"{address}/to/x")
    address, seen = files(tmp_path, leads="/to/itself")
    with pytest.raises(SourceError, match="TooManyRedirects"):
        fetching.fetch(f"{address}/to/x")
    assert len(seen) == 6
    monkeypatch.setattr(fetch, "ARCHIVE_LIMIT", 1000)
    (tmp_path / "long").write_bytes(b"\x1f\x8b" + b"0" * 1000)
    with pytest.raises(SourceError, match="longer than 1000 bytes"):
        fetching.fetch(f"{address}/long")


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("file:///etc/passwd", "not by file"),
        ("ext::sh -c id", "not by ext"),
        ("ftp://example.com/x.git", "not by ftp"),
        ("git@github.com:a/b.git", "not by ssh"),
        ("ssh://git@github.com/a/b.git", "not by ssh"),
        ("--upload-pack=id https://x/y.git", "not by|cannot be read"),
        ("https://-oProxyCommand=id/y.git", "cannot be read"),
        ("http://[::1/x.git", "cannot be read"),
        ("oci://UPPER CASE", "invalid reference format"),
    ],
)
def test_addresses_that_are_refused(fetching: Fetching, location: str, problem: str) -> None:
    """Other schemes, and options in place of addresses, are refused before any request."""
    with pytest.raises(SourceError, match=problem):
        fetching.fetch(location)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://github.com/Azure-Samples/acr-build-helloworld-node", False),
        ("https://github.com/Azure-Samples/acr-build-helloworld-node.git", True),
        ("github.com/Azure-Samples/acr-build-helloworld-node.git#main", True),
        ("https://github.com/a/b/archive/main.tar.gz", False),
        ("https://dev.azure.com/a/b/_git/c", True),
        ("https://example.com/a.git#main:sub", True),
        ("git://example.com/a", True),
        ("https://example.com/a.tar.gz?x=.git", False),
    ],
)
def test_addresses_of_git(location: str, expected: bool) -> None:
    """Repositories are told from archives by their address."""
    assert is_git(location) is expected


def test_addresses_of_github() -> None:
    """The service takes any address of a host with github in its name for a repository; the error says so."""
    assert github_repository("https://github.com/a/b#main:sub") == "https://github.com/a/b.git#main:sub"
    assert github_repository("https://github.example.com/a/b/") == "https://github.example.com/a/b.git"
    for path in (
        "github.com/a/b/archive/refs/tags/v1.tar.gz",
        "github.com/a/b/tree/main/dir",
        "codeload.github.com/a/b",
    ):
        with pytest.raises(SourceError, match=r"failed to download context: .* #<branch or commit>"):
            github_repository(f"https://{path}")


@pytest.mark.parametrize("path", ["example/app/archive/v1.tar.gz", "example/app/tree/main/dir"])
def test_a_page_of_github_is_refused(fetching: Fetching, path: str) -> None:
    """A run from such an address fails before any request."""
    with pytest.raises(SourceError, match="takes every address with github in its host for a repository"):
        fetching.fetch(f"https://github.com/{path}")


@pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed")
def test_artifacts(fetching: Fetching) -> None:
    """The files of an OCI artifact are the source; names that lead out of it are refused."""
    url = f"http://{fetching.oci.address()}/v2/team/context"
    with httpx.Client(trust_env=False) as client:

        def blob(data: bytes) -> dict[str, Any]:
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            target = client.post(f"{url}/blobs/uploads/").headers["Location"]
            target = httpx.URL(f"http://{fetching.oci.address()}/").join(target)
            assert client.put(target, params={**target.params, "digest": digest}, content=data).status_code == 201
            return {"mediaType": "application/octet-stream", "digest": digest, "size": len(data)}

        def push(tag: str, title: str) -> None:
            layer = {**blob(b"version: v1.1.0\n"), "annotations": {"org.opencontainers.image.title": title}}
            media_type = "application/vnd.oci.image.manifest.v1+json"
            manifest = {"schemaVersion": 2, "mediaType": media_type, "config": blob(b"{}"), "layers": [layer]}
            headers = {"Content-Type": media_type}
            assert client.put(f"{url}/manifests/{tag}", json=manifest, headers=headers).status_code == 201

        push("good", "sub/acb.yaml")
        push("bad", "../acb.yaml")
    source, _ = fetching.fetch("oci://emulator.azurecr.io/team/context:good")
    assert (source / "sub" / "acb.yaml").read_text() == "version: v1.1.0\n"
    with pytest.raises(SourceError, match="outside of its folder"):
        fetching.fetch("oci://127.0.0.1:5555/team/context:bad")
    with pytest.raises(SourceError, match="answered 404"):
        fetching.fetch("oci://127.0.0.1:5555/team/context:nope")
