"""The check of a run's inputs: what is wrong with them, and the hash of the local context."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.run import check as validate
from pulumi_acr_tasks.run.diff import is_address
from pulumi_acr_tasks.schema.definitions import variant
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.source.context import FILES, Context
from pulumi_acr_tasks.source.tarball import Tarball, is_tarball
from pulumi_acr_tasks.validate.problem import Problem, errors, member_path
from pulumi_acr_tasks.validate.task_file.dockerfile import check_dockerfile
from pulumi_acr_tasks.validate.task_file.file import check_task_file

_HASHES = ("contextHash", "contextContents", "contextTree")
_DOCKERFILE_LIMIT = 1 << 20  # characters that are looked at
_SHOWN = 3  # files that a warning names


def check(
    news: dict[str, Any], settings: Settings, olds: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """Complete a run's inputs (`registryId`, `endpoint`, defaults, those of `_HASHES`) and say everything that is wrong
    with them.

    `olds` are the inputs in state: their hash stays while it stands for the same context. Reads the context, and makes
    no request.
    """
    inputs, problems = validate.check(news, settings.registry_defaults, settings.endpoint)
    # No program writes a hash: one that is there is the state's, which `ignore_changes` has brought back.
    kept = {name: inputs.pop(name) for name in _HASHES if name in inputs}
    if is_address(inputs.get("context")):
        return inputs, problems
    if kept.get("contextHash") is not None and inputs.get("context") is not None:
        return {**inputs, **kept}, problems
    unusable = any(problem.path == "context" for problem in errors(problems))
    if inputs.get("context") is not None and isinstance(inputs.get("runRequest"), dict) and not unusable:
        inputs |= _hashes(inputs, settings, problems, olds or {})
    return inputs, problems


def context_of(inputs: dict[str, Any], settings: Settings) -> Context | Tarball:
    """The local context of a run, a folder or an archive. It is relative to the current folder, which is the
    program's."""
    if is_tarball(Path(inputs["context"])):
        return Tarball(Path(inputs["context"]), inputs["runRequest"])
    left_out = [Path(home) for home in (os.environ.get("PULUMI_HOME"), settings.embedded_data) if home]
    return Context(Path(inputs["context"]), inputs["runRequest"], tuple(left_out))


def _hashes(
    inputs: dict[str, Any], settings: Settings, problems: list[Problem], olds: dict[str, Any]
) -> dict[str, Any]:
    """The context's hashes; UNKNOWN while the folder or a file of it is; none when it cannot be packed, which is a
    problem then."""
    if is_unknown(inputs["context"]) or any(is_unknown(inputs["runRequest"].get(member)) for member in FILES):
        return dict.fromkeys(_HASHES[:2], UNKNOWN)
    context = context_of(inputs, settings)
    wrong = [
        Problem(member_path("run_request", member) if member else "context", message)
        for member, message in context.problems()
    ]
    if isinstance(context, Context):
        wrong = wrong or [
            *_check_task_file(inputs["runRequest"], context.folder),
            *_check_dockerfile(inputs["runRequest"], context.folder),
        ]
    problems += wrong
    if errors(wrong):
        return {}
    try:
        found = context.fingerprint()
        problems += _warnings(context)
    except SourceError as error:
        problems.append(Problem("context", str(error)))
        return {}
    # Another machine may have written the hash in state: a folder that it would know again has not changed.
    settled = found.settled(olds.get("contextHash"), olds.get("contextContents"))
    # The tree is the hash's: what an older release wrote without one stays unchanged.
    tree = olds.get("contextTree") if settled == olds.get("contextHash") else found.tree
    return {"contextHash": settled, "contextContents": found.contents, **({"contextTree": tree} if tree else {})}


def _warnings(context: Context | Tarball) -> list[Problem]:
    """Say which files the builder of the service will not find although they are sent."""
    unreached = context.unreached()
    if not unreached:
        return []
    more = f" and {len(unreached) - _SHOWN} more" if len(unreached) > _SHOWN else ""
    return [
        Problem(
            "context",
            "sends files that the service's builder leaves out of its build: "
            f"{', '.join(unreached[:_SHOWN])}{more}. For an exception with a wildcard in .dockerignore it does not "
            "enter an ignored folder: ignore what is in that folder (folder/*) and not the folder, or name the "
            "exceptions without wildcards",
            warning=True,
        )
    ]


def _check_dockerfile(request: dict[str, Any], folder: Path) -> list[Problem]:
    """Say what of the Dockerfile of a Docker build fails at the service, or means something else there."""
    name = request.get("dockerFilePath")
    if not isinstance(name, str) or not _builds_for_linux(request):
        return []
    path = member_path("run_request", "dockerFilePath")
    try:
        with (folder / name).open(encoding="utf-8", errors="replace") as file:
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
    """Says what is wrong with the request's task file, where it is YAML in a local folder."""
    name = request.get("taskFilePath")
    if not isinstance(name, str) or not name.lower().endswith((".yaml", ".yml")) or not folder.is_dir():
        return []
    path = member_path("run_request", "taskFilePath")
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [Problem(path, f"cannot be read as text: {type(error).__name__}")]
    return [Problem(path, f"{name!r}, {finding}", finding.warning) for finding in check_task_file(text)]
