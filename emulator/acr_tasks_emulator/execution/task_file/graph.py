"""A task of several steps, and which step waits for which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

VERSIONS = ("1.0-preview-1", "v1.0.0", "v1.1.0")
DEFAULT_VERSION = "v1.0.0"
STEP_TIMEOUT = 600
WORKING_DIRECTORY = "/workspace"
AT_ONCE = "-"
"""In `when`: start with the run."""

_ROOT = "acb_root"


class GraphError(ValueError):
    """The task cannot be run; the text is the agent's, or names what the emulator does not support."""


@dataclass(frozen=True)
class Step:
    """One step: exactly one of `cmd`, `build` and `push`. Times are in seconds.

    after: the ids of the steps that must have ended well. `keep` has no effect: nothing outlives its run, as in the
    service. volume_mounts: names of volumes and the paths at which the container finds them. retry_on_errors: when
    there are any, the step is tried again only after it has printed one of them. detach: the step has ended well as
    soon as it begins, and is ended with the run. pull: the image is fetched even where it is there already.
    download_retries: how often that is tried again. buildkit: the build step's own `env` asks for BuildKit.
    """

    id: str
    after: tuple[str, ...]
    cmd: str | None = None
    build: str | None = None
    push: tuple[str, ...] = ()
    timeout: int = STEP_TIMEOUT
    retries: int = 0
    retry_delay: int = 5
    repeat: int = 0
    start_delay: int = 0
    retry_on_errors: tuple[str, ...] = ()
    ignore_errors: bool = False
    detach: bool = False
    volume_mounts: tuple[tuple[str, str], ...] = ()
    env: tuple[str, ...] = field(default=(), repr=False)
    entry_point: str | None = None
    user: str | None = None
    working_directory: str | None = None
    network: str | None = None
    ports: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    privileged: bool = False
    isolation: str | None = None
    cpus: str | None = None
    pull: bool = False
    download_retries: int = 0
    download_retry_delay: int = 0
    buildkit: bool = False


@dataclass(frozen=True)
class Network:
    """A network of the task's containers. external: it exists already and is not made."""

    name: str
    driver: str = "bridge"
    ipv6: bool = False
    external: bool = False


DEFAULT_NETWORK = Network("acb_default_network")


@dataclass(frozen=True)
class Graph:
    """All steps of a task, each after those that it waits for.

    volumes: the files of each volume. remarks: what the log has to say of members that have no effect; host_remarks:
    the same, of members that have none where containers share the host's network.
    """

    steps: tuple[Step, ...]
    networks: tuple[Network, ...] = ()
    volumes: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    remarks: tuple[str, ...] = ()
    host_remarks: tuple[str, ...] = ()

    def on_host(self) -> Graph:
        """Return the graph without networks, for tools whose containers share the host's."""
        steps = tuple(replace(step, network=None) for step in self.steps)
        return replace(self, steps=steps, networks=(), remarks=(*self.host_remarks, *self.remarks))


def check_order(steps: Iterable[Step]) -> None:
    """Refuse doubles, and steps that wait for a step that is not above them. Raises GraphError in the agent's words."""
    known: set[str] = set()
    for step in steps:
        if step.id == _ROOT:
            raise GraphError(f"{_ROOT} is a reserved ID, it can't be used")
        if step.id in known:
            raise GraphError(f"{step.id} already exists as a vertex")
        known.add(step.id)
        for other in step.after:
            if other not in known:
                raise GraphError(f"{other} does not exist as a vertex [from: {other}, to: {step.id}]")
