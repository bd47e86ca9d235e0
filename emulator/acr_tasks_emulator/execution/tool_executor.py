"""The executor that builds and runs for real, with whatever tool there is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from acr_tasks_emulator.execution.bases import Bases
from acr_tasks_emulator.execution.build_line import parse_build
from acr_tasks_emulator.execution.container import run_command
from acr_tasks_emulator.execution.docker_build import build
from acr_tasks_emulator.execution.graph import Graph, Step
from acr_tasks_emulator.execution.image_name import ImageNameError
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.push import push
from acr_tasks_emulator.execution.registry import OciRegistry, RegistryError
from acr_tasks_emulator.execution.remote import Remotes
from acr_tasks_emulator.execution.source import NO_SOURCE, SourceError, file_in
from acr_tasks_emulator.execution.steps import StepFailedError, run_steps
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.task_file import TaskFileError, load
from acr_tasks_emulator.execution.templates import TemplateError, render, run_variables
from acr_tasks_emulator.execution.tool import Build, NetworkError, Tool, ToolError
from acr_tasks_emulator.execution.workspace import Workspace


class ToolExecutor:
    """Builds images and runs containers with a tool, several runs at once. Builds are no sandbox."""

    def __init__(self, data: Path, tool: Tool, oci: OciRegistry) -> None:
        self.name = tool.name
        self._runs = data.resolve() / "runs"
        self._tool = tool
        self._oci = oci
        self._bases = Bases(tool, oci, data.resolve() / "scratch")
        self._remotes = Remotes(tool.supervisor, oci)
        for left in self._runs.glob("*"):  # of an emulator that was killed, by users of its containers
            self._remove(left)

    def run(self, job: Job, log: RunLog, stop: Stop) -> Outcome:
        """Run a job to its end; its folder is removed afterwards."""
        run = Workspace(job, log, self._runs / job.run_id)
        error: str | None = None
        try:
            with self._tool.in_use():
                log.say(f"Using acb_vol_{job.run_id} as the home volume")
                self._bases.seed(stop)
                self._run(run, stop)
        except StepFailedError as failure:
            error = f"failed during run, err: {failure}"
        except (SourceError, TemplateError, ImageNameError, TaskFileError, NetworkError) as failure:
            error = str(failure)
        except (RegistryError, ToolError) as failure:
            if not stop.asked:
                log.line(str(failure))
                return Outcome("Error", run.pushed, str(failure))
        finally:
            self._remove(run.folder)
        status = "Failed" if error or stop.asked else "Succeeded"
        return Outcome(status, run.pushed, error, run.base_images if job.kind == "Docker" else [])

    def _run(self, run: Workspace, stop: Stop) -> None:
        if str((run.job.platform or {}).get("os") or "linux").lower() != "linux":
            raise SourceError("the emulator runs Linux builds and containers only; this run's platform is Windows")
        run.log.say("Obtaining source code and scanning for dependencies...")
        run.open(self._remotes, stop)
        run.log.say("Successfully obtained source code and scanned for dependencies")
        if stop.asked:
            return
        if run.job.kind == "Docker":
            graph, build_of = _docker_graph(run)
        else:
            graph = load(run.job, run.source, lambda url: self._remotes.text(url, run.scratch, stop))
            if not self._tool.own_networks:
                graph = graph.on_host()

            def build_of(step: Step, run: Workspace) -> Build:
                return parse_build(step, run, self._remotes, stop)

        for remark in graph.remarks:
            run.log.say(remark)
        run.fill_volumes(graph.volumes)

        def act(step: Step, own: Stop) -> int:
            run.matched.discard(step.id)
            if step.push:
                return self._push(step, run, own)
            run.log.say(f"Launching container with name: {step.id}")
            if step.build is not None:
                return build(build_of(step, run), run, self._tool, self._bases, own, step)
            return run_command(step, run, self._tool, self._bases, own)

        with self._tool.networks(run.job.run_id, graph.networks, run.log, stop):
            run.log.say("Setting up Docker configuration...")
            run.log.say("Successfully set up Docker configuration")
            run_steps(graph, act, run.log, stop, lambda step: step.id in run.matched)

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():  # not ours: containers may have made folders as users of theirs
            self._tool.remove_folder(folder)

    def _push(self, step: Step, run: Workspace, stop: Stop) -> int:
        for name in step.push:
            status = push(run.full_name(name), run, self._tool, self._oci, stop)
            if status != 0 or stop.asked:
                return status
        return 0


def _docker_graph(run: Workspace) -> tuple[Graph, Callable[[Step, Workspace], Build]]:
    """The two steps that the service makes of a Docker step: `build`, and `push` unless pushing is switched off."""
    job, step = run.job, run.job.step
    if job.source is None and (not job.source_location or job.source_location.lower() == NO_SOURCE):
        raise SourceError("a Docker build needs a source: this run has none")
    variables = {"Run": run_variables(job)}
    names = [str(run.full_name(render(str(name), variables))) for name in step.get("imageNames") or []]
    task = Build(
        context=run.source,
        dockerfile=file_in(run.source, str(step.get("dockerFilePath") or "Dockerfile")),
        names=names,
        arguments={
            str(item["name"]): render(str(item.get("value") or ""), variables) for item in step.get("arguments") or []
        },
        target=step.get("target") or None,
        no_cache=bool(step.get("noCache")),
        platform=_platform(job),
    )
    steps = [Step(id="build", after=(), build=".", timeout=job.timeout)]
    if names and step.get("isPushEnabled") is not False:
        steps.append(Step(id="push", after=("build",), push=tuple(names), timeout=job.timeout))
    return Graph(tuple(steps)), lambda _step, _run: task


def _platform(job: Job) -> str | None:
    platform = job.platform or {}
    if not platform.get("architecture"):
        return None
    parts = ["linux", str(platform["architecture"]).lower(), str(platform.get("variant") or "").lower()]
    return "/".join(part for part in parts if part)
