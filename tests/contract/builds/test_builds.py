"""What runs fetch, print and keep to themselves, tried with builds that really run."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import shutil
import stat
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from acr_tasks_emulator.execution import run_log as run_log

pytestmark = [
    pytest.mark.emulator_choice("the service's own protection of its agents is not known"),
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
    pytest.mark.skipif("ACR_TASKS_ENDPOINT" in os.environ, reason="looks at the emulator's own machine"),
]
SECRET, PASSWORD = (f"s3cret-{uuid.uuid4()}" for _ in range(2))  # in the command line of no other test's process


@dataclass(frozen=True)
class Builder:
    """An emulator that builds, and where it keeps its data."""

    arm: Any
    data: Path

    def run(self, **request: Any) -> tuple[dict[str, Any], str]:
        """Run a request; return the run's properties and log."""
        run_id = self.arm.schedule({"platform": {"os": "Linux"}, **request})
        properties = self.arm.until(run_id)["properties"]
        return properties, httpx.get(self.arm.log_link(run_id)).text

    def task(self, text: str, **request: Any) -> tuple[dict[str, Any], str]:
        """Run a task file."""
        content = base64.b64encode(f"version: v1.1.0\n{text}".encode()).decode()
        return self.run(type="EncodedTaskRunRequest", encodedTaskContent=content, **request)

    def pushed(self, name: str) -> tuple[dict[str, Any], str]:
        """Build an image and push it under a name, from a task file."""
        dockerfile = base64.b64encode(b"FROM busybox").decode()
        make = f"busybox sh -c 'echo {dockerfile} | base64 -d > Dockerfile'"
        return self.task(f"steps:\n  - cmd: {make}\n  - build: -t {name} .\n  - push: ['{name}']\n")

    def build(self, dockerfile: str, links: dict[str, str] | None = None, **request: Any) -> tuple[dict[str, Any], str]:
        """Build an uploaded Dockerfile, with links beside it."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            member = tarfile.TarInfo("Dockerfile")
            member.size = len(dockerfile)
            tar.addfile(member, io.BytesIO(dockerfile.encode()))
            for name, target in (links or {}).items():
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, target
                tar.addfile(link)
        target = self.arm.ok("POST", "listBuildSourceUploadUrl")
        put = httpx.put(target["uploadUrl"], content=buffer.getvalue(), headers={"x-ms-blob-type": "BlockBlob"})
        assert put.status_code == 201
        location = target["relativePath"]
        return self.run(
            **{"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "sourceLocation": location, **request}
        )


@pytest.fixture(scope="module")
def builder(coordinates: Any, arm: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    import acr_tasks_emulator
    from acr_tasks_emulator.settings import SettingsError

    data = tmp_path_factory.mktemp("builder")
    with contextlib.ExitStack() as stack:
        try:
            emulator = stack.enter_context(acr_tasks_emulator.serve(data=data, executor="buildah"))
        except SettingsError as error:
            pytest.skip(str(error))
        own = replace(coordinates, endpoint=emulator.endpoint, registry=emulator.registries[0], patience=120)
        opened = type(arm)(own)
        stack.callback(opened.http.close)
        yield Builder(opened, data)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a repository and an archive, each with a task file."""
    folder = tmp_path_factory.mktemp("sources")
    app = folder / "app"
    app.mkdir()
    (app / "acb.yaml").write_text("version: v1.1.0\nsteps:\n  - cmd: busybox cat acb.yaml\n")
    with tarfile.open(folder / "context.tar.gz", "w:gz") as tar:
        tar.add(app / "acb.yaml", "acb.yaml")
    for command in (
        "init -q -b main",
        "add -A",
        "-c user.name=t -c user.email=t@example.com commit -q -m x",
        "update-server-info",
    ):
        subprocess.run(["git", *command.split()], cwd=app, check=True, timeout=60)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["app/.git", "app/.git#main", "context.tar.gz"])
