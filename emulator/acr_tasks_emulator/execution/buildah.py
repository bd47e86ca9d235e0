"""The executor that builds and runs with buildah, without a daemon."""

from __future__ import annotations

import time
from pathlib import Path

from acr_tasks_emulator.execution import seed
from acr_tasks_emulator.execution.bases import Bases
from acr_tasks_emulator.execution.docker_build import Build, build
from acr_tasks_emulator.execution.image_name import ImageNameError
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.push import push
from acr_tasks_emulator.execution.registry import OciRegistry, RegistryError
from acr_tasks_emulator.execution.source import SourceError, file_in
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.store import Store, StoreError, why_not_installed
from acr_tasks_emulator.execution.templates import TemplateError, render, run_variables
from acr_tasks_emulator.execution.workspace import Workspace
from acr_tasks_emulator.supervisor import Supervisor


class RunFailedError(Exception):
    """The run ends as Failed; the text becomes its error message."""


def open_store(data: Path, supervisor: Supervisor) -> Store:
    """The data folder's store, proved to work by building the seeded busybox in it; the first time takes about a
    second.

    Tries the overlay driver, then vfs. Raises StoreError with a sentence when builds do not work here.
    """
    reason = why_not_installed()
    if reason is not None:
        raise StoreError(reason)
    store = Store(data / "buildah", supervisor)
    proof = store.folder / "driver"
    if proof.exists():
        store.use_driver(proof.read_text())
        return store
    failures = []
    for driver in ("overlay", "vfs"):
        store.use_driver(driver)
        try:
            seed.seed(store, Stop())
        except StoreError as error:
            failures.append(str(error))
        else:
            proof.write_text(driver)
            return store
    raise StoreError(f"a first build failed: {failures[0]}")


class BuildahExecutor:
    """Builds images and runs containers with buildah: chroot isolation, a store of its own, several runs at once.

    Builds share the host's network and are no sandbox.
    """

    name = "buildah"

    def __init__(self, data: Path, store: Store, oci: OciRegistry) -> None:
        self._runs = data / "runs"
        self._store = store
        self._oci = oci
        self._bases = Bases(store, oci)

    def run(self, job: Job, log: RunLog, stop: Stop) -> Outcome:
        """Run a job to its end; its folder is removed afterwards."""
        run = Workspace(job, log, self._runs / job.run_id)
        run.close()  # what a killed emulator may have left
        error: str | None = None
        try:
            with self._store.in_use():
                log.say(f"Using acb_vol_{job.run_id} as the home volume")
                self._bases.seed(stop)
                self._run(run, stop)
        except RunFailedError as failure:
            error = str(failure)
        except (SourceError, TemplateError, ImageNameError) as failure:
            log.line(str(failure))
            error = f"failed during run, err: {failure}"
        except (RegistryError, StoreError) as failure:
            if not stop.asked:
                log.line(str(failure))
                return Outcome("Error", run.pushed, str(failure))
        finally:
            run.close()
        return Outcome("Failed" if error or stop.asked else "Succeeded", run.pushed, error)

    def _run(self, run: Workspace, stop: Stop) -> None:
        if str((run.job.platform or {}).get("os") or "linux").lower() != "linux":
            raise SourceError("the emulator runs Linux builds and containers only; this run's platform is Windows")
        run.log.say("Obtaining source code and scanning for dependencies...")
        run.open(stop)
        run.log.say("Successfully obtained source code and scanned for dependencies")
        if stop.asked:
            return
        if run.job.kind == "Docker":
            self._docker(run, stop)
        else:
            raise SourceError("task files are not there yet")

    def _docker(self, run: Workspace, stop: Stop) -> None:
        """The two steps that the service makes of a Docker step: `build`, and `push` unless pushing is switched off."""
        job, step = run.job, run.job.step
        if job.source is None:
            raise SourceError("a Docker build needs a source: this run has none")
        variables = {"Run": run_variables(job)}
        names = [str(run.full_name(render(str(name), variables))) for name in step.get("imageNames") or []]
        arguments = {
            str(item["name"]): render(str(item.get("value") or ""), variables) for item in step.get("arguments") or []
        }
        task = Build(
            context=run.source,
            dockerfile=file_in(run.source, str(step.get("dockerFilePath") or "Dockerfile")),
            names=names,
            arguments=arguments,
            target=step.get("target") or None,
            no_cache=bool(step.get("noCache")),
            platform=_platform(job),
        )
        began = self._begin(run, "build")
        run.log.say("Launching container with name: build")
        status = build(task, run, self._store, self._bases, stop)
        self._end(run, "build", began, status, stop)
        if step.get("isPushEnabled", True) is False or not names:
            return
        began = self._begin(run, "push")
        for name in names:
            status = push(run.full_name(name), run, self._store, self._oci, stop)
            if status != 0 or stop.asked:
                break
        self._end(run, "push", began, status, stop)

    def _begin(self, run: Workspace, step: str) -> float:
        run.log.say(f"Executing step ID: {step}. Timeout(sec): {run.job.timeout}, Working directory: '', Network: ''")
        return time.monotonic()

    def _end(self, run: Workspace, step: str, began: float, status: int, stop: Stop) -> None:
        if stop.asked:
            raise RunFailedError("failed during run, err: the run was ended")
        if status != 0:
            run.log.say(f"Container failed during run: {step}. No retries remaining.")
            run.log.line(f"failed to run step ID: {step}: exit status {status}")
            raise RunFailedError(f"failed during run, err: exit status {status}")
        seconds = time.monotonic() - began
        run.log.say(f"Successfully executed container: {step}")
        run.log.say(f"Step ID: {step} marked as successful (elapsed time in seconds: {seconds:.6f})")


def _platform(job: Job) -> str | None:
    platform = job.platform or {}
    if not platform.get("architecture"):
        return None
    parts = ["linux", str(platform["architecture"]).lower(), str(platform.get("variant") or "").lower()]
    return "/".join(part for part in parts if part)
