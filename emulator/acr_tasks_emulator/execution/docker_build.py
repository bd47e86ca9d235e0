"""Builds an image from a Dockerfile."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path

from acr_tasks_emulator.execution.bases import BaseImageError, Bases
from acr_tasks_emulator.execution.dockerfile import origins, own_platform
from acr_tasks_emulator.execution.graph import Step
from acr_tasks_emulator.execution.image_name import ImageNameError, parse
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.store import Store
from acr_tasks_emulator.execution.workspace import Workspace

_RESERVED = {"PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "LANG", "TZ"}


@dataclass(frozen=True)
class Build:
    """One `docker build`: the context's folder, the Dockerfile's path, and the options. Names are full names."""

    context: Path
    dockerfile: Path
    names: list[str] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict, repr=False)
    target: str | None = None
    no_cache: bool = False
    labels: list[str] = field(default_factory=list)
    platform: str | None = None


def build(task: Build, run: Workspace, store: Store, bases: Bases, stop: Stop, step: Step) -> int:
    """Build with the builder's lines going to the log; return the exit status. The image's names are the run's own
    afterwards.

    Images that the Dockerfile starts from are brought into the store first, so that the builder asks nobody.
    """
    text = task.dockerfile.read_text(errors="replace")
    options = ["--isolation", "chroot", "--layers", "--force-rm", "--format", "docker", "--pull=never"]
    shown: dict[str, str] = {}
    missing: list[str] = []
    dependencies: list[dict[str, str]] = []
    needed = origins(text, task.arguments, task.target)
    for image in needed.images:
        try:
            name = run.full_name(image, run_local=False)
            own = run.built.get(str(name))
            if own is not None:  # images of this run have no name in the store, where other runs would see it
                options += ["--build-context", f"{image}=docker-image://{own.removeprefix('sha256:')}"]
                shown[own.removeprefix("sha256:")] = image
            else:
                found = bases.fetch(name, run.job, stop, run.authfile)
                kind = "Runtime" if image == needed.runtime else "BuildTime"
                dependencies.append({"type": kind, **bases.described(name, found, stop)})
                if str(name) != str(parse(image)):  # Azure's name of this registry: not a name in the store
                    options += ["--build-context", f"{image}=docker-image://{found.removeprefix('sha256:')}"]
                    shown[found.removeprefix("sha256:")] = image
        except BaseImageError as error:
            missing.append(str(error))
        except ImageNameError:
            continue  # the builder's own words are better
    identity = run.scratch / f"{uuid.uuid4().hex}.iid"
    arguments, environment = _build_arguments(task.arguments)
    options += [*arguments, "--iidfile", str(identity), "-f", str(task.dockerfile)]
    options += ["--target", task.target] if task.target else []
    options += ["--no-cache"] if task.no_cache else []
    options += [part for label in task.labels for part in ("--label", label)]
    options += ["--platform", task.platform] if task.platform and task.platform != own_platform() else []

    def with_names(line: str) -> str:
        run.look_at(step, line)
        for image_id, image in shown.items():
            line = line.replace(image_id, image)
        return line.replace(str(run.source), "/workspace")

    status = store.run(["bud", *options, str(task.context)], run.log, stop, environment=environment, rename=with_names)
    if status != 0:
        for sentence in missing:
            run.log.line(sentence)
        return status
    built = identity.read_text().strip()
    run.log.line(f"Successfully built {built.removeprefix('sha256:')[:12]}")
    with run.lock:
        run.built.update(dict.fromkeys(task.names, built))
        run.base_images += dependencies
    for tagged in task.names:
        run.log.line(f"Successfully tagged {tagged}")
    return 0


def _build_arguments(arguments: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Options and environment: values travel in the environment, as everybody on the machine can read command lines."""
    options: list[str] = []
    environment: dict[str, str] = {}
    for name, value in arguments.items():
        if name.upper() in _RESERVED or name.startswith(("BUILDAH_", "CONTAINERS_", "STORAGE_")) or "\0" in value:
            options += ["--build-arg", f"{name}={value}"]
        else:
            options += ["--build-arg", name]
            environment[name] = value
    return options, environment
