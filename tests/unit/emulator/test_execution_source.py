"""Archives: what is unpacked, and what is refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.source import Limits, SourceError, file_in, names_in, unpack
from acr_tasks_emulator.execution.stop import Stop

FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def archive(path: Path, *entries: tuple[str, bytes, str]) -> Path:
    """A tar.gz of (name, type, content or link target)."""
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
    unpack(source, target, Stop())
    assert (target / "Dockerfile").read_text() == "FROM scratch"
    assert os.access(target / "app" / "run.sh", os.X_OK)
    assert (target / "app" / "link").read_text() == "FROM scratch"
    assert (target / "hard").read_text() == "#!/bin/sh"
    assert "app/run.sh" in names_in(source)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([("../evil", FILE, "x")], "outside of its folder: '../evil'"),
        ([("a/../../evil", FILE, "x")], "outside of its folder"),
        ([("/etc/evil", FILE, "x")], "outside of its folder"),
        ([("link", LINK, "/etc/passwd")], "link out of its folder"),
        ([("link", LINK, "../../etc/passwd")], "outside of its folder"),
        ([("a", FOLDER, ""), ("link", LINK, "a"), ("link/x", FILE, "x")], "through a link"),
        ([("d", LINK, "."), ("l", LINK, "d/..")], "link out of its folder: 'l'"),
        ([("l", LINK, "d/.."), ("d", LINK, ".")], "link out of its folder: 'l'"),
        ([("hard", HARD, "../x")], "outside of its folder"),
        ([("hard", HARD, "missing")], "which is not in it"),
        ([("null", tarfile.CHRTYPE, "")], "no file, folder or link"),
        ([("pipe", tarfile.FIFOTYPE, "")], "no file, folder or link"),
        ([("a", FILE, "x" * 100), ("b", FILE, "x" * 100)], "more than 150 bytes"),
        ([(str(n), FOLDER, "") for n in range(4)], "more than 3 entries"),
    ],
)
def test_what_is_refused(tmp_path: Path, entries: list[tuple[str, bytes, str]], problem: str) -> None:
    """Entries and links that lead out, devices, and bombs are refused with a sentence."""
    with pytest.raises(SourceError, match=problem):
        unpack(archive(tmp_path, *entries), tmp_path / "out", Stop(), Limits(size_bytes=150, entries=3))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b\x08\x00"])
def test_what_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    """What is no archive, or half of one, is refused with a sentence."""
    path = tmp_path / "source.tar.gz"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="cannot be unpacked"):
        unpack(path, tmp_path / "out", Stop())


def test_half_an_archive(tmp_path: Path) -> None:
    """A truncated upload is refused."""
    whole = archive(tmp_path, ("a", FILE, os.urandom(4096).hex()))
    whole.write_bytes(whole.read_bytes()[:1000])
    with pytest.raises(SourceError, match="cannot be unpacked"):
        unpack(whole, tmp_path / "out", Stop())


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