def test_sources_on_this_machine(builder: Builder, sources: str, path: str) -> None:
    """A repository and an archive on loopback are sources."""
    properties, log = builder.run(
        type="FileTaskRunRequest", taskFilePath="acb.yaml", sourceLocation=f"{sources}/{path}"
    )
    assert properties["status"] == "Succeeded", log


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("https://user:s3cret-0123456789@-host/a.git", "the source's address cannot be read"),
        ("{sources}/app/.git#--upload-pack=id", "is not the name of a branch"),
        ("{sources}/app/.git#main:../..", "outside of the source"),
        ("oci://s3cret-0123456789@host/a b", "invalid reference format"),
    ],
)
def test_sources_that_are_refused(builder: Builder, sources: str, location: str, problem: str) -> None:
    """The run fails before any request; its log says why, and holds no password."""
    location = location.format(sources=sources)
    properties, log = builder.run(type="FileTaskRunRequest", taskFilePath="acb.yaml", sourceLocation=location)
    assert properties["status"] == "Failed"
    assert problem in properties["runErrorMessage"]
    assert problem in log
    assert "s3cret-0123456789" not in log + str(properties)


def test_links_out_of_the_source_lead_nowhere(builder: Builder, tmp_path: Path) -> None:
    """A build gets the links.

    Their targets on this machine are neither copied nor read as a Dockerfile or ignore rules.
    """
    (tmp_path / "secret").write_text(SECRET)
    links = {"absolute": str(tmp_path / "secret"), "folder": str(tmp_path), "up": "../" * 20 + f"{tmp_path}/secret"[1:]}
    kept = "FROM busybox\nCOPY . /all/\n" + "".join(f"RUN readlink /all/{name}\n" for name in links)
    properties, log = builder.build(kept, links)
    assert (properties["status"], str(tmp_path) in log) == ("Succeeded", True), log
    copies = [f"COPY {source} /copied\nRUN cat /copied" for source in ("absolute", "up", "folder/secret", "folder/")]
    mounts = [
        "RUN --mount=type=bind,source=absolute,target=/m cat /m",
        "RUN --mo\\\n  unt=source=folder,target=/m cat /m/secret",
    ]
    for text in (*copies, "ADD up /copied\nRUN cat /copied", *mounts):
        properties, log = builder.build(f"FROM busybox\n{text}\n", links)
        assert (properties["status"], SECRET in log) == ("Failed", False), text + log
    for name, asked in (("Dockerfile.own", {"dockerFilePath": "Dockerfile.own"}), (".dockerignore", {})):
        properties, log = builder.build("FROM busybox\n", {name: str(tmp_path / "secret")}, **asked)
        assert (properties["status"], SECRET in log) == ("Failed", False), log
        assert "out of the source" in log or "outside of the source" in log
    properties, log = builder.build("FROM busybox\n", links, dockerFilePath="folder/secret")
    assert "outside of the source" in log


