"""Hostile repositories and git servers."""

from __future__ import annotations

import contextlib
import shutil
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.paths import file_in

from .repositories import Fetch, Quiet, commit, run_git, served, small_repository, submodule

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.mark.parametrize(
    "reference",
    [
        *(
            "--upload-pack=touch",
            "-main",
            "main --exec",
            "a..b",
            "main;id",
            "$(id)",
            "main\nid",
            "@{u}",
            "^main",
            "+main",
        ),
        *("main:../..", "main:../../etc", ":..", "main:link", "main:README", "HEAD:a:b"),
    ],
)
def test_references_and_folders(origin: tuple[Path, str], fetch: Fetch, reference: str) -> None:
    """Options in place of branches are refused. So are folders outside of the repository or behind a link out of it."""
    folder, url = origin
    app = small_repository(folder / "app")
    (app / "link").symlink_to("/etc")
    commit(app, {"a": "a"})
    with pytest.raises(SourceError):
        fetch(f"{url}/app/.git#{reference}")


def test_folders_of_the_repository(origin: tuple[Path, str], fetch: Fetch) -> None:
    """A folder of the repository is found, also behind a link within the repository."""
    folder, url = origin
    app = small_repository(folder / "app")
    (app / "sub").mkdir()
    (app / "sub" / "file").write_text("below")
    (app / "link").symlink_to("sub")
    commit(app)
    for name in ("sub", "./sub/", "link"):
        assert (fetch(f"{url}/app/.git#main:{name}") / "file").read_text() == "below"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "../auth.json"])
def test_links_out_of_the_source(origin: tuple[Path, str], fetch: Fetch, target: str) -> None:
    """A link of a repository stays, whatever its target; nothing is read through it."""
    folder, url = origin
    app = small_repository(folder / "app")
    (app / "sub").mkdir()
    (app / "sub" / "leak").symlink_to(target)
    commit(app)
    source = fetch(f"{url}/app/.git#main:sub")
    assert str((source / "leak").readlink()) == target
    with pytest.raises(SourceError, match="outside of the source"):
        file_in(source, "leak")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc",
            "/etc",
            "ext::touch x",
            "ssh://host/x",
            "git@host:x",
            "fd::0",
            "-oProxyCommand=id",
            "--upload-pack=id",
        ),
        *("ftp://127.0.0.1/x", "../../../x"),
    ],
)
def test_submodules(origin: tuple[Path, str], fetch: Fetch, url: str) -> None:
    """A submodule is fetched by https, http and git alone."""
    folder, base = origin
    app = small_repository(folder / "app")
    submodule(app, "part", url, run_git(app, "rev-parse", "HEAD"))
    with pytest.raises(SourceError):
        fetch(f"{base}/app/.git")


def test_names_of_submodules(origin: tuple[Path, str], fetch: Fetch, tmp_path: Path) -> None:
    """A name with a blank is accepted; one that leads out of the checkout is refused, and nothing is written there."""
    folder, base = origin
    part = small_repository(folder / "part", word="part")
    app = small_repository(folder / "app")
    submodule(app, "libs/part", f"{base}/part/.git", run_git(part, "rev-parse", "HEAD"), "a b")
    assert (fetch(f"{base}/app/.git") / "libs" / "part" / "word").read_text() == "part"
    submodule(app, "evil", f"{base}/part/.git", run_git(part, "rev-parse", "HEAD"), "../../../hooks")
    with pytest.raises(SourceError, match="git submodule failed"):
        fetch(f"{base}/app/.git")
    assert not list(tmp_path.rglob("hooks/HEAD"))


