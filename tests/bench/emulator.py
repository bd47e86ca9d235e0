"""The cost of the emulator: requests a second and its start, each beside a floor, and its memory."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from tests.bench.load import Speed, speed
from tests.bench.percentiles import medians

TASKS = 1000
RUNS = 2_880  # one step of the clock starts 5,000 at most
SECONDS = 4.0
STARTS = 5
VERSION = "api-version=2019-04-01"
STEP = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="}


class Server:
    """A process of `serve` with the simulated executor."""

    def __init__(self, *options: str) -> None:
        began = time.monotonic()
        command = [sys.executable, "-m", "acr_tasks_emulator", "serve", "--executor", "simulated", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        about = json.loads(self.process.stdout.readline())
        self.seconds_to_start = time.monotonic() - began
        self.port = int(about["endpoint"].rpartition(":")[2])
        self.registry = about["registries"][0]
        self.http = httpx.Client(base_url=about["endpoint"], timeout=600, trust_env=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = path if path.startswith("/") else f"{self.registry}/{path}"
        answer = self.http.request(method, url, params={"api-version": "2019-04-01"}, json=body)
        answer.raise_for_status()
        return answer.json()

    def memory(self) -> tuple[float, float]:
        """Return the MiB that are resident, and the MiB where shared ones count in proportion."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return kilobytes(text, "Rss") / 1024, kilobytes(text, "Pss") / 1024

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout
        self.process.stdout.close()


@contextlib.contextmanager
def served(*options: str) -> Iterator[Server]:
    server = Server(*options)
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    print("\nemulator: requests a second, one worker, eight connections")
    requests()
    print("\nemulator: seconds from the process's start to the ready line")
    start_up()
    print("\nemulator: memory")
    memory()


def requests() -> None:
    row = "{:<26} {:>8} {:>10} {:>14} {:>10} {:>18}"
    print(row.format("request", "bytes", "a second", "processor, ms", "bare", "ratio of processor"))
    with served() as server:
        for number in range(TASKS):
            server.ask("PUT", f"tasks/task-{number:04}", task())
        page = server.ask("GET", "tasks")
        link = page["nextLink"].removeprefix(str(server.http.base_url).rstrip("/"))
        body = json.dumps(task()).encode()
        asked: list[tuple[str, int, Callable[[int], bytes]]] = [
            ("GET task", size(server, "tasks/task-0500"), get(f"{server.registry}/tasks/task-0500?{VERSION}")),
            ("PUT task", size(server, "tasks/task-0500"), put(f"{server.registry}/tasks/task-", body)),
            (f"list of {TASKS}, a page of 100", size(server, "tasks"), get(link)),
        ]
        for name, length, request in asked:
            ours = speed(server.process.pid, server.port, request, SECONDS)
            bare = floor(length, request)
            shown = (f"{ours.requests:,.0f}", f"{ours.processor:.2f}", f"{bare.requests:,.0f}")
            print(row.format(name, f"{length:,}", *shown, f"{ours.processor / bare.processor:.1f}"), flush=True)
        began = time.monotonic()
        whole = page["value"]
        while "nextLink" in page:
            page = server.http.get(page["nextLink"]).json()
            whole += page["value"]
        assert len(whole) == TASKS
        print(f"the whole list, page after page by httpx: {time.monotonic() - began:.2f} s")


def floor(length: int, request: Callable[[int], bytes]) -> Speed:
    """Return the speed of a server that answers as many bytes and does nothing else."""
    command = [sys.executable, "-m", "tests.bench.bare", str(length)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bare:
        assert bare.stdout
        try:
            return speed(bare.pid, int(bare.stdout.readline()), request, SECONDS)
        finally:
            bare.terminate()


def start_up() -> None:
    with tempfile.TemporaryDirectory() as data:
        started("--data", data)  # the first start in a folder makes its database
        measured: dict[str, Callable[[], float]] = {
            "the imports of a bare server": lambda: imported("uvicorn, starlette.applications"),
            "a new folder": started,
            "a folder that is there": lambda: started("--data", data),
        }
        found = medians(measured, STARTS)
    least = next(iter(found.values()))
    for name, seconds in found.items():
        print(f"{name:<38} {seconds:.2f}, {seconds / least:.1f} times", flush=True)


def imported(modules: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)
    return time.monotonic() - began


def started(*options: str) -> float:
    with served(*options) as server:
        return server.seconds_to_start


def memory() -> None:
    with tempfile.TemporaryDirectory() as data:
        with served("--data", data) as server:
            print_memory("no run", server)
            for number in range(2):  # every minute of a day, by two tasks: 2,880 runs
                timers = [{"name": "t", "schedule": "* * * * *"}]
                server.ask("PUT", f"tasks/task-{number}", task(trigger={"timerTriggers": timers}))
            began = time.monotonic()
            server.ask("POST", "/_emulator/clock/advance", {"seconds": 24 * 60 * 60})
            seconds = time.monotonic() - began
            server.ask("GET", "runs")
            print_memory(f"{RUNS:,} runs that wait", server)
            while not ended(server):
                time.sleep(0.5)  # each poll takes the emulator's time, too
            print_memory(f"{RUNS:,} runs that have ended", server)
        print(f"{'they were queued in':<38} {seconds:.1f} s")
        with served("--data", data) as server:
            print_memory("the same after another start", server)
            print(f"{'which took':<38} {server.seconds_to_start:.2f} s")


def ended(server: Server) -> bool:
    counts = server.ask("GET", "/_emulator/metrics")["runs"]
    assert sum(counts.values()) >= RUNS
    return counts["Queued"] + counts["Running"] == 0


def print_memory(name: str, server: Server) -> None:
    resident, proportional = server.memory()
    print(f"{name:<38} RSS {resident:.0f} MiB, PSS {proportional:.0f} MiB", flush=True)


def kilobytes(text: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    assert found
    return int(found[1])


def task(**properties: Any) -> dict[str, Any]:
    return {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": STEP, **properties}}


def size(server: Server, path: str) -> int:
    return len(server.http.get(f"{server.registry}/{path}?{VERSION}").content)


def get(path: str) -> Callable[[int], bytes]:
    text = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer any\r\n\r\n".encode()
    return lambda number: text


def put(path: str, body: bytes) -> Callable[[int], bytes]:
    def request(number: int) -> bytes:
        head = f"PUT {path}{number % TASKS:04}?{VERSION} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer any\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    return request
