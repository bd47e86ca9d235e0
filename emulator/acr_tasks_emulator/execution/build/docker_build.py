"""Builds of images from Dockerfiles, with any tool."""

from __future__ import annotations

from dataclasses import dataclass, field

from acr_tasks_emulator.execution.build.base_images import BaseImageError, BaseImageFinder
from acr_tasks_emulator.execution.build.classic_builder import refusal, syntax_of
from acr_tasks_emulator.execution.build.dependency_scan import ScanError, scan
from acr_tasks_emulator.execution.build.dockerfile import ImageReferences, image_references, read_dockerfile
from acr_tasks_emulator.execution.build.image_name import ImageNameError, parse
from acr_tasks_emulator.execution.container_tool import BaseImage, Build
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.source.paths import check_ignore_files
from acr_tasks_emulator.execution.task_file.graph import WORKING_DIRECTORY, Step


@dataclass(frozen=True)
class _BaseImages:
    """The base images of a build. problems: why images are missing. dependencies: BaseImageDependency members."""

    found: list[BaseImage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    dependencies: list[dict[str, str]] = field(default_factory=list)


def build(task: Build, step: Step, run: RunContext, finder: BaseImageFinder) -> int:
    """Build an image with the builder's lines in the log; return the exit status. The run then has the image's names.

    The base images are fetched into the tool first, so that the builder makes no request.
    """
    text, needed = scanned(task, run)
    base_images = _fetch_base_images(needed, run, finder)
    run.log.say("Successfully scanned dependencies")
    if refused(task, text, run):
        return 1

    def rename(line: str) -> str:
        run.note_retry_error(step, line)
        for base in base_images.found:
            line = line if base.named else line.replace(base.image_id.removeprefix("sha256:"), base.image)
        return line.replace(str(run.source), WORKING_DIRECTORY)

    status, built = finder.tool.build(task, base_images.found, run, rename)
    if status != 0:
        for problem in base_images.problems:
            run.log.line(problem)
        return status
    run.log.line(f"Successfully built {built.removeprefix('sha256:')[:12]}")
    with run.lock:
        run.built.update(dict.fromkeys(task.names, built))
        run.base_images += base_images.dependencies
    for tagged in task.names:
        run.log.line(f"Successfully tagged {tagged}")
    if task.identity_file is not None:
        task.identity_file.write_text(f"sha256:{built.removeprefix('sha256:')}")
    return 0


def _fetch_base_images(needed: ImageReferences, run: RunContext, finder: BaseImageFinder) -> _BaseImages:
    """Fetch the base images of a Dockerfile into the tool."""
    images = _BaseImages()
    for image in needed.images:
        try:
            name = run.full_name(image)
            own = run.built.get(str(name))
            if own is not None:  # images of this run have no name in the tool, where other runs would see it
                images.found.append(BaseImage(image, own, named=False))
                continue
            image_id = finder.fetch(name, run)
            kind = "Runtime" if image == needed.runtime else "BuildTime"
            images.dependencies.append({"type": kind, **finder.described(name, image_id, run.cancellation)})
            # Azure's name of this registry is not a name in the tool.
            images.found.append(BaseImage(image, image_id, named=str(name) == str(parse(image))))
        except BaseImageError as error:
            images.problems.append(str(error))
        except ImageNameError:
            continue  # the builder reports it in its own words
    return images


def scanned(task: Build, run: RunContext) -> tuple[str, ImageReferences]:
    """Scan the Dockerfile, as the agent does before a build; return its text and its base images.

    Raises ScanError, SourceError.
    """
    run.log.say("Scanning for dependencies...")
    text = read_dockerfile(task.dockerfile)
    check_ignore_files(task.context, task.dockerfile)
    needed = image_references(text, task.arguments, task.target, task.buildkit)
    try:
        scan(text, task.assignments, task.target)
    except ScanError as error:
        raise ScanError(f"failed to scan dependencies: {error}") from None
    return text, needed


def refused(task: Build, text: str, run: RunContext) -> bool:
    """Return whether the classic builder refuses a Dockerfile, and log why. Log a `# syntax` line that it ignores."""
    if task.buildkit:
        return False
    frontend = syntax_of(text)
    if frontend is not None:
        run.log.say(f"The classic builder takes no notice of the Dockerfile's line # syntax={frontend}")
    problem = refusal(text)
    if problem is not None:
        run.log.line(problem)
    return problem is not None
