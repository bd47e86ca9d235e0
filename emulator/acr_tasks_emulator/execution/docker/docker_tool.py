"""The container tool docker: its daemon builds images and runs containers."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from acr_tasks_emulator.execution.build.dockerfile import image_references, renamed
from acr_tasks_emulator.execution.build.image_name import ImageNameError, parse
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.container_tool import BaseImage, Build, Container, NetworkError
from acr_tasks_emulator.execution.docker import cleanup
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli
from acr_tasks_emulator.execution.docker.docker_images import LABEL, DockerImages, own_name
from acr_tasks_emulator.execution.programs import Rename, ToolError, in_environment
from acr_tasks_emulator.execution.registry import busybox
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.task_file.graph import Network
from acr_tasks_emulator.process.supervisor import Supervisor

_RUNNING = re.compile(r" ---> Running in ([0-9a-f]{12,})")
_MISSING_IMAGE = "missing.invalid/nothing"
"""The name in place of an image that was not found, so that the daemon does not search for it elsewhere."""

_COLOUR = re.compile(r"\x1b\[\d*m")  # the builder colours what RUN lines print on stderr
_NOISE = re.compile(
    r"DEPRECATED: The legacy builder.*| {12}(BuildKit is currently|environment-variable|Install the buildx|https://docs).*"
    r"|Successfully built [0-9a-f]+|Run 'docker run --help' for more information"
)


def open_docker(data: Path, supervisor: Supervisor) -> Docker:
    """Return docker with a working daemon. The proof is to build and run the seeded busybox, if this machine has one.

    Raises ToolError with the reason when docker does not work here.
    """
    cli = DockerCli(data.resolve() / "docker", supervisor)
    cli.find_daemon()
    tool = Docker(cli)
    tool.sweep()
    program = [sys.executable, "-I", "-S", cleanup.__file__, "LIFE", tool.label]
    supervisor.start_cleanup(program, env=cli.environment())
    if busybox.find_program() is not None:
        tool.prove(busybox.seed(tool, cli.folder, Cancellation()))
    return tool


def label_of(folder: Path) -> str:
    """Return the label of the containers and networks of an emulator. folder: `docker/` in its data folder."""
    return f"{LABEL}={hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


class Docker(DockerImages):
    """The tool docker. Its containers carry a label, and are removed after their run.

    The daemon is shared with other programs: it knows our images as `acr-tasks-emulator`, and by their full names only
    during a push.
    """

    name = "docker"
    shared = True
    own_networks = True

    def __init__(self, cli: DockerCli) -> None:
        super().__init__(cli)
        self.supervisor = cli.supervisor
        self.seeds = busybox.find_program() is not None
        self.label = label_of(cli.folder)
        self._prefix = f"acb_{self.label.partition('=')[2]}_"

    def prove(self, image_id: str) -> None:
        """Run a container that mounts our data folder. Raises ToolError when the daemon does not see our files."""
        options = ["--rm", "--label", self.label, "--network", "none", "-v", f"{self._cli.folder}:/seen"]
        try:
            self._cli.ask(["run", *options, image_id, "test", "-e", "/seen/config/config.json"], Cancellation())
        except ToolError as error:
            raise ToolError(f"the docker daemon does not see this machine's files, or cannot run ({error})") from error

    def sweep(self, run_id: str | None = None) -> None:
        """Remove the containers and networks of a run; without `run_id`, those of every run of this data folder."""
        cleanup.sweep(self._run_label(run_id) if run_id else self.label, self._cli.environment())

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Do nothing: the daemon needs no lock."""
        yield

    def make(self, context: Path, names: Sequence[str], cancellation: Cancellation) -> None:
        identity = context / "iid"
        options = ["--force-rm", "--network", "host", "--iidfile", str(identity)]
        self._cli.ask(["build", "-q", *options, str(context)], cancellation)
        built = identity.read_text().strip()
        self._cli.ask(["tag", built, own_name(built)], cancellation)
        self._names.update(dict.fromkeys(names, built))

    def build(self, task: Build, base_images: Sequence[BaseImage], run: RunContext, rename: Rename) -> tuple[int, str]:
        """See Tool. The Dockerfile's base images are replaced by their ids: the daemon does not have their names.

        BuildKit accepts no ids, so it gets the tags that we gave them.
        """
        base = run.scratch / uuid.uuid4().hex
        dockerfile, identity = base.with_suffix(".Dockerfile"), base.with_suffix(".iid")
        text = task.dockerfile.read_text(errors="replace")
        arguments, environment = in_environment("--build-arg", task.arguments, _reserved)
        needed = image_references(text, task.arguments, task.target, task.buildkit)
        names = {image: _MISSING_IMAGE for image in needed.images if _is_name(image)}
        names |= {origin.image: origin.image_id for origin in base_images}
        if task.buildkit:  # the client needs its plug-in buildx for this
            environment["DOCKER_BUILDKIT"] = "1"
            for origin in base_images:
                names[origin.image] = own_name(origin.image_id)
                self._cli.ask(["tag", origin.image_id, own_name(origin.image_id)], run.cancellation)
        dockerfile.write_text(renamed(text, needed.references, names))
        options = ["--progress", "plain"] if task.buildkit else []
        options += ["--force-rm", "--network", "host", *arguments, "--iidfile", str(identity), "-f", str(dockerfile)]
        output_filter = _OutputFilter(base_images, rename)
        argv = ["build", *options, *task.options(), str(task.context)]
        status = self._cli.run_with_log(argv, run, environment=environment, rename=output_filter.line)
        if run.cancellation.requested and output_filter.running:
            self._remove(output_filter.running)
        if status != 0:
            return status, ""
        built = identity.read_text().strip()
        self.remember(built)
        return 0, built

    @contextlib.contextmanager
    def networks(self, networks: Sequence[Network], run: RunContext) -> Iterator[None]:
        try:
            for network in networks:
                if network.external:
                    run.log.say(f"Skip creating network: {network.name}")
                    continue
                run.log.say(f"Creating Docker network: {network.name}, driver: '{network.driver}'")
                options = ["--label", self.label, "--label", self._run_label(run.job.run_id)]
                options += ["--driver", network.driver, *(["--ipv6"] if network.ipv6 else [])]
                try:
                    self._cli.ask(
                        ["network", "create", *options, self._network(run.job.run_id, network.name)], run.cancellation
                    )
                except ToolError as error:
                    raise NetworkError(f"failed to create network: {network.name}, err: {error}") from error
                run.log.say(f"Successfully set up Docker network: {network.name}")
            yield
        finally:
            self.sweep(run.job.run_id)

    def run(self, container: Container, run: RunContext, on_line: Callable[[str], None]) -> int:
        step, name = container.step, f"{self._prefix}{container.name}"
        variables = dict(item.partition("=")[::2] for item in container.environment)
        given, environment = in_environment("--env", variables, _reserved)
        options = ["--name", name, *given, "--label", self.label]
        options += ["--label", self._run_label(run.job.run_id)]
        options += [part for folder, path in container.folders for part in ("--volume", f"{folder}:{path}")]
        options += ["--network", self._network(run.job.run_id, step.network)] if step.network else []
        options += ["--network-alias", step.id] if step.network else []
        options += [part for port in step.ports for part in ("--publish", on_loopback(port))]
        options += [part for port in step.expose for part in ("--expose", port)]
        options += ["--privileged"] if step.privileged else []
        for option in ("user", "isolation", "cpus"):
            value = getattr(step, option)
            options += [f"--{option}", value] if value else []
        options += ["--workdir", container.working_directory] if container.working_directory else []
        options += ["--entrypoint", step.entry_point] if step.entry_point else []

        def rename(line: str) -> str | None:
            on_line(line)
            return None if _NOISE.fullmatch(line) else line

        argv = ["run", "--rm", *options, container.image_id, *container.arguments]
        status = self._cli.run_with_log(argv, run, environment=environment, rename=rename)
        if run.cancellation.requested:
            self._remove([name])
        return status

    def remove_folder(self, folder: Path) -> None:
        image = self._names.get(f"docker.io/{busybox.REPOSITORY}:latest")
        if image is not None:
            options = ["--rm", "--label", self.label, "--network", "none", "-v", f"{folder.parent}:/parent"]
            with contextlib.suppress(ToolError):
                self._cli.ask(["run", *options, image, "rm", "-rf", f"/parent/{folder.name}"], Cancellation())

    def _run_label(self, run_id: str) -> str:
        return f"{LABEL}.run={self._prefix}{run_id}"

    def _network(self, run_id: str, name: str) -> str:
        return f"{self._prefix}{run_id}_{name}"

    def _remove(self, containers: Sequence[str]) -> None:
        with contextlib.suppress(ToolError):
            self._cli.ask(["rm", "-f", "-v", *containers], Cancellation())


