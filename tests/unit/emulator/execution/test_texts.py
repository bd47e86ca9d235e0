"""Names of images, Dockerfiles, templates and logs: the parts of a run without a container."""

from __future__ import annotations

import base64
import io
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.build.dockerfile import image_references
from acr_tasks_emulator.execution.build.image_name import ImageNameError, parse
from acr_tasks_emulator.execution.buildah.buildah_tool import command_line
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.executor import ExecutorError, choose
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.run_log import LIMIT_BYTES, RunLog
from acr_tasks_emulator.execution.simulated_executor import SimulatedExecutor
from acr_tasks_emulator.execution.template.evaluator import render
from acr_tasks_emulator.execution.template.nodes import TemplateError
from acr_tasks_emulator.process.supervisor import Supervisor

NOW = datetime(2023, 3, 9, 20, 30, 10, tzinfo=timezone.utc)


class Sink:
    """A log in memory."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.mark = ""

    def write(self, data: bytes) -> None:
        self.data += data

    def complete(self, value: str) -> None:
        self.mark = value


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("team/app:1", "docker.io/team/app:1"),
        ("index.docker.io/busybox", "docker.io/library/busybox:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
        ("[::1]:5000/a/b:c", "[::1]:5000/a/b:c"),
        (f"mcr.microsoft.com/a@sha256:{'0' * 64}", f"mcr.microsoft.com/a@sha256:{'0' * 64}"),
    ],
)
def test_image_names(text: str, full: str) -> None:
    """Names are completed as Docker completes them."""
    assert str(parse(text)) == full


def test_base_images_by_platform() -> None:
    """FROM may use the platform, which the builder defines by itself."""
    assert image_references("FROM tool:${TARGETOS}-1", {}).images == ["tool:linux-1"]


@pytest.mark.parametrize("text", ["", "App", "a:b:c", "a b", "a/-b", "a:", "a@sha256:0", "-x", "../x"])
def test_malformed_image_names(text: str) -> None:
    """Docker's own words refuse a malformed name."""
    with pytest.raises(ImageNameError, match="invalid reference format"):
        parse(text)


def test_base_images() -> None:
    """The images of FROM and COPY --from are found; stages, scratch and here-documents are not."""
    text = """\
# syntax=docker/dockerfile:1
ARG BASE=busybox
ARG TAG
FROM --platform=linux/amd64 ${BASE}:${TAG:-1} AS one
RUN <<END
FROM not-this
END
FROM one AS two
COPY --from=one /a /a
COPY --from=0 /a /b
COPY --from=mcr.microsoft.com/tool:2 \\
  /c /c
from scratch
"""
    assert image_references(text, {}).images == ["busybox:1", "mcr.microsoft.com/tool:2"]
    assert image_references(text, {"BASE": "alpine", "TAG": "3"}).images == ["alpine:3", "mcr.microsoft.com/tool:2"]


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("app:{{.Run.ID}}", "app:cf1"),
        ("app:{{ .Run.ID }}", "app:cf1"),
        ("a {{- .Run.ID -}} b", "acf1b"),
        ("{{.Run.Nope}}|{{.Values.x}}|{{.Nope}}", "||"),
        ('{{.Values.x | default "latest"}}', "latest"),
        ("{{if .Values.x}}yes{{else}}no{{end}}", "no"),
        ('{{index .Values "on"}}', "true"),
        ("{{range $n, $word := splitList `,` `a,b`}}{{$n}}{{$word}}{{end}}", "0a1b"),
        ('{{printf "%s-%03d" .Run.ID 7}}', "cf1-007"),
        ("{{with .Run.ID}}{{.}}{{end}}{{if and (eq .Run.ID `cf1`) (not .Values.none)}}!{{end}}", "cf1!"),
        ("{{ .Run.ID | }}", "cf1"),
        ("{{ b64dec `*` }}", "illegal base64 data at input byte 0"),
        ("{{/* nothing */}}x", "x"),
        ("{{.Values.on}} {{.Values.deep.n}}", "true 3"),
        ("{{ .Run.ID | upper | quote }}", '"CF1"'),
        ("{{ default `x|y` .Values.none }}", "x|y"),
        ('{{ .Run.ID | replace "c" "d" | trunc 2 }}', "df"),
        ("{{ .Run.ID | b64enc | b64dec }}", "cf1"),
        ("{{ trimPrefix `c` .Run.ID }}{{ trimSuffix `1` .Run.ID }}", "f1cf"),
        (r'{{"\u00e9\U0001F600\377"}}', "\u00e9\U0001f600\xff"),
        ('{{printf "%c%c%c" 233 55296 1114112}}', "\u00e9\ufffd\ufffd"),
    ],
)
def test_templates(template: str, rendered: str) -> None:
    """Templates are rendered like Go's, missing values as nothing."""
    assert render(template, {"Run": {"ID": "cf1"}, "Values": {"on": True, "none": "", "deep": {"n": 3}}}) == rendered


