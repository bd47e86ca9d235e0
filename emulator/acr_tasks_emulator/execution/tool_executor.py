"""The executor that really builds and runs, with buildah or docker."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from acr_tasks_emulator.execution.build.base_images import BaseImageFinder
from acr_tasks_emulator.execution.build.docker_build import build
from acr_tasks_emulator.execution.build.image_name import ImageName, ImageNameError
from acr_tasks_emulator.execution.build.push import push
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.container_tool import NetworkError, Tool
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.programs import ToolError
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry, RegistryError
from acr_tasks_emulator.execution.run_context import RunContext, check_texts
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.shell.build_step import build_of, fetch_context, run_build
from acr_tasks_emulator.execution.shell.cmd_step import run_command, run_container
from acr_tasks_emulator.execution.shell.docker_options import Options
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.fetch import SourceFetcher
from acr_tasks_emulator.execution.steps import StepFailedError, run_steps
from acr_tasks_emulator.execution.task_file.docker_step import docker_graph
from acr_tasks_emulator.execution.task_file.graph import Step
from acr_tasks_emulator.execution.task_file.load import TaskFileError, load
from acr_tasks_emulator.execution.template.nodes import TemplateError


class ToolExecutor:
    """An executor that uses a container tool, for several runs at once. Builds are not sandboxed."""

    def __init__(self, data: Path, tool: Tool, oci: OciRegistry) -> None:
        self.name = tool.name
        self._runs = data.resolve() / "runs"
        self._tool = tool
        self._finder = BaseImageFinder(tool, oci, data.resolve() / "scratch")
        self._fetcher = SourceFetcher(tool.supervisor, oci)
        for left in self._runs.glob("*"):  # of an emulator that was killed, by users of its containers
            self._remove(left)

    def run(self, job: Job, log: RunLog, cancellation: Cancellation) -> Outcome:
        """Run a job to its end; its folder is removed afterwards."""
        run = RunContext(job, log, cancellation, self._runs / job.run_id)
        error: str | None = None
        try:
            with self._tool.in_use():
                log.say(f"Using acb_vol_{job.run_id} as the home volume")
                self._finder.seed(cancellation)
                self._run(run)
        except StepFailedError as failure:
            error = f"failed during run, err: {failure}"
        except (SourceError, TemplateError, ImageNameError, TaskFileError, NetworkError) as failure:
            error = str(failure)
        except (RegistryError, ToolError) as failure:
            if not cancellation.requested:
                log.line(str(failure))
                return Outcome("Error", run.pushed, str(failure))
        finally:
            self._remove(run.folder)
        status = "Failed" if error or cancellation.requested else "Succeeded"
        return Outcome(status, run.pushed, error, run.base_images if job.kind == "Docker" else [])

    def _run(self, run: RunContext) -> None:
        if str((run.job.platform or {}).get("os") or "linux").lower() != "linux":
            raise SourceError("the emulator runs Linux builds and containers only; this run's platform is Windows")
        check_texts(run.job)
        run.log.say("Obtaining source code and scanning for dependencies...")
        run.open(self._fetcher)
        run.log.say("Successfully obtained source code and scanned for dependencies")
        if run.cancellation.requested:
            return
        if run.job.kind == "Docker":
            graph = docker_graph(run)
        else:
            graph = load(run.job, run.source, lambda url: self._fetcher.text(url, run))
            if not self._tool.own_networks:
                graph = graph.on_host()
        for remark in graph.remarks:
            run.log.say(remark)
        run.fill_volumes(graph.volumes)

        with self._tool.networks(graph.networks, run):
            run.log.say("Setting up Docker configuration...")
            run.log.say("Successfully set up Docker configuration")
            run_steps(graph, self._act, run)

    def _act(self, step: Step, run: RunContext) -> int:
        """Run a step to its end, and return its exit status. run: the step's own context."""
        if step.push:
            return self._push(step, run)
        run.log.say(f"Launching container with name: {step.id}")
        if step.build is not None:
            return run_build(step, run, lambda options: self._build(options, step, run))

        def start(options: Options, image: ImageName) -> int:
            return run_container(options, image, step, run, self._finder)

        return run_command(step, run, self._tool.own_networks, start)

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():  # not ours: containers may have made folders as users of theirs
            self._tool.remove_folder(folder)

    def _build(self, options: Options, step: Step, run: RunContext) -> int:
        task = build_of(options, step, run, fetch_context(options, step, run, self._fetcher))
        if run.job.kind == "Docker":
            task = replace(task, platform=_platform(run.job))
        return build(task, step, run, self._finder)

    def _push(self, step: Step, run: RunContext) -> int:
        for name in step.push:
            status = push(run.full_name(name), run, self._finder)
            if status != 0 or run.cancellation.requested:
                return status
        return 0


def _platform(job: Job) -> str | None:
    platform = job.platform or {}
    if not platform.get("architecture"):
        return None
    parts = ["linux", str(platform["architecture"]).lower(), str(platform.get("variant") or "").lower()]
    return "/".join(part for part in parts if part)
