"""One suite for every service: only the coordinates differ.

Without anything in the environment the suite starts an emulator of its own. With ACR_TASKS_ENDPOINT and the variables
beside it (class Coordinates) the same tests talk to that service.
"""

from __future__ import annotations

import base64
import io
import os
import socket
import ssl
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from .arm import REGISTRY_API_VERSION, Arm, Coordinates

MARKS = {
    "arm_recorded": "arm_recorded: seen in recorded traffic of the real service",
    "arm_documented": "arm_documented(section): written in the specification, a document or a client; says where",
    "emulator_choice": "emulator_choice(reason): nobody knows what the real service does; says why we expect this",
}


def pytest_configure(config: pytest.Config) -> None:
    for line in MARKS.values():
        config.addinivalue_line("markers", line)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop the collection when a test of this folder does not say, with exactly one mark, how we know."""
    here = Path(__file__).parent
    wrong = []
    for item in items:
        if here not in item.path.parents:
            continue
        marks = [mark for mark in item.iter_markers() if mark.name in MARKS]
        if len(marks) != 1:
            names = ", ".join(mark.name for mark in marks) or "none"
            wrong.append(f"{item.nodeid}: wants exactly one of {', '.join(MARKS)}; has {names}")
        elif marks[0].name != "arm_recorded" and not (len(marks[0].args) == 1 and isinstance(marks[0].args[0], str)):
            wrong.append(f"{item.nodeid}: {MARKS[marks[0].name]}")
    if wrong:
        raise pytest.UsageError("\n".join(wrong))


@pytest.fixture(scope="session")
def coordinates() -> Iterator[Coordinates]:
    environ = os.environ
    rest = (
        token := environ.get("ACR_TASKS_TOKEN", "contract-token-0123"),
        float(environ.get("ACR_TASKS_PATIENCE", "120")),
        float(environ.get("ACR_TASKS_SETTLE", "1")),
        environ.get("ACR_TASKS_REPOSITORY_URL", "https://github.com/Azure-Samples/acr-build-helloworld-node"),
        environ.get("ACR_TASKS_REPOSITORY_TOKEN", "repository-token-0123"),
        environ.get("ACR_TASKS_CA"),
    )
    if endpoint := environ.get("ACR_TASKS_ENDPOINT"):
        yield Coordinates(endpoint.rstrip("/"), environ["ACR_TASKS_REGISTRY"], *rest)
        return
    import acr_tasks_emulator

    with acr_tasks_emulator.serve(executor="simulated", agents=2, token=token) as emulator:
        yield Coordinates(emulator.endpoint.rstrip("/"), emulator.registries[0], *rest)


@pytest.fixture(scope="session")
def arm(coordinates: Coordinates) -> Iterator[Arm]:
    arm = Arm(coordinates)
    yield arm
    arm.http.close()


Raw = Callable[..., bytes]


@pytest.fixture
def raw(arm: Arm) -> Raw:
    """Send bytes as they are, and return the bytes of the answer, which may be cut off."""

    def ask(line: str, *headers: str, body: bytes = b"", to: str = arm.coordinates.endpoint) -> bytes:
        place = urlsplit(to)
        sign_in = f"Authorization: Bearer {arm.coordinates.token}"
        head = "\r\n".join([line, f"Host: {place.netloc}", sign_in, "Connection: close", *headers, "", ""])
        found = b""
        connection = socket.create_connection((place.hostname, place.port), timeout=30)
        if place.scheme == "https":
            trust = ssl.create_default_context(cafile=arm.coordinates.ca)
            connection = trust.wrap_socket(connection, server_hostname=place.hostname)
        with connection, suppress(OSError):
            connection.sendall(head.encode("latin-1") + body)
            while data := connection.recv(65536):
                found += data
        return found

    return ask


@pytest.fixture
def emulated(coordinates: Coordinates) -> Iterator[Callable[..., Arm]]:
    """Start emulators with options of `serve`: for faults, limits and switches, which no real service has."""
    if "ACR_TASKS_ENDPOINT" in os.environ:
        pytest.skip("the service under test takes no options")
    import acr_tasks_emulator

    with ExitStack() as stack:

        def start(**options: Any) -> Arm:
            emulator = stack.enter_context(acr_tasks_emulator.serve(executor="simulated", **options))
            where = {"endpoint": emulator.endpoint, "registry": emulator.registries[0], "ca": emulator.ca_cert}
            own = replace(coordinates, **where)
            arm = Arm(own)
            stack.callback(arm.http.close)
            return arm

        yield start


@pytest.fixture(scope="session")
def blobs(coordinates: Coordinates) -> Iterator[httpx.Client]:
    """A client for blobs that authorizes by the address alone."""
    with httpx.Client(timeout=60, verify=ssl.create_default_context(cafile=coordinates.ca)) as client:
        yield client


@pytest.fixture(scope="session")
def location(arm: Arm) -> str:
    return arm.ok("GET", arm.registry, api_version=REGISTRY_API_VERSION)["location"]


@pytest.fixture
def task_name(arm: Arm) -> Iterator[str]:
    """The name of a task of this test's own, which is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    arm("DELETE", f"tasks/{name}")