@pytest.mark.parametrize(
    "template",
    [
        "{{.Run.Nope.More}}",
        "{{.Values.x | lower}}",
        "{{ if .Run.ID }}",
        "{{ .Run.ID | shout }}",
        "{{ lower }}",
        "{{ .Run.ID .Run.ID }}",
        "{{.Run.ID",
        "{{.Values.my-value}}",
        "{{.Run.ID.x}}",
        "{{}}",
        r'{{"\ud800"}}',
        r'{{"\U0000DFFF"}}',
        r'{{"\U00110000"}}',
        r'{{"\400"}}',
    ],
)
def test_templates_that_cannot_be_rendered(template: str) -> None:
    """The error has the words of Go's engine."""
    with pytest.raises(TemplateError, match=r"^template: "):
        render(template, {"Run": {"ID": "cf1"}})


@pytest.mark.parametrize(
    ("config", "arguments", "entry_point", "argv"),
    [
        ({"Cmd": ["sh"]}, [], None, ["sh"]),
        ({"Cmd": ["sh"]}, ["echo", "hi"], None, ["echo", "hi"]),
        ({"Entrypoint": ["echo", "a"], "Cmd": ["b"]}, [], None, ["echo", "a", "b"]),
        ({"Entrypoint": ["echo", "a"], "Cmd": ["b"]}, ["c"], None, ["echo", "a", "c"]),
        ({"Entrypoint": ["echo"], "Cmd": ["b"]}, [], "sh", ["sh"]),
        ({"Entrypoint": ["echo"]}, ["-c", "x"], "sh", ["sh", "-c", "x"]),
    ],
)
def test_command_line(
    config: dict[str, list[str]], arguments: list[str], entry_point: str | None, argv: list[str]
) -> None:
    """Entry point and arguments combine as Docker combines them."""
    assert command_line(config, arguments, entry_point) == argv


def test_command_line_without_a_command() -> None:
    """An image without a command needs one in the step."""
    with pytest.raises(ValueError, match="no command specified"):
        command_line({}, [], None)


def test_log_lines() -> None:
    """The agent's lines have the time, all lines end in CRLF, and a program's output is unchanged."""
    sink = Sink()
    log = RunLog(sink, now=lambda: NOW)
    log.say("Executing step ID: build")
    log.copy_from(io.BytesIO(b"STEP 1/1\r\nno end"))
    log.end("cf4", 5.2, "Succeeded", None)
    assert sink.data.decode().split("\r\n") == [
        "2023/03/09 20:30:10 Executing step ID: build",
        "STEP 1/1",
        "no end",
        "",
        "Run ID: cf4 was successful after 5s",
        "",
    ]
    assert sink.mark == "successful"


@pytest.mark.parametrize("offset", [0, 1, 5, 9, 10, 11, 40_000, 65_530])
def test_secrets_where_long_lines_are_cut(offset: int) -> None:
    """A line without end is written in pieces; a secret across two pieces is masked all the same."""
    sink = Sink()
    secret = "hunter2-ä€"
    line = "x" * (64 * 1024 - offset) + secret + "y" * 200_000 + secret + secret
    RunLog(sink, [secret, "hunter2-ä€" * 9_000]).copy_from(io.BytesIO(line.encode()))
    text = sink.data.decode()
    assert text.count("***") == 3
    assert not any(text.count(part) for part in ("hunter", "unter2", "ä", "€", "\ufffd"))
    assert text.replace("\r\n", "").replace("***", secret) == line


def test_secrets_of_several_lines() -> None:
    """Each line of a secret document is masked, except for lines of braces alone."""
    sink = Sink()
    log = RunLog(sink, ['{\n  "key": "hunter2",\n  "list": [\n  ]\n}\n', "}"])
    log.line('map {a} ["key": "hunter2", x] [ ]')
    assert sink.data.decode() == "map {a*** [*** x] [ ]\r\n"


