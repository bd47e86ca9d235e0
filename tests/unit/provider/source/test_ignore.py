"""Docker's ignore rules, and the folders that are left out beyond them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.context import Context
from pulumi_acr_tasks.source.dockerignore import load_rules
from pulumi_acr_tasks.source.entries import entries
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
    # What a re-included folder's members match stays out: a folder hands on only what matched it.
    ("**/*.md\n!docs", "docs/a.md", True),
    ("**/*.md\n!docs", "docs/en/a.md", True),
    ("src/**\n!src", "src/a.py", True),
    ("src\n!src", "src/a.py", False),
    ("docs/*\n!docs", "docs/a", True),
    # `**` before other letters than `/` is an ending.
    ("**.pyc", "a/b.pyc", True),
    ("**.pyc", ".pyc", True),
    ("**.pyc", "a.pyc/b", True),
    ("**.pyc", "a.pyo", False),
    ("**~", "dir/notes~", True),
    ("**~", "~dir/notes", False),
    ("**foo", "a/barfoo", True),
    ("**/foo", "a/barfoo", False),
    ("foo**", "foobar/baz", True),
    ("docs**", "docs", True),
    ("***", "a/b", True),
    # Lines.
    ("a\x0cb", "a\x0cb", True),
    ("a\x0cb", "b", False),
    ("a\x85b", "a\x85b", True),
    ("a\u2028b", "a\u2028b", True),
    ("a\rb", "b", False),
    ("\x0cfoo\u2028", "foo", True),
    ("\x1cfoo", "foo", False),
    ("\xa0foo\u3000", "foo", True),
    ("foo /", "foo", True),
    ("bar\n\ufefffoo", "foo", False),
    ("#foo", "#foo", False),
    ("/#foo", "#foo", True),
    ("*\n/!foo", "foo", False),
    ("*\n!/foo/", "foo", False),
    ("*\n!.", "foo", True),
    ("/..", "foo", False),
    ("a/../../foo", "foo", False),
    # Classes and escapes as Go's expressions have them.
    (r"a[\]b]c", "a]c", True),
    (r"a[\-b]c", "a-c", True),
    ("a[.+]c", "a+c", True),
    ("a[[:digit:]]c", "a7c", True),
    ("a[[:^digit:]]c", "a7c", False),
    (r"a\dc", "a7c", True),
    (r"a\dc", "adc", False),
    (r"a[\w]c", "abc", True),
    (r"a\ c", "a c", True),
    (r"\!foo", "!foo", True),
    ("a[^b]c", "a/c", True),
    ("a?c", "a\nc", True),
    ("[*]", "[]", True),
    ("a|*", "xa", True),  # moby does not escape the bar
    ("*|b", "ab", True),
    ("caf\udce9", "caf\udce9", True),
    ("caf\udce9", "café", False),
    ("caf\udce9*", "caf\udce9.txt", True),
    ("é?", "éa", True),
    # Patterns that a backtracking expression would try for hours.
    ("**/" * 50 + "b", "a/" * 50 + "a", False),
    ("**/a/" * 30 + "b", "a/" * 50 + "b", True),
    ("*a" * 50 + "b", "a" * 200, False),
    ("*a" * 50 + "?", "a" * 200, True),
    ("*a*b**c?*/d", "xaxb/y/c1/d", True),
    ("*/*/*/**", "a/b/c\n", False),
]


@pytest.mark.parametrize(("text", "path", "ignored"), CASES)
def test_a_path_is_ignored_as_docker_does(text: str, path: str, ignored: bool) -> None:
    """The last pattern that matches a path or one of its parents decides."""
    assert Patterns(read_patterns(text)).ignored(path) is ignored


MALFORMED = ["a[b", "a\\", "[]", "[a-]", "[-a]", "a[z-a]b", "a[[:nope:]]b", r"a\y", r"\é", r"\pL*", r"a[\8]", "!", "!/"]


@pytest.mark.parametrize("pattern", MALFORMED)
def test_a_malformed_pattern_is_a_sentence(pattern: str) -> None:
    """It names the pattern."""
    with pytest.raises(SourceError, match="ignore pattern"):
        Patterns([pattern]).ignored("a")


@pytest.mark.parametrize("line", ["! ", "!", " !", "!/", "!//", "!/.."])
def test_an_exception_of_nothing_is_refused(line: str) -> None:
    """Docker refuses it too, before anything is sent."""
    with pytest.raises(SourceError, match="re-includes nothing"):
        Patterns(read_patterns(f"foo\n{line}\nbar"))


@pytest.mark.parametrize("pattern", ["!a[z-a]", "b*c[d"])
def test_a_malformed_pattern_that_is_never_tried_stops_nothing(pattern: str) -> None:
    """As in docker, an exception is tried only on an ignored path, and a class only when it is reached."""
    assert not Patterns([pattern] if pattern.startswith("!") else ["!x", "!y"]).ignored("a")


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("src\\bin", "src/bin", True),
        ("src\\bin\\", "src/bin/a", True),
        (".\\src\\..\\bin", "bin", True),
        ("\\bin", "bin", True),
        ("**\\*.obj", "a/b/c.obj", True),
        ("*\r\n!keep\\this\r\n", "keep/this", False),
        ("*\r\n!keep\\this\r\n", "keep/that", True),
        ("src/bin", "src/bin", True),
        ("[a-c]\\d", "b/d", True),
    ],
)
def test_a_backslash_separates_on_windows(text: str, path: str, ignored: bool) -> None:
    """Docker reads it so there; elsewhere it escapes."""
    assert Patterns(read_patterns(text, windows=True)).ignored(path) is ignored


@pytest.mark.parametrize("content", ["foo\n".encode("utf-16"), "foo\n".encode("utf-16-be"), b"foo\0bar"])
def test_an_ignore_file_in_utf_16_is_refused(content: bytes, tmp_path: Path) -> None:
    """Its patterns would ignore nothing, and secrets would be sent."""
    (tmp_path / ".dockerignore").write_bytes(content)
    with pytest.raises(SourceError, match=r"dockerignore is in UTF-16, or no text.*save it as UTF-8"):
        load_rules(tmp_path)


def test_an_ignore_file_in_latin_1_is_accepted(tmp_path: Path) -> None:
    """As in docker, its bytes match names of the same bytes."""
    for name in (b"caf\xe9", b"na\xefve.txt", b"other"):
        (tmp_path / os.fsdecode(name)).touch()
    (tmp_path / ".dockerignore").write_bytes(b"caf\xe9\r\nna\xef*\n")
    assert names(tmp_path) == [".dockerignore", "other"]


def test_a_line_that_docker_cannot_hold_is_a_sentence() -> None:
    """Docker's reader ends at 64 KiB."""
    with pytest.raises(SourceError, match="Line 2 of the ignore file is longer"):
        read_patterns("foo\n" + "x" * 65536)


