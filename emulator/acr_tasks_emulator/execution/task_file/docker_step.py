"""A task's Docker step or a Docker build request as steps: `build`, and `push` unless it is disabled."""

from __future__ import annotations

import contextlib
from typing import Any

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.shell.parse_line import ShellError, read_line
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.task_file.graph import Graph, Step
from acr_tasks_emulator.execution.task_file.templates import render_objects, run_variables
from acr_tasks_emulator.execution.template.evaluator import render
from acr_tasks_emulator.execution.template.nodes import TemplateError


def docker_graph(run: RunContext) -> Graph:
    """Return the graph of a Docker step. As in the service, its members become one command line.

    Raises SourceError, TemplateError.
    """
    job, step = run.job, run.job.step
    if job.source is None and job.fetched_from is None:
        raise SourceError("a Docker build needs a source: this run has none")
    objects = render_objects(run_variables(job), {})
    names = [_with_registry(render(str(name), objects), job) for name in step.get("imageNames") or []]
    words = ["--no-cache"] if step.get("noCache") else []
    words += ["-f", str(step.get("dockerFilePath") or "Dockerfile")]
    words += [part for name in names for part in ("-t", name)]
    words += [
        part for item in step.get("arguments") or [] for part in ("--build-arg", _argument(item, objects, run.log))
    ]
    words += ["--target", render(str(step["target"]), objects)] if step.get("target") else []
    steps = [Step(id="build", after=(), build=" ".join([*words, "."]), timeout=job.timeout)]
    if names and step.get("isPushEnabled") is not False:
        steps.append(Step(id="push", after=("build",), push=tuple(dict.fromkeys(names)), timeout=job.timeout))
    return Graph(tuple(steps))


def _with_registry(name: str, job: Job) -> str:
    """Return an image name with the run's registry in front, as the service does."""
    for host in job.own_hosts:
        if name.startswith(f"{host}/"):
            return f"{job.login_server}/{name.removeprefix(f'{host}/')}"
    return f"{job.login_server}/{name}"


def _argument(item: dict[str, Any], objects: dict[str, Any], log: RunLog) -> str:
    """Return `NAME=VALUE` with the value rendered. Hide the rendered value of a secret in the log too."""
    name, value = str(item["name"]), str(item.get("value") or "")
    if not item.get("isSecret"):
        return f"{name}={render(value, objects)}"
    try:
        found = render(value, objects)
    except TemplateError:
        raise TemplateError(
            f"template: the value of the secret argument {name} cannot be rendered: the agent reads {{{{ in the value "
            "of an argument as the beginning of a template; give such a secret another way, such as by a file"
        ) from None
    log.hide([found, *_as_words(found)])
    return f"{name}={found}"


def _as_words(text: str) -> list[str]:
    """Return the word that the shell makes of a text; empty when it is not exactly one."""
    with contextlib.suppress(ShellError):
        words = read_line(f": {text}").items[0].commands[0].words[1:]
        return words if len(words) == 1 else []
    return []
