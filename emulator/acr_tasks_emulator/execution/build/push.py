"""Pushes of images that a run has built."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from acr_tasks_emulator.execution.build.base_images import BaseImageFinder
from acr_tasks_emulator.execution.build.image_name import DOCKER_HUB, ImageName
from acr_tasks_emulator.execution.container_tool import ImageLocation, Tool
from acr_tasks_emulator.execution.programs import ToolError
from acr_tasks_emulator.execution.run_context import RunContext

ATTEMPTS = 3
_PAUSE_SECONDS = 0.5
_HUBS = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")


def push(name: ImageName, run: RunContext, finder: BaseImageFinder) -> int:
    """Push an image that this run built, and record its digest; return the exit status.

    Images of the run's own registry go to the registry program. When it is not installed or not reachable, they go to
    an OCI layout in the data folder. Images of other registries go over the network.
    """
    log, tool, oci = run.log, finder.tool, finder.oci
    if cannot_be_pushed(name, run):
        return 1
    image = run.built[str(name)]
    writing: AbstractContextManager[object] = nullcontext()
    if name.host == run.job.login_server:
        address = oci.address()
        reached = address is not None and tool.reaches(address, run.cancellation)
        location = ImageLocation(name, address)
        if not reached:
            location = ImageLocation(name, layout=oci.layout(name.repository))
            why = "docker-registry is not installed" if address is None else f"{tool.name} does not reach the registry"
            log.line(f"{why}: the image goes to {location.layout}")
            writing = oci.writing
    else:
        location = ImageLocation(name, authfile=run.authfile)
    try:
        with writing:
            digest = _push_with_retries(image, location, run, tool)
    except ToolError as error:
        log.line(f"failed to push {name}: {error}")
        return 1
    log.line(f"{name.tag}: digest: {digest}")
    log.say(f"Successfully pushed image: {name}")
    descriptor = {"registry": name.host, "repository": name.repository, "tag": name.tag, "digest": digest}
    with run.lock:
        run.pushed.append(descriptor)
    return 0


def cannot_be_pushed(name: ImageName, run: RunContext) -> bool:
    """Log the beginning of a push. Return whether the name of the image makes it fail, and log why."""
    run.log.say(f"Pushing image: {name}, attempt 1")
    run.log.line(f"The push refers to repository [{name.host}/{name.repository}]")
    if name.host == DOCKER_HUB and not any(host in _HUBS for host, _, _ in run.job.sign_ins()):
        _log_denied_attempts(name, run)
        return True
    if str(name) not in run.built:
        run.log.line(f"An image does not exist locally with the tag: {name.host}/{name.repository}")
        return True
    return False


def _log_denied_attempts(name: ImageName, run: RunContext) -> None:
    """Log the attempts of a push to Docker Hub without a sign-in, which is where names without a registry go."""
    for attempt in range(2, ATTEMPTS + 2):
        run.log.line("denied: requested access to the resource is denied")
        if attempt > ATTEMPTS or run.cancellation.wait(_PAUSE_SECONDS):
            break
        run.log.say(f"Pushing image: {name}, attempt {attempt}")
    short = name.repository.removeprefix("library/")
    run.log.say(
        f"A push step pushes names as they stand, and {short}{name.suffix} belongs to Docker Hub. Give the build and "
        f"the push {{{{.Run.Registry}}}}/{short}{name.suffix} for the registry of this run"
    )


def _push_with_retries(image: str, location: ImageLocation, run: RunContext, tool: Tool) -> str:
    """Push with as many attempts as the agent; return the digest. Raises the ToolError of the last attempt."""
    for attempt in range(2, ATTEMPTS + 1):
        try:
            return tool.push(image, location, run.scratch, run.cancellation)
        except ToolError as error:
            if run.cancellation.wait(_PAUSE_SECONDS):
                raise
            run.log.line(f"failed to push {location.name}: {error}")
            run.log.say(f"Pushing image: {location.name}, attempt {attempt}")
    return tool.push(image, location, run.scratch, run.cancellation)