def names(context: Path, dockerfile: str | None = "Dockerfile", **options: object) -> list[str]:
    return [entry.name for entry in entries(context, load_rules(context, dockerfile, **options))]


def write(context: Path, *files: str, **texts: str) -> None:
    for name in files:
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_the_dockerfile_and_the_ignore_file_are_always_sent(tmp_path: Path) -> None:
    """The agent's own docker needs both, also when everything is ignored."""
    write(tmp_path, "Dockerfile", "a")
    (tmp_path / ".dockerignore").write_text("*")
    assert names(tmp_path) == [".dockerignore", "Dockerfile"]


def test_the_ignore_file_of_a_dockerfile_wins(tmp_path: Path) -> None:
    """The general one is not sent, so that the agent does not apply it."""
    write(tmp_path, "build/web", "a", "b")
    (tmp_path / ".dockerignore").write_text("a")
    (tmp_path / "build/web.dockerignore").write_text("b")
    assert names(tmp_path, "build/web") == ["a", "build", "build/web", "build/web.dockerignore"]


def test_of_an_ignored_folder_only_the_dockerfile_is_sent(tmp_path: Path) -> None:
    """The other files and the entry of the folder are not."""
    write(tmp_path, "build/Dockerfile", "build/other")
    (tmp_path / ".dockerignore").write_text("build")
    assert names(tmp_path, "build/Dockerfile") == [".dockerignore", "build/Dockerfile"]


