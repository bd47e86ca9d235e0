"""Uploaded archives with paths outside of their folder, or with more data than the limit."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest

TASK = b"version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n"
FILE, LINK, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

Entry = tuple[str, bytes, bytes]
Run = Callable[[bytes], tuple[dict[str, Any], str]]


def packed(*entries: Entry) -> bytes:
    """Pack a context with a task file and more entries: name, type, and content or link target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, kind, data in (("acb.yaml", FILE, TASK), *entries):
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = data.decode() if kind in (LINK, HARD) else ""
            member.size = len(data) if kind == FILE else 0
            tar.addfile(member, io.BytesIO(data) if kind == FILE else None)
    return buffer.getvalue()


@pytest.fixture
def run(arm: Any, blobs: httpx.Client) -> Run:
    """Upload an archive and run its task file; return the run's properties and log."""

    def run(archive: bytes) -> tuple[dict[str, Any], str]:
        target = arm.ok("POST", "listBuildSourceUploadUrl")
        answer = blobs.put(target["uploadUrl"], content=archive, headers={"x-ms-blob-type": "BlockBlob"})
        assert answer.status_code == 201, answer.text
        request = {"type": "FileTaskRunRequest", "taskFilePath": "acb.yaml", "platform": {"os": "Linux"}}
        run_id = arm.schedule({**request, "sourceLocation": target["relativePath"]})
        properties = arm.until(run_id)["properties"]
        return properties, blobs.get(arm.log_link(run_id)).text

    return run


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([("../evil", FILE, b"x")], "an entry outside of its folder"),
        ([("/tmp/evil", FILE, b"x")], "an entry outside of its folder"),
        ([("l", LINK, b"sub"), ("l/x", FILE, b"x")], "through a link"),
        ([("l", LINK, b"/tmp"), ("l/evil", FILE, b"x")], "through a link"),
        ([("d/l", LINK, b"../.."), ("m", LINK, b"d/l"), ("m/evil", FILE, b"x")], "through a link"),
        ([("l", LINK, b"/etc/passwd"), ("h", HARD, b"l")], "which is not in it"),
        ([("h", HARD, b"/etc/passwd")], "an entry outside of its folder"),
        ([("h", HARD, b"../../evil")], "an entry outside of its folder"),
        ([("dev", tarfile.CHRTYPE, b"")], "no file, folder or link"),
        ([("pipe", tarfile.FIFOTYPE, b"")], "no file, folder or link"),
        ([("a\nRun ID: cf1 was successful after 1s", FILE, b"x")], "whose name is none"),
        ([("/".join("x" * 200), FILE, b"x")], "nested more than 100 deep"),
    ],
)
@pytest.mark.emulator_choice("the agent's own words for such archives are not known")
def test_entries_outside_of_the_folder_are_refused(run: Run, entries: list[Entry], problem: str) -> None:
    """The run fails; one line of its log and its message say why."""
    properties, log = run(packed(*entries))
    assert properties["status"] == "Failed"
    assert problem in properties["runErrorMessage"]
    (last,) = [line for line in log.split("\r\n") if line.startswith("Run ID: ")]
    assert f"Run ID: {properties['runId']} failed after" in last
    assert problem in last


def bomb() -> bytes:
    zeros = tarfile.TarInfo("zeros")
    zeros.size = 300 * 1024**2
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="w", compresslevel=1) as file:
        file.write(zeros.tobuf())
        for _ in range(300):
            file.write(b"\0" * 1024**2)
    return buffer.getvalue()


# Named, because an archive holds the time at which it was packed.
DAMAGED = [
    pytest.param(b"", "cannot be unpacked", id="empty"),
    pytest.param(b"no archive at all", "cannot be unpacked", id="no archive"),
    pytest.param(packed()[:100], "cannot be unpacked", id="cut"),
    pytest.param(packed()[:-8] + b"\0" * 8, "cannot be unpacked", id="checksum"),
]


@pytest.mark.parametrize(("archive", "problem"), DAMAGED, ids=["empty", "text", "cut", "wrong checksum"])
@pytest.mark.emulator_choice("the agent's own words for such archives are not known")
def test_a_damaged_archive_is_refused(run: Run, archive: bytes, problem: str) -> None:
    """Half an archive and one with a wrong checksum fail the run."""
    properties, _ = run(archive)
    assert properties["status"] == "Failed"
    assert problem in properties["runErrorMessage"]


@pytest.mark.emulator_choice("the service states no limit")
def test_an_archive_bomb_is_refused(run: Run) -> None:
    """An archive of one megabyte that unpacks to three hundred fails the run."""
    properties, _ = run(bomb())
    assert properties["status"] == "Failed"
    assert "more than 200 times its length" in properties["runErrorMessage"]


@pytest.mark.emulator_choice("what contexts of clients hold: folders, programs, links")
def test_links_are_kept(run: Run) -> None:
    """Symbolic links to any target, hard links, and trailing bytes behind the archive are accepted."""
    entries = [("bin/tool", FILE, b"x"), ("sub/tool", LINK, b"../bin/tool"), ("again", HARD, b"bin/tool")]
    entries += [
        ("out", LINK, b"/etc/passwd"),
        ("up", LINK, b"../../../etc"),
        ("d/l", LINK, b".."),
        ("loop", LINK, b"loop"),
    ]
    assert run(packed(*entries) + b"rubbish")[0]["status"] == "Succeeded"
