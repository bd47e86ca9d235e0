"""The fingerprint and the archive of a context."""

from __future__ import annotations

import inspect
import io
import os
import resource
import socket
import sys
import tarfile
from pathlib import Path

import pytest

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source import digest
from pulumi_acr_tasks.source.archive import pack, packed
from pulumi_acr_tasks.source.digest import ContextHash, Fingerprint, hash_context
from pulumi_acr_tasks.source.dockerignore import IgnoreRules
from pulumi_acr_tasks.source.entries import Entry, entries, is_executable, link_target


def members(context: Path) -> list[Entry]:
    return list(entries(context, IgnoreRules()))


def context(folder: Path, order: int = 1) -> Path:
    """Make a small context; `order` is the order in which its files are made."""
    files = {"Dockerfile": "FROM scratch\n", "src/b": "bee", "src/a": "ay", "run.sh": "#!/bin/sh\n", "é": "accent"}
    for name in list(files)[::order]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name])
    (folder / "run.sh").chmod(0o744)
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("src/a")
    return folder


def test_the_hash_is_known(tmp_path: Path) -> None:
    """The hash never changes between releases: another hash would run every build again."""
    expected = "sha256:e4481ee90fe3755dfd0a7b7e57376a608120971d2f7a5f91aea860f30e0f6e26"
    assert hash_context(members(context(tmp_path))).hash == expected


def test_neither_times_nor_owners_nor_places_change_hash_and_archive(tmp_path: Path) -> None:
    """Two copies of a context, made in another order at another time with other modes, are the same."""
    one, two = context(tmp_path / "one"), context(tmp_path / "elsewhere", order=-1)
    os.utime(two / "Dockerfile", (1, 1))
    (two / "Dockerfile").chmod(0o600)
    assert hash_context(members(one)) == hash_context(members(two))
    archives = [io.BytesIO(), io.BytesIO()]
    for folder, archive in zip((one, two), archives, strict=True):
        pack(members(folder), archive)
    assert archives[0].getvalue() == archives[1].getvalue()


CHANGES = {
    "content": lambda folder: (folder / "src/a").write_text("AY"),
    "executable bit": lambda folder: (folder / "run.sh").chmod(0o644),
    "link target": lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("src/b")),
    "name": lambda folder: (folder / "src/a").rename(folder / "src/c"),
    "new file": lambda folder: (folder / "new").touch(),
    "new folder": lambda folder: (folder / "new").mkdir(),
    "link in place of a file": lambda folder: ((folder / "src/b").unlink(), (folder / "src/b").symlink_to("a")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_image_could_see_changes_the_hash(change: str, tmp_path: Path) -> None:
    """Content, names, kinds, targets and executable bits count."""
    folder = context(tmp_path)
    before = hash_context(members(folder))
    CHANGES[change](folder)
    now = hash_context(members(folder))
    assert now.hash != before.hash
    assert now.reconciled(before.hash, before.contents) == now.hash


def test_the_archive_is_normal(tmp_path: Path) -> None:
    """Names are sorted folder by folder, owners are 0, modes 755, 644 and 777, links are links."""
    archive = io.BytesIO()
    pack(members(context(tmp_path)), archive)
    archive.seek(0)
    with tarfile.open(fileobj=archive, mode="r:gz") as read:
        found = read.getmembers()
        assert [(item.name, oct(item.mode), item.type) for item in found] == [
            ("Dockerfile", "0o644", tarfile.REGTYPE),
            ("empty", "0o755", tarfile.DIRTYPE),
            ("link", "0o777", tarfile.SYMTYPE),
            ("run.sh", "0o755", tarfile.REGTYPE),
            ("src", "0o755", tarfile.DIRTYPE),
            ("src/a", "0o644", tarfile.REGTYPE),
            ("src/b", "0o644", tarfile.REGTYPE),
            ("é", "0o644", tarfile.REGTYPE),
        ]
        assert {(item.uid, item.gid, item.uname, item.gname) for item in found} == {(0, 0, "", "")}
        assert len({item.mtime for item in found}) == 1
        content = read.extractfile("src/a")
        assert content is not None
        assert content.read() == b"ay"


def test_packing_gives_the_hash_of_what_was_packed(tmp_path: Path) -> None:
    """It is that of the context, and the file is gone at the end."""
    folder = context(tmp_path)
    with packed(members(folder)) as (path, packed_hash):
        assert packed_hash == hash_context(members(folder))
        assert path.stat().st_size > 0
    assert not path.exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "src/../../outside", "../not-there", "self/self"])
def test_a_link_is_sent_as_a_link_wherever_it_points(target: str, tmp_path: Path) -> None:
    """As with docker, it may point out of the context, to nothing, or in a loop; its target is never read."""
    (tmp_path / "link").symlink_to(target)
    found = members(tmp_path)
    assert [(entry.kind, entry.target) for entry in found] == [("link", target)]
    archive = io.BytesIO()
    assert pack(found, archive) == hash_context(found)
    archive.seek(0)
    with tarfile.open(fileobj=archive, mode="r:gz") as read:
        (member,) = read.getmembers()
        assert (member.issym(), member.linkname, member.size) == (True, target, 0)


def test_a_link_in_a_loop_is_not_followed(tmp_path: Path) -> None:
    """A link to the context itself is one entry."""
    (tmp_path / "self").symlink_to(".")
    assert [(entry.name, entry.kind) for entry in members(tmp_path)] == [("self", "link")]


