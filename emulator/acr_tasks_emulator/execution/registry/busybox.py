"""The busybox image, made from Debian's busybox-static, so that runs need no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.build.image_name import DOCKER_HUB, ImageName
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.container_tool import ImageLocation, Tool
from acr_tasks_emulator.execution.programs import ToolError

REPOSITORY = "library/busybox"

_NAMES = (
    "docker.io/library/busybox",
    "mcr.microsoft.com/library/busybox",
    "mcr.microsoft.com/mirror/docker/library/busybox",
)
_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY passwd group /etc/
RUN ["/bin/busybox", "sh", "-c", "busybox --install -s /bin && mkdir -m 1777 /tmp && mkdir -m 700 /root"]
CMD ["sh"]
"""
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def tags(program: Path) -> list[str]:
    """Return the tags under which people ask for busybox: latest, stable, and this one's version in three lengths."""
    banner = subprocess.run([program], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH
    version = re.search(r"v(\d+)\.(\d+)\.(\d+)", banner)
    parts = list(version.groups()) if version else []
    return ["latest", "stable", *(".".join(parts[:length]) for length in range(1, len(parts) + 1))]


def find_program() -> Path | None:
    """Return the busybox of this machine; None without one that Linux containers can run."""
    found = shutil.which("busybox")
    if found is None:
        return None
    with Path(found).open("rb") as file:
        return Path(found).resolve() if file.read(4) == b"\x7fELF" else None


def seed(tool: Tool, folder: Path, cancellation: Cancellation) -> str:
    """Make the image, under the names that people use, and return its id. folder: for files in between.

    Raises ToolError where busybox is missing or is not the static one, and when the tool cannot build.
    """
    program = find_program()
    if program is None:
        raise ToolError("busybox is not installed (Debian: apt-get install busybox-static)")
    names = [f"{name}:{tag}" for name in _NAMES for tag in tags(program)]
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        context = Path(temporary)
        (context / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        (context / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
        (context / "Dockerfile").write_text(_DOCKERFILE)
        shutil.copy(program, context / "busybox")
        tool.make(context, names, cancellation)
    image = tool.image_id(names[0], cancellation)
    if image is None:
        raise ToolError("the busybox image was built and is not there")
    return image


def seed_registry(tool: Tool, image_id: str, address: str, folder: Path, cancellation: Cancellation) -> None:
    """Push the seeded image to the registry as `library/busybox`, unless the registry has that name already."""
    with httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=10) as client:
        manifests = f"/v2/{REPOSITORY}/manifests"
        if client.head(f"{manifests}/latest", headers={"Accept": _MANIFEST}).status_code == httpx.codes.OK:
            return
        tool.push(image_id, ImageLocation(ImageName(DOCKER_HUB, REPOSITORY), address), folder, cancellation)
        manifest = client.get(f"{manifests}/latest", headers={"Accept": _MANIFEST})
        manifest.raise_for_status()
        for tag in tags(find_program() or Path("busybox")):
            headers = {"Content-Type": manifest.headers["Content-Type"]}
            client.put(f"{manifests}/{tag}", content=manifest.content, headers=headers).raise_for_status()