def _is_name(image: str) -> bool:
    try:
        parse(image)
    except ImageNameError:  # the builder reports it in its own words
        return False
    return True


def _reserved(name: str) -> bool:
    return name in {"PATH", "HOME", "LANG", "TZ", "SSH_AUTH_SOCK"} or name.startswith(("DOCKER_", "BUILDKIT_"))


def on_loopback(port: str) -> str:
    """Return the value of `--publish` for a port: on loopback, unless the task names an address."""
    parts = port.count(":")
    return f"127.0.0.1::{port}" if parts == 0 else f"127.0.0.1:{port}" if parts == 1 else port


class _OutputFilter:
    """A filter of the builder's lines: ids of images become names. running: the container of the current RUN line."""

    def __init__(self, base_images: Sequence[BaseImage], rename: Rename) -> None:
        self._origins = base_images
        self._rename = rename
        self._deprecated = False
        self.running: list[str] = []

    def line(self, text: str) -> str | None:
        text = _COLOUR.sub("", text)
        if _NOISE.fullmatch(text):
            self._deprecated = not text.startswith("Successfully")
            return None
        if self._deprecated and not text:  # the empty line below docker's advice
            self._deprecated = False
            return None
        running = _RUNNING.fullmatch(text)
        if running:
            self.running = [running.group(1)]
        for origin in self._origins:
            text = text.replace(origin.image_id, origin.image)
            text = text.replace(f"docker.io/library/{own_name(origin.image_id)}", origin.image)
            text = text.replace(own_name(origin.image_id), origin.image)
        return self._rename(text)
