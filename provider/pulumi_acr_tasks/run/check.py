"""Check of a run: its inputs resolved, its context hashed, and everything that is wrong with both.

It reads the context's files, and makes no request.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.run.diff import is_address
from pulumi_acr_tasks.schema.definitions import CONTEXT_HASHES, DEFINITIONS, INPUTS, kind, snake_case, variant
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.source.context import FILES, Context, inner_name
from pulumi_acr_tasks.source.given_archive import Tarball, is_tarball
from pulumi_acr_tasks.validate.members import check_arguments, check_value
from pulumi_acr_tasks.validate.names import check_task_name, resolve
from pulumi_acr_tasks.validate.problem import Problem, errors, member_path
from pulumi_acr_tasks.validate.properties import check_contents, check_properties
from pulumi_acr_tasks.validate.sources import check_address
from pulumi_acr_tasks.validate.task_file.dockerfile import check_dockerfile
from pulumi_acr_tasks.validate.task_file.file import check_task_file

_DOCKERFILE_LIMIT = 1 << 20  # characters of a Dockerfile that are checked
_SHOWN = 3  # files that a warning names
_LOGS = ("stream", "on-failure", "none")
_SCALARS = ("context", "logs", "wait", "queueTimeout", "cancelOnDelete")


def check(
    news: dict[str, Any], settings: Settings, olds: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a run's inputs, completed by `registryId`, `endpoint`, defaults and hashes, and their problems.

    `olds` are the inputs in state: their hash stays while it stands for the same context. Unknown values are skipped.
    """
    inputs, problems = _check_inputs(news, settings)
    # A program never writes a hash: one that is there comes from state, brought back by `ignore_changes`.
    kept = {name: inputs.pop(name) for name in CONTEXT_HASHES if name in inputs}
    if is_address(inputs.get("context")):
        return inputs, problems
    if kept.get("contextHash") is not None and inputs.get("context") is not None:
        return {**inputs, **kept}, problems
    unusable = any(problem.path == "context" for problem in errors(problems))
    if inputs.get("context") is not None and isinstance(inputs.get("runRequest"), dict) and not unusable:
        hashes, wrong = _check_context(inputs, settings, olds or {})
        return {**inputs, **hashes}, problems + wrong
    return inputs, problems


def context_of(inputs: dict[str, Any], settings: Settings) -> Context | Tarball:
    """Return the local context of a run, a folder or an archive. It is relative to the program's folder."""
    if is_tarball(Path(inputs["context"])):
        return Tarball(Path(inputs["context"]), inputs["runRequest"])
    left_out = [Path(home) for home in (os.environ.get("PULUMI_HOME"), settings.embedded_data) if home]
    return Context(Path(inputs["context"]), inputs["runRequest"], tuple(left_out))


def local_context_hash(path: str, request: dict[str, Any], settings: Settings) -> tuple[str, list[Problem]]:
    """Return the hash of a local context, 64 hexadecimal digits, and everything that is wrong with the context.

    `request` has the file paths of a run's request. With a problem there is no hash.
    """
    if is_address(path):
        return "", [Problem("context", "is an address, which the service fetches; only local contexts have a hash")]
    context = context_of({"context": path, "runRequest": request}, settings)
    problems = [Problem(snake_case(member) or "context", message) for member, message in context.problems()]
    if problems:
        return "", problems
    try:
        return context.fingerprint().hash.removeprefix("sha256:"), []
    except SourceError as error:
        return "", [Problem("context", str(error))]


def _check_inputs(inputs: dict[str, Any], settings: Settings) -> tuple[dict[str, Any], list[Problem]]:
    """Return a run's inputs, completed by all but the hashes, and what is wrong with them."""
    resolved, problems = resolve(inputs, settings.registry_defaults, settings.endpoint)
    problems += check_arguments(inputs, "Run")
    request = resolved.get("runRequest")
    if isinstance(request, dict):
        request = resolved["runRequest"] = _with_defaults(request)
    if request is None:
        problems.append(Problem("run_request", "is missing"))
    problems += check_value(request, kind("RunRequest"), "run_request")
    for name in _SCALARS:
        problems += check_value(resolved.get(name), INPUTS["Run"][name], member_path("", name))
    problems += _check_options(resolved)
    if isinstance(request, dict):
        problems += check_properties(request, "run_request", of="run")
        problems += check_contents(request, "run_request")
        if request.get("taskName"):
            problems += check_task_name(request["taskName"], member_path("run_request", "taskName"))
        problems += _check_source(request, resolved.get("context"), "run_request")
    return resolved, problems


