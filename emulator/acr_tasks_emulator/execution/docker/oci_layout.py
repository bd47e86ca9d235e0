"""Copies of images between the docker daemon and an OCI layout, by `docker save` and `docker load`."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import IO, Any

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli
from acr_tasks_emulator.execution.programs import ToolError

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_TAG = "org.opencontainers.image.ref.name"
_GZIP = b"\x1f\x8b"


def save(cli: DockerCli, image_id: str, layout: Path, tag: str, scratch: Path, cancellation: Cancellation) -> str:
    """Write an image to the layout under `tag`, and return the digest of its manifest. Raises ToolError."""
    (layout / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    with tempfile.TemporaryDirectory(dir=scratch) as temporary:
        archive = Path(temporary, "image.tar")
        cli.ask(["save", "-o", str(archive), image_id], cancellation)
        with tarfile.open(archive) as tar:
            image = json.loads(_member(tar, "manifest.json").read())[0]
            manifest = {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": {"mediaType": _CONFIG, **_blob(layout, _member(tar, image["Config"]), packed=False)},
                "layers": [{"mediaType": _LAYER, **_blob(layout, _member(tar, name))} for name in image["Layers"]],
            }
    described = _blob(layout, io.BytesIO(json.dumps(manifest, indent=2).encode()), packed=False)
    index = _index(layout)
    others = [item for item in index["manifests"] if (item.get("annotations") or {}).get(_TAG) != tag]
    index["manifests"] = [*others, {"mediaType": _MANIFEST, **described, "annotations": {_TAG: tag}}]
    (layout / "index.json").write_text(json.dumps(index))
    return str(described["digest"])


def load(cli: DockerCli, layout: Path, tag: str, cancellation: Cancellation) -> str:
    """Load the image of a tag into the daemon, and return its id. Raises ToolError."""
    found = [item for item in _index(layout)["manifests"] if (item.get("annotations") or {}).get(_TAG) == tag]
    if not found:
        raise ToolError(f"{layout} has no image of the tag {tag}")
    manifest = json.loads(_path(layout, found[0]["digest"]).read_text())
    config, layers = manifest["config"]["digest"], [layer["digest"] for layer in manifest["layers"]]
    name = f"{_hex(config)}.json"
    image = {"Config": name, "RepoTags": None, "Layers": [f"{_hex(each)}.tar" for each in layers]}
    with tempfile.TemporaryDirectory(dir=cli.folder) as temporary:
        archive = Path(temporary, "image.tar")
        with tarfile.open(archive, "w") as tar:
            tar.add(_path(layout, config), name)
            for digest in dict.fromkeys(layers):
                tar.add(_path(layout, digest), f"{_hex(digest)}.tar")
            text = json.dumps([image]).encode()
            member = tarfile.TarInfo("manifest.json")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
        output = cli.ask(["load", "-q", "-i", str(archive)], cancellation)
    return output.rpartition("Loaded image ID: ")[2] or str(config)


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise ToolError(f"docker saved an image without {name}")
    return found


def _blob(layout: Path, content: IO[bytes], packed: bool = True) -> dict[str, Any]:
    """Write a blob, and return its descriptor. packed: whether to compress it, unless it is compressed already.

    The same content always has the same digest.
    """
    with tempfile.TemporaryFile(dir=layout) as file:
        with content:
            head = content.read(2)
            if packed and head != _GZIP:
                with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as compressed:
                    compressed.write(head)
                    shutil.copyfileobj(content, compressed, 1024 * 1024)
            else:
                file.write(head)
                shutil.copyfileobj(content, file, 1024 * 1024)
        size = file.tell()
        file.seek(0)
        digest = hashlib.sha256()
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
        file.seek(0)
        name = f"sha256:{digest.hexdigest()}"
        with _path(layout, name).open("wb") as blob:
            shutil.copyfileobj(file, blob, 1024 * 1024)
    return {"digest": name, "size": size}


def _index(layout: Path) -> dict[str, Any]:
    path = layout / "index.json"
    return dict(json.loads(path.read_text())) if path.exists() else {"schemaVersion": 2, "manifests": []}


def _path(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def _hex(digest: str) -> str:
    return digest.partition(":")[2]
