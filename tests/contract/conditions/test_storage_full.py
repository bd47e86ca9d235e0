"""A data folder on a full disk: the service's kind of error, and no half-written data."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..arm import Arm
from ..conftest import Body, encoded

MNT_DETACH = 2
BIG = encoded("version: v1.1.0\nsteps:\n  - cmd: busybox true\n" + "# a comment\n" * 4000)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A data folder on a disk of 4 MiB."""
    libc, folder = ctypes.CDLL(None), tmp_path / "data"
    folder.mkdir()
    mount = getattr(libc, "mount", None)
    if mount is None or mount(b"none", os.fsencode(folder), b"tmpfs", 0, b"size=4m") != 0:
        pytest.skip("this user may not mount")
    yield folder
    libc.umount2(os.fsencode(folder), MNT_DETACH)


@pytest.mark.emulator_choice("the real service has no disk of ours; whoever asks later may be lucky")
def test_writes_on_a_full_disk_are_refused(
    emulated: Callable[..., Arm], quick_task: Body, quick_request: Body, small: Path
) -> None:
    """Writes are refused with 503, stored data stays as it was, and writes work again once there is room."""
    arm = emulated(data=small)
    ballast = small / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    body = quick_task(step={"type": "EncodedTask", "encodedTaskContent": BIG})
    kept: dict[str, Any] = {}
    for number in range(200):
        answer = arm("PUT", f"tasks/task-{number:03}", body)
        if answer.status_code != 200:
            break
        kept[f"task-{number:03}"] = answer.json()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert len(kept) > 5

    target = arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]
    upload = httpx.put(target, content=bytes(4 << 20), headers={"x-ms-blob-type": "BlockBlob"})
    assert (upload.status_code, upload.headers["x-ms-error-code"]) == (503, "ServerBusy")
    assert b"<Code>ServerBusy</Code>" in upload.content

    assert {name: arm.ok("GET", f"tasks/{name}") for name in kept} == kept
    assert arm("GET", f"tasks/task-{len(kept):03}").status_code == 404
    ballast.unlink()
    arm.ok("PUT", f"tasks/task-{len(kept):03}", body)
    answer = httpx.put(target, content=b"a context", headers={"x-ms-blob-type": "BlockBlob"})
    assert answer.status_code == 201
    assert arm.until(arm.schedule(quick_request()))["properties"]["status"] == "Succeeded"
