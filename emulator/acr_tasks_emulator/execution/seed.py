"""The image that is always there: busybox, made from Debian's busybox-static, so that runs need no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.store import QUICK, Store, StoreError

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


def tags(busybox: Path) -> list[str]:
    """The tags under which people ask for busybox: latest, stable, and this one's version in three lengths."""
    banner = subprocess.run([busybox], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH
    version = re.search(r"v(\d+)\.(\d+)\.(\d+)", banner)
    parts = list(version.groups()) if version else []
    return ["latest", "stable", *(".".join(parts[:length]) for length in range(1, len(parts) + 1))]


def seed(store: Store, stop: Stop) -> str:
    """Make the image in the store, under the names that people use, and return its id.

    Raises StoreError where busybox is missing or is not the static one, and when buildah cannot build.
    """
    found = shutil.which("busybox")
    if found is None:
        raise StoreError("busybox is not installed (Debian: apt-get install busybox-static)")
    busybox = Path(found).resolve()
    names = [f"{name}:{tag}" for name in _NAMES for tag in tags(busybox)]
    with tempfile.TemporaryDirectory(dir=store.folder / "tmp") as temporary:
        context = Path(temporary)
        (context / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        (context / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
        (context / "Dockerfile").write_text(_DOCKERFILE)
        shutil.copy(busybox, context / "busybox")
        options = ["--isolation", "chroot", "--layers", "--pull=never", "--force-rm", "--format", "docker"]
        store.ask(["bud", *options, *(part for name in names for part in ("-t", name)), str(context)], stop)
    image = store.image_id(names[0], stop)
    if image is None:
        raise StoreError("the busybox image was built and is not in the store")
    return image


def seed_registry(store: Store, address: str, stop: Stop) -> None:
    """Push the seeded image to the registry as `library/busybox`, unless the registry has that name already."""
    with httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=10) as client:
        manifests = f"/v2/{REPOSITORY}/manifests"
        if client.head(f"{manifests}/latest", headers={"Accept": _MANIFEST}).status_code == httpx.codes.OK:
            return
        source = f"{_NAMES[0]}:latest"
        store.ask(
            ["push", *QUICK, "--tls-verify=false", source, f"docker://{address}/{REPOSITORY}:latest"],
            stop,
        )
        manifest = client.get(f"{manifests}/latest", headers={"Accept": _MANIFEST})
        manifest.raise_for_status()
        for tag in tags(Path(shutil.which("busybox") or "busybox")):
            headers = {"Content-Type": manifest.headers["Content-Type"]}
            client.put(f"{manifests}/{tag}", content=manifest.content, headers=headers).raise_for_status()
