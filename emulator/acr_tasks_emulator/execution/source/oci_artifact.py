"""Sources that are OCI artifacts: the files of `oci://registry/repository:tag`, as ORAS pushes them."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from acr_tasks_emulator.execution.build.image_name import ImageName, ImageNameError, parse
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry, RegistryError
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.archive import LIMITS
from acr_tasks_emulator.execution.source.client import client_for
from acr_tasks_emulator.execution.source.unpack import inside, make_parent, unpack

_TITLE, _UNPACK = "org.opencontainers.image.title", "io.deis.oras.content.unpack"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.artifact.manifest.v1+json"
_MANIFEST_LIMIT = 4 * 1024**2
FILES_LIMIT = 1000
"""How many files an artifact may have; a folder counts as one."""


def pull(location: str, target: Path, run: RunContext, oci: OciRegistry) -> None:
    """Write the artifact's files below `target`; folders, which ORAS packs, are unpacked. Raises SourceError.

    Another registry is asked by https, with the sign-in of the run's custom registries where there is one.
    """
    try:
        name = parse(location[len("oci://") :])
        with _client(name, run, oci) as client:
            path = f"/v2/{name.repository}/manifests/{name.reference}"
            manifest = json.loads(_get(client, path, run.scratch / "manifest", _MANIFEST_LIMIT, run.cancellation))
            target.mkdir()
            layers = _layers(manifest)
            if len(layers) > FILES_LIMIT or sum(max(0, int(layer["size"])) for layer in layers) > LIMITS.size_bytes:
                raise SourceError(f"the artifact has more than {FILES_LIMIT} files or {LIMITS.size_bytes} bytes")
            for layer in layers:
                title = str(layer["annotations"][_TITLE])
                _write(client, name, layer, inside(target.resolve(), title), run)
                if run.cancellation.requested:
                    return
    except ImageNameError as error:
        raise SourceError(f"{location}: {error}") from error
    except (httpx.HTTPError, RegistryError) as error:
        raise SourceError(f"the artifact {location} could not be fetched: {type(error).__name__}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise SourceError(f"the artifact {location} cannot be read") from error


def _client(name: ImageName, run: RunContext, oci: OciRegistry) -> AbstractContextManager[httpx.Client]:
    if name.host in run.job.own_hosts:
        own = oci.address()
        if own is None:
            raise SourceError("docker-registry is not installed: the emulator's registry has no artifacts")
        return client_for(run.cancellation, base_url=f"http://{own}", trust_env=False)
    auth = next(((user, password) for host, user, password in run.job.sign_ins() if host == name.host), None)
    return client_for(run.cancellation, base_url=f"https://{name.host}", auth=auth)


def _layers(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    layers = manifest.get("layers") or manifest.get("blobs") or []
    return [layer for layer in layers if (layer.get("annotations") or {}).get(_TITLE)]


def _write(client: httpx.Client, name: ImageName, layer: dict[str, Any], path: Path, run: RunContext) -> None:
    digest, between = str(layer["digest"]), run.scratch / "layer"
    _get(client, f"/v2/{name.repository}/blobs/{digest}", between, int(layer["size"]), run.cancellation)
    if run.cancellation.requested:
        return
    with between.open("rb") as file:
        found = hashlib.sha256()
        for chunk in iter(lambda: file.read(1024**2), b""):
            found.update(chunk)
    if digest != f"sha256:{found.hexdigest()}":
        raise SourceError(f"the artifact's {path.name} is not what its manifest says")
    make_parent(path, path.name)
    if layer["annotations"].get(_UNPACK) == "true":
        unpack(between, path.parent, run.cancellation)  # the archive holds the folder by its name
    else:
        between.replace(path)


def _get(client: httpx.Client, path: str, target: Path, limit: int, cancellation: Cancellation) -> bytes:
    """Write an answer to a file; return its first bytes, all of them when they are few."""
    with client.stream("GET", path, headers={"Accept": f"{_MANIFEST}, */*"}) as answer, target.open("wb") as file:
        if answer.status_code != httpx.codes.OK:
            raise SourceError(f"the artifact's registry answered {answer.status_code} for {path}")
        size = 0
        for chunk in answer.iter_bytes():
            size += len(chunk)
            if size > limit:
                raise SourceError("the artifact is longer than its manifest says")
            if cancellation.requested:
                return b"{}"
            file.write(chunk)
    with target.open("rb") as file:
        return file.read(_MANIFEST_LIMIT)