def test_git_and_pulumi_folders_are_left_out_at_any_depth(tmp_path: Path) -> None:
    """Docker would send them; nobody wants them in an image."""
    write(tmp_path, ".git/HEAD", ".pulumi/stacks/dev.json", "vendor/x/.git/HEAD", "a")
    assert names(tmp_path) == ["a", "vendor", "vendor/x"]


def test_git_can_be_re_included(tmp_path: Path) -> None:
    """An exception in the ignore file brings it back."""
    write(tmp_path, ".git/HEAD", "a")
    (tmp_path / ".dockerignore").write_text("!.git")
    assert names(tmp_path) == [".dockerignore", ".git", ".git/HEAD", "a"]


def test_named_folders_are_left_out_when_they_are_inside(tmp_path: Path) -> None:
    """A folder inside the context is left out, also with special characters; one outside has no effect."""
    write(tmp_path / "app", "data [1]/runs.db", "a")
    folders = [tmp_path / "app" / "data [1]", tmp_path / "elsewhere"]
    assert names(tmp_path / "app", folders=folders) == ["a"]


def test_ignored_folders_are_not_walked(tmp_path: Path) -> None:
    """A file that cannot be sent does no harm in an ignored folder without exceptions."""
    write(tmp_path, "a")
    (tmp_path / ".dockerignore").write_text("locked\n!locked-out/x")
    (tmp_path / "locked").mkdir()
    os.mkfifo(tmp_path / "locked" / "pipe")  # would be refused if it were met
    assert names(tmp_path) == [".dockerignore", "a"]


@pytest.mark.parametrize("exception", ["", "!**/*.py", "!locked/keep.py"])
def test_an_ignored_folder_that_cannot_be_read_is_left_out(
    exception: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left out with and without an exception; a folder of the context that cannot be read is an error."""
    write(tmp_path, "a", "locked/deep/b", "open/c.py")
    scan = os.scandir

    def refusing(folder: Path) -> Any:  # as root, no folder is locked
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    (tmp_path / ".dockerignore").write_text(f"locked\n{exception}\n")
    assert names(tmp_path) == [".dockerignore", "a", "open", "open/c.py"]
    (tmp_path / ".dockerignore").write_text("")
    with pytest.raises(SourceError, match="locked cannot be read: Permission denied"):
        names(tmp_path)


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("*\n!**/*.py\n", ["src/a.py", "src/lib/b.py"]),
        ("src\n!src/lib/b.py\n", []),
        ("src\n!src/lib/*\n", []),
        ("src\n!src/*/b.py\n", ["src/lib/b.py"]),
        ("src\n!*/lib\n", ["src/lib/b.py"]),
        ("src/*\n!src/*.py\n", []),
        ("", []),
    ],
)
def test_files_that_the_classic_builder_does_not_find_are_known(text: str, missed: list[str], tmp_path: Path) -> None:
    """It enters an ignored folder only for an exception that names a path inside without wildcards."""
    write(tmp_path, "src/a.py", "src/lib/b.py", "Dockerfile")
    (tmp_path / ".dockerignore").write_text(text)
    assert Context(tmp_path, {"dockerFilePath": "Dockerfile"}).missed_by_classic_builder() == missed


@pytest.mark.parametrize("exception", ["!cache/keep/it", "!**/it", "!*/keep/it", "!cache/**/it"])
def test_a_file_comes_back_from_an_ignored_folder(exception: str, tmp_path: Path) -> None:
    """Folders that an exception may reach into are walked."""
    write(tmp_path, "cache/keep/it", "cache/drop")
    (tmp_path / ".dockerignore").write_text(f"cache\n{exception}\n")
    assert names(tmp_path) == [".dockerignore", "cache/keep/it"]