def test_oversized_dockerfiles_are_refused(builder: Builder) -> None:
    """Arguments made of arguments, and lines without end, are refused before the builder sees them."""
    words = "".join(f"ARG A{n}=${{A{n - 1}}}${{A{n - 1}}}${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 30))
    for text, problem in (
        ("ARG A0=boom\n" + words + "FROM $A29\n", "stand for more than 8192 characters"),
        ("FROM " + "${a:-" * 10_000 + "\n", "FROM line of more than 8192 characters"),
        ("# " + "x" * 1_100_000 + "\nFROM busybox\n", "the Dockerfile is longer than"),
    ):
        properties, log = builder.build(text)
        assert properties["status"] == "Failed", log[-300:]
        assert problem in properties["runErrorMessage"]
    properties, log = builder.build("ARG A=busy\nARG B=busybox\nFROM $B\n")
    assert properties["status"] == "Succeeded", log


def command_lines(during: Callable[[], Any]) -> tuple[Any, str]:
    """Return the command lines of all processes while something runs."""
    found: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    found.add(path.read_text(errors="replace"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        result = during()
    finally:
        done.set()
        thread.join()
    return result, "\n".join(found)


def test_a_secret_is_known_to_its_step_only(builder: Builder) -> None:
    """A secret stands in no command line, log, list, page or other step."""
    values = [{"name": "token", "value": SECRET, "isSecret": True}]
    steps = (
        "steps:\n  - env: ['TOKEN={{.Values.token}}']\n"
        "    cmd: busybox sh -c 'test -n \"$TOKEN\" && echo is $TOKEN && sleep 1'\n"
        "  - cmd: busybox sh -c 'test -z \"$TOKEN\" && env'\n"
    )
    registries = {"r.example": {"userName": {"value": "u"}, "password": {"value": PASSWORD}}}
    request = {"values": values, "credentials": {"customRegistries": registries}}
    (properties, log), lines = command_lines(lambda: builder.task(steps, **request))
    assert properties["status"] == "Succeeded", log
    assert "is ***" in log
    assert "buildah" in lines
    run_id = properties["runId"]
    shown = [
        builder.arm.http.get("/_emulator/requests").text,
        builder.arm("GET", f"runs/{run_id}").text,
        builder.arm.http.get("/").text,
        builder.arm.http.get(f"/runs/emulator/{run_id}").text,
    ]
    for text in (log, lines, *shown):
        assert SECRET not in text
        assert PASSWORD not in text


def test_secret_arguments_of_builds(builder: Builder) -> None:
    """A secret build argument stays secret too.

    One that the system's loader would heed has no effect outside of the build.
    """
    arguments = [
        {"name": "TOKEN", "value": SECRET, "isSecret": True},
        {"name": "LD_PRELOAD", "value": "/nowhere/evil.so", "isSecret": False},
    ]
    dockerfile = 'FROM busybox\nARG TOKEN\nRUN test -n "$TOKEN" && sleep 1\n'
    (properties, log), lines = command_lines(lambda: builder.build(dockerfile, arguments=arguments))
    assert properties["status"] == "Succeeded", log
    assert SECRET not in lines + log
    assert "evil.so" not in log


def test_a_run_that_prints_without_end(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is cut at its limit and says so; the run goes on, and its last line is there."""
    monkeypatch.setattr(run_log, "LIMIT_BYTES", 256 * 1024)
    properties, log = builder.task("steps:\n  - cmd: busybox sh -c 'yes | head -c 500000; exit 0'\n")
    assert properties["status"] == "Succeeded"
    assert 250_000 < len(log) < 270_000
    assert "The log is longer than 0 MiB: the rest is left out." in log
    assert f"Run ID: {properties['runId']} was successful after" in log.splitlines()[-1]


def test_files_belong_to_the_owner_only(builder: Builder) -> None:
    """Only the owner can enter the data folder; files with secrets are readable by the owner only."""
    builder.task("steps:\n  - cmd: busybox true\n")
    assert stat.S_IMODE(builder.data.stat().st_mode) == 0o700
    private = [*builder.data.glob("emulator.sqlite*"), *(p for p in (builder.data / "blobs").rglob("*") if p.is_file())]
    private += [builder.data / "registry" / "config.yml"] if (builder.data / "registry" / "config.yml").exists() else []
    assert len(private) > 2
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in private} == {p.name: "0o600" for p in private}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(builder.data) in (process / "cmdline").read_text(errors="replace"):
                assert "ACR_TASKS_EMULATOR_TOKEN" not in (process / "environ").read_text(errors="replace")


@pytest.mark.parametrize(
    "name", ["a\0b", "../../../etc/passwd", "/etc/passwd", "no\nthing", "x" * 5000, "a/../../b", "~/x", "$(id)"]
)
def test_paths_in_a_request(builder: Builder, sources: str, name: str) -> None:
    """A Dockerfile or task file outside of the source fails the run with one line."""
    for request in (
        {"type": "FileTaskRunRequest", "taskFilePath": name},
        {"type": "DockerBuildRequest", "dockerFilePath": name},
    ):
        properties, log = builder.run(**request, sourceLocation=f"{sources}/context.tar.gz")
        assert properties["status"] == "Failed", log
        assert "root:" not in log
        assert "Run ID: " in log.splitlines()[-1]
