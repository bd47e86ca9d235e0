"""Archives with false lengths, counts, headers, names and links."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.archive import HEADER_BYTES, LIMITS
from acr_tasks_emulator.execution.source.paths import folder_in
from acr_tasks_emulator.execution.source.unpack import unpack

SMALL = replace(LIMITS, size_bytes=100_000, entries=20, depth=5)
TIGHT = replace(SMALL, ratio=10, ratio_from=50_000)


def entry(name: str, data: bytes = b"", **header: Any) -> bytes:
    """Return one entry as it stands in an archive."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for attribute, value in header.items():
        setattr(member, attribute, value)
    return member.tobuf(tarfile.PAX_FORMAT) + data + b"\0" * (-len(data) % 512)


def pax(records: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    """Return an extended header, which describes the entry behind it."""
    member = tarfile.TarInfo("pax")
    member.type, member.size = kind, len(records)
    return member.tobuf(tarfile.USTAR_FORMAT) + records + b"\0" * (-len(records) % 512)


def record(name: str, value: str) -> bytes:
    text = f" {name}={value}\n".encode()
    length = len(text) + 1
    while len(str(length)) + len(text) != length:
        length += 1
    return str(length).encode() + text


def packed(folder: Path, *parts: bytes, end: bytes = b"\0" * 1024) -> Path:
    path = folder / "source.tar.gz"
    path.write_bytes(gzip.compress(b"".join(parts) + end, mtime=0))
    return path


Unpack = Callable[..., Path]


@pytest.fixture
def opened(tmp_path: Path) -> Unpack:
    """Pack entries, unpack them under small limits, and return the folder."""

    def unpacked(*parts: bytes, end: bytes = b"\0" * 1024) -> Path:
        unpack(packed(tmp_path, *parts, end=end), tmp_path / "out", Cancellation(), SMALL)
        return tmp_path / "out"

    return unpacked


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([entry(f"f{n}") for n in range(21)], "more than 20 entries"),
        ([entry("a", os.urandom(60_000)), entry("b", os.urandom(60_000))], "more than 100000 bytes"),
        ([entry("a", size=10**11)], "more than 100000 bytes"),
        ([entry("/".join("abcdefg"), b"x")], "nested more than 5 deep"),
        ([pax(record("path", "a\0b")), entry("a")], "whose name is none"),
        ([entry("a\nb")], "whose name is none"),
        ([entry("l", type=tarfile.SYMTYPE, linkname="a\nb")], "a name that is none"),
        ([entry("block", type=tarfile.BLKTYPE)], "no file, folder or link"),
        ([entry("x", b"x", type=b"Z")], "no file, folder or link"),
        ([pax(record("size", "-512")), entry("a")], "negative length|backwards"),
        ([pax(b"9" * (HEADER_BYTES + 1)), entry("a")], "header that is too long"),
        ([pax(b"9" * 10**7, tarfile.XGLTYPE), entry("a")], "header that is too long"),
        ([entry("long", b"n" * (HEADER_BYTES + 1), type=tarfile.GNUTYPE_LONGNAME)], "header that is too long"),
        ([pax(b"9" * 5000 + b" path=x\n"), entry("a")], "cannot be unpacked"),
        ([entry("s", type=tarfile.GNUTYPE_SPARSE, size=0)], "sparse file"),
        ([pax(record("GNU.sparse.map", "0,1") + record("GNU.sparse.size", "99999999999")), entry("a")], "sparse"),
        ([pax(record("GNU.sparse.size", "99999999999")), entry("a")], "sparse"),
        ([pax(record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0")), entry("a", b"1\n0\n")], "sparse"),
    ],
)
def test_hostile_archives_are_refused(opened: Unpack, tmp_path: Path, parts: list[bytes], problem: str) -> None:
    """Each is refused with a sentence, before it exceeds a limit on the disk."""
    with pytest.raises(SourceError, match=problem):
        opened(*parts)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) <= SMALL.size_bytes


@pytest.mark.parametrize("nested", [tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_headers_of_headers(opened: Unpack, nested: bytes) -> None:
    """A thousand headers that describe each other are skipped."""
    with pytest.raises(SourceError, match="nested too deeply"):
        opened(*[pax(record("a", "b"), nested)] * 2000, entry("a"))


def test_bombs(tmp_path: Path) -> None:
    """Much content out of a short archive is refused long before it is written."""
    bomb = packed(tmp_path, entry("zeros", b"\0" * 90_000))
    with pytest.raises(SourceError, match="more than 10 times its length"):
        unpack(bomb, tmp_path / "out", Cancellation(), TIGHT)
    unpack(packed(tmp_path, entry("zeros", b"\0" * 40_000)), tmp_path / "out", Cancellation(), TIGHT)


def test_hard_links_take_no_space(opened: Unpack) -> None:
    """Hard links to a file count and take its size once."""
    links = [entry(f"l{n}", type=tarfile.LNKTYPE, linkname="a") for n in range(10)]
    folder = opened(entry("a", os.urandom(60_000)), *links)
    assert len({path.stat().st_ino for path in folder.iterdir()}) == 1
    assert len(list(folder.iterdir())) == 11


def test_a_repeated_name_changes_no_linked_file(opened: Unpack) -> None:
    """The last entry of a name replaces that name, and not the files that were linked to the earlier entry."""
    folder = opened(
        entry("a", b"first"), entry("l", type=tarfile.LNKTYPE, linkname="a"), entry("a", b"second"), entry("l2", b"x")
    )
    assert (folder / "a").read_bytes() == b"second"
    assert (folder / "l").read_bytes() == b"first"


def test_links_that_stay_inside_are_kept(opened: Unpack) -> None:
    """A link to another folder of the archive is kept."""
    folder = opened(
        entry("bin", type=tarfile.DIRTYPE),
        entry("bin/tool", b"x"),
        entry("sub", type=tarfile.DIRTYPE),
        entry("sub/tool", type=tarfile.SYMTYPE, linkname="../bin/tool"),
        entry("dangling", type=tarfile.SYMTYPE, linkname="bin/none"),
    )
    assert (folder / "sub" / "tool").is_symlink()
    assert (folder / "sub" / "tool").read_bytes() == b"x"
    assert (folder / "dangling").is_symlink()


def test_modes(opened: Unpack) -> None:
    """Executable bits are kept; setuid, setgid and sticky bits are removed."""
    folder = opened(entry("tool", b"x", mode=0o7755), entry("d", type=tarfile.DIRTYPE, mode=0o7700))
    assert (folder / "tool").stat().st_mode & 0o7777 == 0o755
    assert (folder / "d").stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("value", ["1e300", "inf", "nan", "-5"])
def test_impossible_times(opened: Unpack, value: str) -> None:
    """A modification time that no file system can keep is ignored."""
    assert (opened(pax(record("mtime", value)), entry("a", b"x")) / "a").stat().st_mtime == 0


def test_damage(opened: Unpack, tmp_path: Path) -> None:
    """A damaged header is an error; bytes behind the end of the archive are ignored."""
    whole = entry("a", b"x") + entry("b", b"y")
    with pytest.raises(SourceError, match="bad checksum"):
        opened(whole[:1030] + b"!" + whole[1031:])
    with pytest.raises(SourceError, match="cannot be unpacked"):
        opened(whole[:1500], end=b"")
    assert (opened(whole, end=b"\0" * 1024 + b"rubbish" * 1000) / "b").read_bytes() == b"y"
    path = packed(tmp_path, whole)
    path.write_bytes(path.read_bytes() + b"rubbish behind the archive")
    unpack(path, tmp_path / "again", Cancellation(), SMALL)
    assert (tmp_path / "again" / "b").read_bytes() == b"y"


def test_a_problem_shows_no_path_of_this_machine(opened: Unpack, tmp_path: Path) -> None:
    """The file system's error is shown without the path."""
    with pytest.raises(SourceError, match="File name too long") as caught:
        opened(entry("n" * 300))
    assert str(tmp_path) not in str(caught.value)


def test_a_run_that_is_canceled(tmp_path: Path) -> None:
    """A cancellation ends the unpacking within a large file."""

    class Soon(Cancellation):
        questions = 0

        @property
        def requested(self) -> bool:
            self.questions += 1
            return self.questions > 3

    unpack(packed(tmp_path, entry("a", os.urandom(10_000_000))), tmp_path / "out", Soon())
    assert 0 < (tmp_path / "out" / "a").stat().st_size < 10_000_000


def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    """A link in place of a folder is followed only inside of the source."""
    (tmp_path / "root" / "real").mkdir(parents=True)
    (tmp_path / "root" / "inside").symlink_to("real")
    (tmp_path / "root" / "outside").symlink_to("..")
    assert folder_in(tmp_path / "root", "inside") == tmp_path / "root" / "real"
    with pytest.raises(SourceError, match="outside of the source"):
        folder_in(tmp_path / "root", "outside")
