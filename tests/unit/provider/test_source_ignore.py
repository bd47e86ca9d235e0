"""Docker's ignore rules, and the folders that are left out beyond them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.entries import entries
from pulumi_acr_tasks.source.ignore import load_rules
from pulumi_acr_tasks.source.patterns import Patterns, read_patterns

CASES = [
    # pattern lines, path, ignored
    ("foo", "foo", True),
    ("foo", "foo/bar", True),
    ("foo", "dir/foo", False),
    ("/foo", "foo", True),
    ("foo/", "foo", True),
    ("./foo", "foo", True),
    ("dir/../foo", "foo", True),
    ("../foo", "foo", False),
    ("*", "foo", True),
    ("*", "dir/foo", True),
    ("*.md", "README.md", True),
    ("*.md", "docs/README.md", False),
    ("*/*.md", "docs/README.md", True),
    ("*/*.md", "docs/en/README.md", False),
    ("**/*.md", "README.md", True),
    ("**/*.md", "docs/en/README.md", True),
    ("**", "anything/at/all", True),
    ("docs/**", "docs/en/README.md", True),
    ("docs/**", "docs", False),
    ("docs/**/notes", "docs/notes", True),
    ("docs/**/notes", "docs/a/b/notes", True),
    ("**/cache", "a/cache/file", True),
    ("**/cache/*.o", "a/b/cache/x.o", True),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("a[bx]c", "abc", True),
    ("a[^b]c", "abc", False),
    ("a[^b]c", "axc", True),
    ("a[b-d]e", "ace", True),
    (r"a\*c", "a*c", True),
    (r"a\*c", "abc", False),
    (r"a\?c", "a?c", True),
    ("a.c", "abc", False),
    ("a+b", "a+b", True),
    ("a+b", "aab", False),
    ("(x)", "(x)", True),
    ("FOO", "foo", False),
    (".env", ".env", True),
    ("*", ".env", True),
    ("# foo\nbar", "foo", False),
    (" # foo", "# foo", True),
    ("  foo  ", "foo", True),
    ("foo\r\nbar\r\n", "bar", True),
    ("\ufefffoo", "foo", True),
    (".", "foo", False),
    ("/", "foo", False),
    ("", "foo", False),
    ("foo\n!foo", "foo", False),
    ("!foo\nfoo", "foo", True),
    ("*\n!foo", "foo", False),
    ("*\n!foo", "bar", True),
    ("dir\n!dir/keep", "dir/keep", False),
    ("dir\n!dir/keep", "dir/drop", True),
    ("dir\n!dir/keep\ndir/keep", "dir/keep", True),
    ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
    ("*.md\n!README*.md\nREADME-secret.md", "README-open.md", False),
    ("*\n!src/**", "src/a/b.py", False),
    ("*\n!**/*.py", "deep/down/a.py", False),
    ("! foo\n", "foo", False),
    ("node_modules\n!node_modules/kept/**", "node_modules/kept/index.js", False),
    ("a/b/c", "a/b/c/d", True),
    ("a/*/c", "a/b/c/d", True),
    ("a//b", "a/b", True),
]


@pytest.mark.parametrize(("text", "path", "ignored"), CASES)
def test_a_path_is_ignored_as_docker_does(text: str, path: str, ignored: bool) -> None:
    """The last pattern that matches a path or one of its parents decides."""
    assert Patterns(read_patterns(text)).ignored(path) is ignored


@pytest.mark.parametrize("pattern", ["a[b", "a\\", "[]", "a[z-a]b"])
def test_a_malformed_pattern_is_a_sentence(pattern: str) -> None:
    """It names the pattern."""
    with pytest.raises(SourceError, match="ignore pattern"):
        Patterns([pattern])


def names(context: Path, dockerfile: str | None = "Dockerfile", **options: object) -> list[str]:
    return [entry.name for entry in entries(context, load_rules(context, dockerfile, **options))]  # type: ignore[arg-type]


def write(context: Path, *files: str, **texts: str) -> None:
    for name in files:
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_the_dockerfile_and_the_ignore_file_always_travel_along(tmp_path: Path) -> None:
    """The agent's own docker needs both, also when everything is ignored."""
    write(tmp_path, "Dockerfile", "a")
    (tmp_path / ".dockerignore").write_text("*")
    assert names(tmp_path) == [".dockerignore", "Dockerfile"]


def test_the_ignore_file_of_a_dockerfile_wins(tmp_path: Path) -> None:
    """Then the general one stays behind, so that the agent does not apply it."""
    write(tmp_path, "build/web", "a", "b")
    (tmp_path / ".dockerignore").write_text("a")
    (tmp_path / "build/web.dockerignore").write_text("b")
    assert names(tmp_path, "build/web") == ["a", "build", "build/web", "build/web.dockerignore"]


def test_a_dockerfile_in_an_ignored_folder_travels_along_alone(tmp_path: Path) -> None:
    """Its neighbours and its folder's own entry do not."""
    write(tmp_path, "build/Dockerfile", "build/other")
    (tmp_path / ".dockerignore").write_text("build")
    assert names(tmp_path, "build/Dockerfile") == [".dockerignore", "build/Dockerfile"]


def test_git_and_pulumi_folders_are_left_out_at_any_depth(tmp_path: Path) -> None:
    """Docker would send them; they are never part of an image on purpose."""
    write(tmp_path, ".git/HEAD", ".pulumi/stacks/dev.json", "vendor/x/.git/HEAD", "a")
    assert names(tmp_path) == ["a", "vendor", "vendor/x"]


def test_git_can_be_re_included(tmp_path: Path) -> None:
    """An exception in the ignore file brings it back."""
    write(tmp_path, ".git/HEAD", "a")
    (tmp_path / ".dockerignore").write_text("!.git")
    assert names(tmp_path) == [".dockerignore", ".git", ".git/HEAD", "a"]


def test_named_folders_are_left_out_when_they_are_inside(tmp_path: Path) -> None:
    """A data folder within the context is dropped, with characters that patterns know; one outside says nothing."""
    write(tmp_path / "app", "data [1]/runs.db", "a")
    folders = [tmp_path / "app" / "data [1]", tmp_path / "elsewhere"]
    assert names(tmp_path / "app", folders=folders) == ["a"]


def test_ignored_folders_are_not_walked(tmp_path: Path) -> None:
    """A folder that cannot be read does no harm when it is ignored and nothing may come back from it."""
    write(tmp_path, "a")
    (tmp_path / ".dockerignore").write_text("locked\n!locked-out/x")
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked" / "link").symlink_to("/etc/passwd")  # would be refused if it were met
    assert names(tmp_path) == [".dockerignore", "a"]


@pytest.mark.parametrize("exception", ["!cache/keep/it", "!**/it", "!*/keep/it", "!cache/**/it"])
def test_a_file_comes_back_from_an_ignored_folder(exception: str, tmp_path: Path) -> None:
    """Folders that an exception may reach into are walked."""
    write(tmp_path, "cache/keep/it", "cache/drop")
    (tmp_path / ".dockerignore").write_text(f"cache\n{exception}\n")
    assert names(tmp_path) == [".dockerignore", "cache/keep/it"]