@pytest.mark.parametrize(
    ("status", "last", "mark"),
    [
        ("Failed", "Run ID: cb6 failed after 9s. Error: x", "failed"),
        ("Canceled", "Run ID: cb6 was canceled after 9s", "canceled"),
        ("Timeout", "Run ID: cb6 timed out after 9s. Error: x", "timedout"),
        ("Error", "Run ID: cb6 failed after 9s. Error: x", "internalerror"),
    ],
)
def test_last_lines(status: str, last: str, mark: str) -> None:
    """The last line and the log's mark say how the run ended."""
    sink = Sink()
    RunLog(sink).end("cb6", 9, status, "x")
    assert (sink.data.decode().splitlines()[-1], sink.mark) == (last, mark)


def test_a_log_without_end_is_cut() -> None:
    """A log that reaches the limit is cut; the last line is written all the same."""
    sink = Sink()
    log = RunLog(sink)
    line = "x" * (1024 * 1024)
    for _ in range(LIMIT_BYTES // len(line) + 3):
        log.line(line)
    log.end("cf1", 1, "Succeeded", None)
    text = sink.data.decode()
    assert len(text) < LIMIT_BYTES + 1024
    assert text.count("the rest is left out") == 1
    assert text.splitlines()[-1] == "Run ID: cf1 was successful after 1s"


def docker_job(archive: Path, dockerfile: str) -> Job:
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo("./app/Dockerfile")
        member.size = len(b"FROM scratch\n")
        tar.addfile(member, io.BytesIO(b"FROM scratch\n"))
    step = {"type": "Docker", "dockerFilePath": dockerfile, "imageNames": ["app:1"]}
    return Job("cf1", "emulator", "127.0.0.1:5000", step, source=archive)


def test_simulated(tmp_path: Path) -> None:
    """A simulated run succeeds, reports no image, and logs that nothing was done and why."""
    sink = Sink()
    executor = SimulatedExecutor("buildah is not installed")
    outcome = executor.run(docker_job(tmp_path / "source", "app/Dockerfile"), RunLog(sink), Cancellation())
    assert outcome == Outcome("Succeeded")
    assert "simulated: nothing is built, run or pushed (buildah is not installed)." in sink.data.decode()
    assert "simulated: app:1 was not built" in sink.data.decode()


def test_simulated_without_the_dockerfile(tmp_path: Path) -> None:
    """A simulated run still fails when the Dockerfile is not in the archive."""
    outcome = SimulatedExecutor().run(docker_job(tmp_path / "source", "Dockerfile"), RunLog(Sink()), Cancellation())
    assert outcome.status == "Failed"
    assert "unable to find Dockerfile" in (outcome.error_message or "")


def test_simulated_with_templates_that_cannot_be_rendered(tmp_path: Path) -> None:
    """A simulated run fails for the templates of a Docker step as a real one does; missing values are no error."""
    job = docker_job(tmp_path / "source", "app/Dockerfile")
    for value, status in (("{{.Values.x}}", "Succeeded"), ("{{CI_TAG}}", "Failed")):
        job.step["arguments"] = [{"name": "A", "value": value}]
        outcome = SimulatedExecutor().run(job, RunLog(Sink()), Cancellation())
        assert (outcome.status, "not defined" in str(outcome.error_message)) == (status, status == "Failed")


def test_simulated_with_an_invalid_task() -> None:
    """A simulated run fails when the encoded task cannot be run."""
    step = {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(b"steps:\n- {}").decode()}
    outcome = SimulatedExecutor().run(Job("cf1", "emulator", "127.0.0.1:5000", step), RunLog(Sink()), Cancellation())
    assert outcome.status == "Failed"
    assert "step is missing a cmd, build, or push property" in (outcome.error_message or "")


def test_auto_without_buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without buildah `auto` simulates and says why; `buildah` itself is refused."""
    monkeypatch.setenv("PATH", str(tmp_path))
    supervisor = Supervisor()
    oci = OciRegistry(tmp_path, supervisor)
    found = choose("auto", tmp_path, oci, supervisor)
    assert isinstance(found, SimulatedExecutor)
    assert "buildah is not installed" in found.why
    with pytest.raises(ExecutorError, match="buildah is not installed"):
        choose("buildah", tmp_path, oci, supervisor)
    supervisor.close()
