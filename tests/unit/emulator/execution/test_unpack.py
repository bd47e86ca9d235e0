"""Archives: accepted and refused entries."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.paths import check_ignore_files, file_in, folder_in
from acr_tasks_emulator.execution.source.unpack import unpack

FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def archive(path: Path, *entries: tuple[str, bytes, str]) -> Path:
    """Return a tar.gz of (name, type, content or link target)."""
    with tarfile.open(path / "source.tar.gz", "w:gz") as tar:
        for name, kind, text in entries:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.mode = 0o755
            data = text.encode() if kind == FILE else b""
            member.size = len(data)
            member.linkname = text if kind in (LINK, HARD) else ""
            tar.addfile(member, io.BytesIO(data))
    return path / "source.tar.gz"


def test_unpack(tmp_path: Path) -> None:
    """Files, folders and links within the archive are unpacked, with their modes; the last entry of a name counts."""
    source = archive(
        tmp_path,
        ("./Dockerfile", FILE, "FROM old"),
        ("app", FOLDER, ""),
        ("app/run.sh", FILE, "#!/bin/sh"),
        ("app/link", LINK, "../Dockerfile"),
        ("hard", HARD, "app/run.sh"),
        ("Dockerfile", FILE, "FROM scratch"),
    )
    target = tmp_path / "out"
    unpack(source, target, Cancellation())
    assert (target / "Dockerfile").read_text() == "FROM scratch"
    assert os.access(target / "app" / "run.sh", os.X_OK)
    assert (target / "app" / "link").read_text() == "FROM scratch"
    assert (target / "hard").read_text() == "#!/bin/sh"


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([("../evil", FILE, "x")], "outside of its folder: '../evil'"),
        ([("a/../../evil", FILE, "x")], "outside of its folder"),
        ([("/etc/evil", FILE, "x")], "outside of its folder"),
        ([("a", FOLDER, ""), ("link", LINK, "a"), ("link/x", FILE, "x")], "through a link"),
        ([("link", LINK, "../out-there"), ("link/x", FILE, "x")], "through a link"),
        ([("link", LINK, "/etc"), ("link/acr", FOLDER, "")], "through a link"),
        ([("link", LINK, "/etc"), ("link/acr/x", LINK, "y")], "through a link"),
        ([("link", LINK, "/etc/passwd"), ("hard", HARD, "link")], "which is not in it"),
        ([("link", LINK, "/etc"), ("hard", HARD, "link/passwd")], "which is not in it"),
        ([("a", LINK, "b"), ("b", LINK, "a"), ("a/x", FILE, "x")], "through a link"),
        ([("hard", HARD, "../x")], "outside of its folder"),
        ([("hard", HARD, "missing")], "which is not in it"),
        ([("null", tarfile.CHRTYPE, "")], "no file, folder or link"),
        ([("pipe", tarfile.FIFOTYPE, "")], "no file, folder or link"),
    ],
)
def test_entries_outside_of_the_folder_are_refused(
    tmp_path: Path, entries: list[tuple[str, bytes, str]], problem: str
) -> None:
    """Entries that lead out by their name or by a link, and devices, are refused with a sentence."""
    with pytest.raises(SourceError, match=problem):
        unpack(archive(tmp_path, *entries), tmp_path / "out", Cancellation())
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "d/../..", "link", "/", "none"])
def test_a_link_is_kept_and_not_followed_outside(tmp_path: Path, target: str) -> None:
    """The link stays, whatever its target; files are read within the source only."""
    source = archive(tmp_path, ("d", LINK, "."), ("link", LINK, target), ("Dockerfile", FILE, "FROM scratch"))
    root = tmp_path / "out"
    unpack(source, root, Cancellation())
    assert str((root / "link").readlink()) == target
    assert sorted(path.name for path in root.iterdir()) == ["Dockerfile", "d", "link"]
    for name in ("link", "link/passwd", "link/etc/passwd"):
        with pytest.raises(SourceError, match=r"outside of the source|unable to find"):
            file_in(root, name)
        with pytest.raises(SourceError, match=r"outside of the source|unable to find"):
            folder_in(root, name)


def test_the_last_entry_of_a_name_replaces_a_link(tmp_path: Path) -> None:
    """The link's target stays as it is."""
    (tmp_path / "precious").write_text("x")
    source = archive(tmp_path, ("link", LINK, "../precious"), ("link", FILE, "y"))
    unpack(source, tmp_path / "out", Cancellation())
    assert ((tmp_path / "out" / "link").read_text(), (tmp_path / "precious").read_text()) == ("y", "x")


@pytest.mark.parametrize("name", [".dockerignore", ".containerignore", "Dockerfile.dockerignore"])
def test_an_ignore_file_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """A builder would follow the link; a link within the source is accepted."""
    source = archive(tmp_path, ("rules", FILE, "a"), ("Dockerfile", FILE, "FROM scratch"), (name, LINK, "rules"))
    unpack(source, tmp_path / "out", Cancellation())
    check_ignore_files(tmp_path / "out", tmp_path / "out" / "Dockerfile")
    (tmp_path / "out" / name).unlink()
    (tmp_path / "out" / name).symlink_to("/dev/zero")
    with pytest.raises(SourceError, match=f"{name} is a link out of the source"):
        check_ignore_files(tmp_path / "out", tmp_path / "out" / "Dockerfile")


def test_file_in(tmp_path: Path) -> None:
    """A file is found below the source only."""
    (tmp_path / "source").mkdir()
    (tmp_path / "outside").write_text("x")
    (tmp_path / "source" / "Dockerfile").write_text("x")
    assert file_in(tmp_path / "source", "./Dockerfile").name == "Dockerfile"
    with pytest.raises(SourceError, match="outside"):
        file_in(tmp_path / "source", "../outside")
    with pytest.raises(SourceError, match="unable to find nope"):
        file_in(tmp_path / "source", "nope")
