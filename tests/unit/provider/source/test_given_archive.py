"""Contexts that are archives, and Dockerfiles outside of a folder."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.context import Context
from pulumi_acr_tasks.source.given_archive import Tarball, is_tarball

REQUEST = {"type": "DockerBuildRequest", "dockerFilePath": "./Dockerfile"}


def folder(place: Path) -> Path:
    (place / "src").mkdir(parents=True)
    (place / "src.d").mkdir()
    for name, text in {
        "Dockerfile": "FROM scratch\n",
        "src/a": "ay",
        "src.d/b": "bee",
        "run.sh": "#!/bin/sh\n",
    }.items():
        (place / name).write_text(text)
    (place / "run.sh").chmod(0o755)
    (place / "link").symlink_to("src/a")
    return place


def tarball(path: Path, place: Path, mode: str = "w:gz") -> Tarball:
    with tarfile.open(path, mode) as archive:
        archive.add(place, arcname=".")
    return Tarball(path, REQUEST)


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def broken(path: Path, *members: tarfile.TarInfo) -> Tarball:
    with tarfile.open(path, "w") as archive:
        for info in members:
            archive.addfile(info, io.BytesIO())
    return Tarball(path, REQUEST)


@pytest.mark.parametrize(("name", "mode"), [("c.tar", "w"), ("c.tar.gz", "w:gz"), ("c.TGZ", "w:gz")])
def test_an_archive_has_the_hash_of_its_folder(name: str, mode: str, tmp_path: Path) -> None:
    """Its compression and the order of its members do not matter."""
    place = folder(tmp_path / "context")
    packed = tarball(tmp_path / name, place, mode)
    assert is_tarball(packed.path)
    assert list(packed.problems()) == []
    assert packed.fingerprint() == Context(place, REQUEST).fingerprint()
    assert packed.fingerprint().hash == "sha256:bd01c95714c281470d8dbab06fbb1e91f899b4e8f9aaa1d607ca5b273e3cee10"


@pytest.mark.parametrize(("name", "mode"), [("c.tar", "w"), ("c.tgz", "w:gz")])
def test_what_is_uploaded_is_compressed_once(name: str, mode: str, tmp_path: Path) -> None:
    """The service expects a tar.gz."""
    packed = tarball(tmp_path / name, folder(tmp_path / "context"), mode)
    with (
        packed.archive(packed.fingerprint().hash) as path,
        gzip.open(path) as plain,
        tarfile.open(fileobj=plain) as archive,
    ):
        assert "./Dockerfile" in archive.getnames()


def test_an_archive_that_has_changed_since_is_refused(tmp_path: Path) -> None:
    """State would name another content than the one that was built."""
    packed = tarball(tmp_path / "c.tgz", folder(tmp_path / "context"))
    with pytest.raises(SourceError, match="has changed since"), packed.archive("sha256:other"):
        pass


def test_a_file_that_is_missing_in_it_is_a_problem(tmp_path: Path) -> None:
    """Preview says so."""
    packed = tarball(tmp_path / "c.tgz", folder(tmp_path / "context"))
    wrong = Tarball(packed.path, {"dockerFilePath": "web"})
    assert list(wrong.problems()) == [("dockerFilePath", f"there is no file 'web' in the archive {packed.path}")]


def test_a_file_that_is_not_an_archive_is_a_problem(tmp_path: Path) -> None:
    """Its name does not matter; a member of the request is not looked for in it."""
    packed = tarball(tmp_path / "c.tgz", folder(tmp_path / "context"))
    for data in (b"", b"not an archive" * 100, bz2.compress(gzip.decompress(packed.path.read_bytes()))):
        packed.path.write_bytes(data)
        assert _cannot_be_read(packed)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_that_is_cut_off_anywhere_is_a_problem(mode: str, tmp_path: Path) -> None:
    """The checksum at the end of the compression counts; the empty blocks at the end of a plain archive do not."""
    packed = tarball(tmp_path / "c.tar", folder(tmp_path / "context"), mode)
    whole = packed.path.read_bytes()
    end = len(whole) if mode == "w:gz" else len(whole.rstrip(b"\0"))
    for size in range(0, end, 1 if mode == "w:gz" else 100):
        packed.path.write_bytes(whole[:size])
        if mode == "w:gz" or size % tarfile.BLOCKSIZE:
            assert _cannot_be_read(packed), size


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_with_a_damaged_header_is_a_problem(mode: str, tmp_path: Path) -> None:
    """The members behind it are not left out of the hash in silence."""
    packed = tarball(tmp_path / "c.tar", folder(tmp_path / "context"))
    plain = bytearray(gzip.decompress(packed.path.read_bytes()))
    plain[plain.index(b"./run.sh")] ^= 1
    packed.path.write_bytes(plain if mode == "w" else gzip.compress(plain))
    assert _cannot_be_read(packed)


def _sized(name: str, size: bytes) -> bytes:
    """Return the header of a member with that field for its size."""
    header = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT))
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def _extended(kind: bytes, text: bytes) -> bytes:
    """Return an extended header, and the block with its text."""
    info = tarfile.TarInfo("extended")
    info.type, info.size = kind, len(text)
    return info.tobuf(tarfile.GNU_FORMAT) + text.ljust(tarfile.BLOCKSIZE, b"\0")


HEADERS = {
    "a negative size": _sized("a", b"\xff" * 11 + b"\0"),
    "a size that leads back": _sized("a", b"\xff" * 10 + b"\xfc\0"),
    "an impossible size": _sized("a", b"\x80" + b"\x7f" * 11),
    "a sparse file without numbers": _extended(tarfile.XHDTYPE, b"24 GNU.sparse.map=a,b,c\n"),
    "names without end": _extended(tarfile.GNUTYPE_LONGNAME, b"abcd\0") * 3000,
}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_header_that_cannot_be_is_a_problem(mode: str, header: str, tmp_path: Path) -> None:
    """Each of them is a header with a right checksum; `tarfile` trusts it."""
    data = HEADERS[header] + member("Dockerfile").tobuf() + b"\0" * 1024
    (tmp_path / "c.tar").write_bytes(data if mode == "w" else gzip.compress(data))
    assert _cannot_be_read(Tarball(tmp_path / "c.tar", REQUEST))


def test_a_folder_is_no_dockerfile(tmp_path: Path) -> None:
    """A folder of that name would be found by its name alone."""
    packed = broken(tmp_path / "c.tar", member("Dockerfile", tarfile.DIRTYPE))
    assert [name for name, _ in packed.problems()] == ["dockerFilePath"]


def test_a_backslash_in_a_name_is_a_part_of_it(tmp_path: Path) -> None:
    """Such a member is not another one with a slash, whose content would then not count."""
    hashes = set[str]()
    for content in (b"a", b"b"):
        with tarfile.open(tmp_path / "c.tar", "w") as archive:
            slash, backslash = member("a/b"), member("a\\b")
            slash.size = len(content)
            archive.addfile(slash, io.BytesIO(content))
            archive.addfile(backslash, io.BytesIO())
        hashes.add(Tarball(tmp_path / "c.tar", REQUEST).fingerprint().hash)
    assert len(hashes) == 2


@pytest.mark.parametrize("make", [Context, Tarball])
def test_a_name_with_backslashes_is_sent_with_slashes(make: Any, tmp_path: Path) -> None:
    """The agent runs on Linux, and has the files under that name."""
    request = {"type": "FileTaskRunRequest", "taskFilePath": "src\\acb.yaml", "valuesFilePath": "src/v.yaml"}
    assert make(tmp_path, request).request_changes() == {"taskFilePath": "src/acb.yaml"}


def test_an_archive_with_a_wrong_checksum_is_a_problem(tmp_path: Path) -> None:
    """The service could not unpack it."""
    packed = tarball(tmp_path / "c.tgz", folder(tmp_path / "context"))
    data = bytearray(packed.path.read_bytes())
    data[-5] ^= 1
    packed.path.write_bytes(data)
    assert _cannot_be_read(packed)


def _cannot_be_read(packed: Tarball) -> bool:
    """Return whether checks and the fingerprint both refuse the archive."""
    ((name, sentence),) = packed.problems()
    with pytest.raises(SourceError, match="cannot be read as an archive"):
        packed.fingerprint()
    return name == "" and "cannot be read as an archive" in sentence


ESCAPES = [
    (member("../outside"), "a member outside of the context"),
    (member("/etc/passwd"), "a member outside of the context"),
    (member("pipe", tarfile.FIFOTYPE), "a pipe or a device, which cannot be sent"),
    (member("null", tarfile.CHRTYPE), "a pipe or a device, which cannot be sent"),
]


@pytest.mark.parametrize(("escape", "reason"), ESCAPES, ids=lambda value: getattr(value, "name", None))
def test_members_that_cannot_be_part_of_a_context_are_refused(
    escape: tarfile.TarInfo, reason: str, tmp_path: Path
) -> None:
    """The sentence names the member."""
    packed = broken(tmp_path / "c.tar", member("Dockerfile"), escape)
    with pytest.raises(SourceError, match=f"{escape.name}.*{reason}|{reason}.*{escape.name}"):
        packed.fingerprint()


@pytest.mark.parametrize("target", ["../outside", "/etc/passwd"])
def test_a_link_in_an_archive_may_point_anywhere(target: str, tmp_path: Path) -> None:
    """A link in a folder may too."""
    packed = broken(tmp_path / "c.tar", member("Dockerfile"), member("link", tarfile.SYMTYPE, target))
    assert list(packed.problems()) == []


def outside(tmp_path: Path, **files: str) -> Context:
    place = folder(tmp_path / "context")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM busybox\n")
    for name, text in files.items():
        (tmp_path / "docker" / name.replace("_", ".")).write_text(text)
    return Context(place, {"dockerFilePath": "../docker/Dockerfile"})


def names(context: Context) -> dict[str, Any]:
    with context.archive(context.fingerprint().hash) as path, tarfile.open(path) as archive:
        files = [found for found in archive.getmembers() if found.isfile()]
        return {found.name: archive.extractfile(found).read() for found in files}


def test_a_dockerfile_from_outside_is_sent(tmp_path: Path) -> None:
    """It keeps its name unless the context has a file of that name; the request has the name that it gets."""
    context = outside(tmp_path)
    assert list(context.problems()) == []
    assert context.request_changes() == {"dockerFilePath": "Dockerfile.outside"}
    assert names(context)["Dockerfile.outside"] == b"FROM busybox\n"
    (context.folder / "Dockerfile").unlink()
    assert context.request_changes() == {"dockerFilePath": "Dockerfile"}
    assert names(context)["Dockerfile"] == b"FROM busybox\n"


def test_the_ignore_file_beside_it_rules(tmp_path: Path) -> None:
    """As in docker, the file named after the Dockerfile replaces the general one."""
    context = outside(tmp_path, Dockerfile_dockerignore="src\n")
    assert sorted(names(context)) == ["Dockerfile", "Dockerfile.outside", "run.sh", "src.d/b"]


def test_a_file_under_another_letter_case_is_named(tmp_path: Path) -> None:
    """Windows and macOS find it all the same, and the agent does not."""
    context = Context(folder(tmp_path / "context"), {"dockerFilePath": "SRC/A"})
    ((name, sentence),) = context.problems()
    assert name == "dockerFilePath"
    assert "'src/a'" in sentence


def test_a_dockerfile_inside_keeps_its_name(tmp_path: Path) -> None:
    """The request is not changed."""
    assert Context(folder(tmp_path / "context"), {"dockerFilePath": "Dockerfile"}).request_changes() == {}