def test_alternates_and_redirects_are_not_followed(origin: tuple[Path, str], fetch: Fetch, tmp_path: Path) -> None:
    """Objects are not fetched from the server's alternates, and a later redirect is refused."""
    folder, base = origin
    app = small_repository(folder / "app")
    asked: list[str] = []

    class Elsewhere(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            asked.append(self.path)
            self.send_error(404)

    class Redirecting(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            self.send_response(302)
            self.send_header("Location", f"{elsewhere}/page" if "page" in self.path else f"{elsewhere}{self.path}")
            self.end_headers()

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)) as port:
        elsewhere = f"http://127.0.0.1:{port}"
        shutil.rmtree(app / ".git" / "objects" / run_git(app, "rev-parse", "HEAD")[:2])
        (app / ".git" / "objects" / "info" / "http-alternates").write_text(f"{elsewhere}/objects\n")
        with pytest.raises(SourceError, match="git fetch failed"):
            fetch(f"{base}/app/.git")
        assert asked == []
        with (
            served(ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)) as second,
            pytest.raises(SourceError, match="leads to a page that is not a repository"),
        ):
            fetch(f"http://127.0.0.1:{second}/page.git")
    assert asked == ["/page"]


def test_a_repository_that_has_moved(tmp_path: Path, fetch: Fetch) -> None:
    """Git follows the redirect of the first request; the token stays with the first host."""
    small_repository(tmp_path / "origin" / "app")
    before: list[str | None] = []
    after: list[str | None] = []

    class New(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            after.append(self.headers.get("Authorization"))
            super().do_GET()

    class Old(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            before.append(self.headers.get("Authorization"))
            self.send_response(301)
            self.send_header("Location", f"{new}/app/.git{self.path.removeprefix('/old.git')}")
            self.end_headers()

    with (
        served(ThreadingHTTPServer(("127.0.0.1", 0), partial(New, directory=str(tmp_path / "origin")))) as new_port,
        served(ThreadingHTTPServer(("127.0.0.1", 0), Old)) as old_port,
    ):
        new = f"http://127.0.0.1:{new_port}"
        fetch(f"http://x:t0ken@127.0.0.1:{old_port}/old.git")
    assert len(before) == 1
    assert before[0] is not None
    assert after
    assert not any(after)


def test_a_token_stands_in_no_command_line_and_file(fetch: Fetch) -> None:
    """While git asks for it, the token stands in no command line and in no file of the run."""
    token = "t0ken-0123456789"
    seen: list[str] = []

    class Looking(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.append(process.read_text(errors="replace"))
            self.send_error(404)

    for location, step in (
        ("http://x:t0ken-0123456789@127.0.0.1", {}),
        ("http://127.0.0.1", {"contextAccessToken": token}),
    ):
        with served(ThreadingHTTPServer(("127.0.0.1", 0), Looking)) as port, pytest.raises(SourceError) as caught:
            fetch(f"{location}:{port}/app.git", **step)
        assert token not in str(caught.value)
    assert any("fetch" in line for line in seen)
    assert not any(token in line for line in seen)


def test_the_user_s_git_settings_are_ignored(
    fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: tuple[Path, str]
) -> None:
    """The user's own settings, hooks, templates and helpers have no effect."""
    folder, base = origin
    app = small_repository(folder / "app", word="x")
    marker = tmp_path / "was-here"
    home = tmp_path / "home"
    (home / "templates" / "hooks").mkdir(parents=True)
    hook = home / "templates" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[init]\n\ttemplateDir = {home}/templates\n[core]\n\thooksPath = {home}/templates/hooks\n"
        f'[url "http://127.0.0.1:1/"]\n\tinsteadOf = {base}/\n[credential]\n\thelper = "!touch {marker}"\n'
    )
    for name, value in {
        "HOME": str(home),
        "GIT_TEMPLATE_DIR": f"{home}/templates",
        "GIT_CONFIG_PARAMETERS": f"'core.hooksPath={home}/templates/hooks'",
        "GIT_ASKPASS": f"touch {marker}",
        "GIT_SSH_COMMAND": f"touch {marker}",
        "GIT_EXEC_PATH": str(home),
        "GIT_DIR": str(app),
        "GIT_PROXY_COMMAND": f"touch {marker}",
        "ACR_TASKS_EMULATOR_TOKEN": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    assert (fetch(f"{base}/app/.git") / "word").read_text() == "x"
    assert not marker.exists()