Body = Callable[..., dict[str, Any]]


@pytest.fixture
def docker_task(location: str) -> Body:
    """Make the body of a task with a Docker step; arguments replace members of its properties."""

    def body(**properties: Any) -> dict[str, Any]:
        return {
            "location": location,
            "properties": {
                "status": "Enabled",
                "platform": {"os": "linux", "architecture": "amd64"},
                "agentConfiguration": {"cpu": 2},
                "timeout": 3600,
                "step": {
                    "type": "Docker",
                    "contextPath": "https://github.com/Azure-Samples/acr-build-helloworld-node",
                    "imageNames": ["testtask:v1"],
                    "isPushEnabled": True,
                    "noCache": False,
                    "dockerFilePath": "Dockerfile",
                    "arguments": [],
                },
                **properties,
            },
        }

    return body


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


QUICK = "version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n"
# Whoever runs nothing and whoever really runs it are both busy for a minute.
LONG = "version: v1.1.0\nsteps:\n  - cmd: busybox sleep 60\n    startDelay: 60\n"


@pytest.fixture
def quick_task(location: str) -> Body:
    """Make the body of a task with an encoded step that says hello; arguments replace members of its properties."""

    def body(**properties: Any) -> dict[str, Any]:
        step = {"type": "EncodedTask", "encodedTaskContent": encoded(QUICK), "values": []}
        return {"location": location, "properties": {"platform": {"os": "Linux"}, "step": step, **properties}}

    return body


@pytest.fixture
def quick_request() -> Body:
    """Make a request for a run that says hello and ends."""

    def body(text: str = QUICK, **members: Any) -> dict[str, Any]:
        content = {"encodedTaskContent": encoded(text), "values": []}
        platform = {"os": "linux", "architecture": "amd64"}
        return {"type": "EncodedTaskRunRequest", "platform": platform, **content, **members}

    return body


@pytest.fixture
def long_run(arm: Arm, quick_request: Body) -> Iterator[Callable[[], str]]:
    """Schedule runs that last; cancel and await those that are left at the end of the test."""
    scheduled: list[str] = []

    def schedule() -> str:
        scheduled.append(arm.schedule(quick_request(LONG)))
        return scheduled[-1]

    yield schedule
    for run_id in reversed(scheduled):  # the queued ones first, so that none starts meanwhile
        arm("POST", f"runs/{run_id}/cancel")
    for run_id in scheduled:
        arm.until(run_id)


@pytest.fixture
def queued_run(arm: Arm, long_run: Callable[[], str]) -> str:
    """A run that stays in the queue, because runs that last occupy every agent.

    The first one finds an agent, and tells how long a start takes on this machine.
    """
    began = time.monotonic()
    arm.until(long_run(), "Running")
    settle = max(arm.settle, 3 * (time.monotonic() - began))
    for _ in range(20):
        run_id = long_run()
        deadline = time.monotonic() + settle
        while arm.ok("GET", f"runs/{run_id}")["properties"]["status"] in ("Queued", "Started"):
            if time.monotonic() > deadline:
                return run_id
            time.sleep(0.05)  # a question every 50 ms
    pytest.fail("no run stays queued: every one of 20 found an agent")


@pytest.fixture(scope="session")
def archive() -> bytes:
    """A context: a gzipped tar with a Dockerfile and a task file."""
    files = {"Dockerfile": "FROM scratch\nCOPY acb.yaml /\n", "acb.yaml": QUICK}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def source(arm: Arm, blobs: httpx.Client, archive: bytes) -> str:
    """The relative path of an uploaded context."""
    target = arm.ok("POST", "listBuildSourceUploadUrl")
    answer = blobs.put(target["uploadUrl"], content=archive, headers={"x-ms-blob-type": "BlockBlob"})
    assert answer.status_code == 201, answer.text
    return target["relativePath"]