def _with_defaults(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request with the members that the service requires and that have a default.

    The platform is Linux, as the Azure CLI has it, and a Docker build's file is `Dockerfile`.
    """
    known = DEFINITIONS.get(variant("RunRequest", request), {})
    return {**{name: of.default for name, of in known.items() if of.required and of.default is not None}, **request}


def _check_options(inputs: dict[str, Any]) -> list[Problem]:
    """Return the problems of the arguments that are not sent to the service."""
    logs, queue_timeout, wait = inputs.get("logs"), inputs.get("queueTimeout"), inputs.get("wait")
    problems = []
    if isinstance(logs, str) and logs not in _LOGS:
        problems.append(Problem("logs", f"is {logs!r}; it is one of {', '.join(_LOGS)}"))
    if isinstance(queue_timeout, int) and queue_timeout < 1:
        problems.append(Problem("queue_timeout", f"is {queue_timeout}; it is a number of seconds, 1 or more"))
    if queue_timeout is not None and wait is False:
        problems.append(
            Problem("queue_timeout", "is given for a run that is not awaited; only one that is awaited can be given up")
        )
    return problems


def _check_source(request: dict[str, Any], context: Any, path: str) -> list[Problem]:
    """Return a problem unless the files come from exactly one source that the service can use."""
    definition, location = variant("RunRequest", request), request.get("sourceLocation")
    if is_unknown(request.get("type")):
        return []
    if context == "":
        return [Problem("context", "is empty; give a folder, '.' for the program's own, or leave it out")]
    if context is not None and definition == "TaskRunRequest":
        return [Problem("context", "is given with a TaskRunRequest; the task itself says where its files come from")]
    if context is not None and location is not None:
        return [
            Problem("context", f"is given together with {member_path(path, 'sourceLocation')}; give one or the other")
        ]
    for given, at in ((context, "context"), (location, member_path(path, "sourceLocation"))):
        if isinstance(given, str) and (wrong := check_address(given, at)):
            return wrong
    if context is None and location is None and definition in ("DockerBuildRequest", "FileTaskRunRequest"):
        wanted = "context, a local folder or archive, or run_request.source_location, an address"
        return [Problem("context", f"is missing; a {definition} needs files: give {wanted}")]
    return []


def _check_context(
    inputs: dict[str, Any], settings: Settings, olds: dict[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the hashes of a local context, and what is wrong with it.

    The hashes are UNKNOWN while the folder or one of its files is, and left out when the context cannot be packed.
    """
    if is_unknown(inputs["context"]) or any(is_unknown(inputs["runRequest"].get(member)) for member in FILES):
        return dict.fromkeys(CONTEXT_HASHES[:2], UNKNOWN), []
    context = context_of(inputs, settings)
    problems = [
        Problem(member_path("run_request", member) if member else "context", message)
        for member, message in context.problems()
    ]
    if isinstance(context, Context) and not problems:
        problems = [
            *_check_task_file(inputs["runRequest"], context.folder),
            *_check_dockerfile(inputs["runRequest"], context.folder),
        ]
    if errors(problems):
        return {}, problems
    try:
        found = context.fingerprint()
        problems += _check_left_out(context)
    except SourceError as error:
        return {}, [*problems, Problem("context", str(error))]
    # Another machine may have written the hash in state, which it would write again for an unchanged folder.
    hash_ = found.reconciled(olds.get("contextHash"), olds.get("contextContents"))
    # The tree belongs to the hash: a state of an older release without a tree stays unchanged.
    tree = olds.get("contextTree") if hash_ == olds.get("contextHash") else found.tree
    hashes = {"contextHash": hash_, "contextContents": found.contents, **({"contextTree": tree} if tree else {})}
    return hashes, problems


def _check_left_out(context: Context | Tarball) -> list[Problem]:
    """Return a warning for files that are sent, and that the service's builder leaves out."""
    left_out = context.missed_by_classic_builder()
    if not left_out:
        return []
    more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
    return [
        Problem(
            "context",
            "sends files that the service's builder leaves out of its build: "
            f"{', '.join(left_out[:_SHOWN])}{more}. For an exception with a wildcard in .dockerignore it does not "
            "enter an ignored folder: ignore what is in that folder (folder/*) and not the folder, or name the "
            "exceptions without wildcards",
            warning=True,
        )
    ]


def _check_dockerfile(request: dict[str, Any], folder: Path) -> list[Problem]:
    """Return what fails at the service in the Dockerfile of a Docker build, or means something else there."""
    name = request.get("dockerFilePath")
    if not isinstance(name, str) or not _builds_for_linux(request):
        return []
    path = member_path("run_request", "dockerFilePath")
    try:
        with (folder / inner_name(name)).open(encoding="utf-8", errors="replace") as file:
            text = file.read(_DOCKERFILE_LIMIT)
    except OSError as error:
        return [Problem(path, f"cannot be read: {error.strerror}")]
    found = [Problem(path, f"{name!r}, {finding.sentence}", not finding.fails) for finding in check_dockerfile(text)]
    if " " in name:
        found.append(Problem(path, f"is {name!r}; the service's scan fails for a path with a blank: rename it"))
    return found


def _builds_for_linux(request: dict[str, Any]) -> bool:
    platform = request.get("platform")
    system = platform.get("os") if isinstance(platform, dict) else None
    return variant("RunRequest", request) == "DockerBuildRequest" and str(system).lower() != "windows"


def _check_task_file(request: dict[str, Any], folder: Path) -> list[Problem]:
    """Return the problems of the request's task file, if it is YAML in a local folder."""
    name = request.get("taskFilePath")
    if not isinstance(name, str) or not name.lower().endswith((".yaml", ".yml")) or not folder.is_dir():
        return []
    path = member_path("run_request", "taskFilePath")
    try:
        text = (folder / inner_name(name)).read_text(encoding="utf-8")
    except OSError as error:
        return [Problem(path, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return [Problem(path, "is not text in UTF-8")]
    return [Problem(path, f"{name!r}, {finding}", finding.warning) for finding in check_task_file(text)]