def test_sockets_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker leaves them out too."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert members(tmp_path) == []


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """It cannot be sent, and a read would block; the sentence says how to leave it out."""
    os.mkfifo(tmp_path / "queue")
    with pytest.raises(SourceError, match=r"queue in the context is a pipe, which cannot be sent: name it in .docker"):
        members(tmp_path)


@pytest.mark.parametrize(
    ("mode", "windows", "executable"),
    [
        (0o100644, False, False),
        (0o100755, False, True),
        (0o100700, False, True),
        (0o100655, False, False),  # the owner's bit counts alone
        (0o100666, False, False),
        (0o100644, True, True),
        (0o100444, True, True),
    ],
)
def test_a_file_is_executable_by_its_owners_bit_and_always_from_windows(
    mode: int, windows: bool, executable: bool
) -> None:
    """Windows has no such bit, so docker sends every file as executable from there."""
    assert is_executable(mode, windows=windows) is executable


@pytest.mark.parametrize(
    ("target", "windows", "sent"),
    [
        ("a/b", True, "a/b"),
        ("..\\a\\b", True, "../a/b"),
        ("\\\\?\\C:\\a", True, "C:/a"),
        ("..\\a", False, "..\\a"),
    ],
)
def test_a_link_of_windows_points_with_slashes(target: str, windows: bool, sent: str) -> None:
    """The agent is usually a Linux machine, where a backslash is an ordinary character."""
    assert link_target(target, windows=windows) == sent


def taken(*executables: str) -> Fingerprint:
    """Return the fingerprint of a context with two files, of which those are executable."""
    total = ContextHash()
    for name in ("app.py", "run.sh"):
        total.add(Entry(name, Path(name), "file", executable=name in executables), "0" * 64)
    return total.value()


LINUX, WINDOWS, PLAIN = taken("run.sh"), taken("app.py", "run.sh"), taken()


@pytest.mark.parametrize(
    ("state", "has_contents", "here", "same"),
    [
        (LINUX, True, LINUX, True),
        (LINUX, True, WINDOWS, True),
        (WINDOWS, True, LINUX, True),
        (WINDOWS, False, LINUX, True),  # a state of an older release has no contents
        (PLAIN, False, WINDOWS, True),
        (LINUX, False, WINDOWS, False),  # its executable bits are not known here: run once more
        (PLAIN, True, LINUX, False),  # chmod +x
        (LINUX, True, PLAIN, False),  # chmod -x
    ],
)
def test_two_machines_of_one_team_agree(state: Fingerprint, has_contents: bool, here: Fingerprint, same: bool) -> None:
    """The hash in state stays if the contexts differ only by bits that one of the two machines does not have."""
    settled = here.reconciled(state.hash, state.contents if has_contents else None)
    assert settled == (state.hash if same else here.hash)


@pytest.mark.parametrize("here", [LINUX, WINDOWS, PLAIN])
def test_another_content_is_another_context_on_every_machine(here: Fingerprint) -> None:
    """It is one also without executable bits."""
    total = ContextHash()
    total.add(Entry("app.py", Path("app.py"), "file", executable=True), "1" * 64)
    assert here.reconciled(total.value().hash, total.value().contents) == here.hash


def test_a_file_that_vanished_is_a_sentence(tmp_path: Path) -> None:
    """It names the file."""
    (tmp_path / "a").write_text("x")
    found = members(tmp_path)
    (tmp_path / "a").unlink()
    with pytest.raises(SourceError, match=r"a in the context cannot be read"):
        hash_context(found)


@pytest.mark.parametrize("now", ["longer than before", ""])
def test_a_file_that_changes_its_size_while_it_is_packed_is_a_sentence(now: str, tmp_path: Path) -> None:
    """The archive would be broken."""
    (tmp_path / "a").write_text("before")
    found = members(tmp_path)
    (tmp_path / "a").write_text(now)
    with pytest.raises(SourceError, match="while it was packed"):
        pack(found, io.BytesIO())


def test_unchanged_files_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the same size, time and inode is not read again; one that has just changed is."""
    monkeypatch.setattr(digest, "_cache", {})
    # One ahead of the clock, so that no stall makes it an old one.
    times = {"fresh": 4_000_000_000, "old": 1_000_000_000}
    files = [Entry(name, tmp_path / name, "file", changed_ns=time * 10**9) for name, time in times.items()]
    read: list[str] = []
    monkeypatch.setattr(digest, "hash_file", lambda path: read.append(path.name) or "0")
    hash_context(files)
    hash_context(files)
    assert read == ["fresh", "old", "fresh"]


def test_a_file_with_its_time_set_back_has_changed(tmp_path: Path) -> None:
    """Tools for reproducible builds give every file the same time."""
    found = []
    for content in ("a", "b"):
        (tmp_path / "file").write_text(content)
        os.utime(tmp_path / "file", (1_000_000_000, 1_000_000_000))
        found.append(hash_context(members(tmp_path)))
    assert found[0] != found[1]


def test_folders_may_be_nested_deeper_than_calls_of_python(tmp_path: Path) -> None:
    """Docker packs them too."""
    folder = tmp_path
    for _ in range(200):
        folder = folder / "a"
        folder.mkdir()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        found = members(tmp_path)
    finally:
        sys.setrecursionlimit(limit)
    assert len(found) == 200


def test_a_disk_without_room_is_a_sentence(tmp_path: Path) -> None:
    """The file of the context is not at fault."""
    (tmp_path / "a").write_bytes(os.urandom(100_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with (
            pytest.raises(SourceError, match=r"cannot be packed into a temporary file: .*TMPDIR"),
            packed(members(tmp_path)),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
