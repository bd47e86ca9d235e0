from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

REGISTRY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    "/providers/Microsoft.ContainerRegistry/registries/emulator"
)


def command(*arguments: str) -> list[str]:
    # sys.path is handed on so that the child finds the same package.
    code = f"import sys; sys.path[:] = {sys.path!r}; from acr_tasks_emulator.__main__ import main; main()"
    return [sys.executable, "-c", code, *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "NO_COLOR": "1"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=90, env=environment(), check=False
    )


def start(data: Path, *more: str) -> dict[str, Any]:
    """Run serve --detach; return its line."""
    result = run("serve", "--detach", "--executor", "simulated", "--data", str(data), *more)
    assert result.returncode == 0, result.stderr
    line: dict[str, Any] = json.loads(result.stdout)
    return line


def gone(pid: int) -> bool:
    """Tell whether a process has ended, waited for by its parent or not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    if folder.is_dir():
        assert run("stop", "--data", str(folder)).returncode == 0


def test_a_detached_emulator_is_found_again_and_stopped(data: Path) -> None:
    """The second serve prints the same line; stop waits until the process is gone."""
    first = start(data)
    assert set(first) == {"endpoint", "loginServer", "dashboard", "pid", "caCert", "registries", "executor"}
    assert first["registries"] == [REGISTRY]
    assert start(data) == first
    assert httpx.get(f"{first['endpoint']}/_emulator/health").status_code == 200
    status = run("status", "--data", str(data), "--json")
    assert json.loads(status.stdout) == {"running": True, **first}
    assert first["endpoint"] in run("status", "--data", str(data)).stdout
    stopped = run("stop", "--data", str(data))
    assert (stopped.returncode, str(first["pid"]) in stopped.stdout) == (0, True)
    assert gone(first["pid"])


def test_a_detached_emulator_is_found_over_https(data: Path) -> None:
    """A check that verifies the certificate finds it.

    The status names the CA, which the folder's next emulator has too.
    """
    first = start(data, "--tls")
    assert first["endpoint"].startswith("https://127.0.0.1:")
    assert first["caCert"] == str(data / "tls" / "ca.pem")
    trust = ssl.create_default_context(cafile=first["caCert"])
    assert httpx.get(f"{first['endpoint']}/_emulator/health", verify=trust).status_code == 200
    assert start(data, "--tls") == first
    assert start(data, "--tls", "--agents", "2") == first
    assert first["caCert"] in run("status", "--data", str(data)).stdout
    assert "PRIVATE" not in (data / "emulator.log").read_text() + (data / "emulator.json").read_text()
    assert run("stop", "--data", str(data)).returncode == 0
    again = start(data, "--tls")
    assert (again["endpoint"], again["pid"] != first["pid"]) == (first["endpoint"], True)
    assert httpx.get(f"{again['endpoint']}/_emulator/health", verify=trust).status_code == 200


def test_a_detached_emulator_shows_the_user_s_own_certificate(data: Path, tmp_path: Path) -> None:
    """Paths are relative to the caller's folder. A certificate whose name does not resolve is no hindrance."""
    leaf = trustme.CA().issue_cert("build.example")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    own = [f"--cert={os.path.relpath(tmp_path / 'own.pem')}", f"--key={os.path.relpath(tmp_path / 'own.pem')}"]
    first = start(data, *own)
    assert (first["endpoint"], first["caCert"]) == (f"https://{first['loginServer']}", None)
    assert first["loginServer"].startswith("build.example:")
    assert start(data, *own) == first
    assert start(data, *own, "--agents", "2") == first


def test_other_options_are_refused(data: Path) -> None:
    """The sentence names each, with the emulator's value and the cure; none of them takes effect."""
    first = start(data, "--mode", "lro", "--registry", "shop1:northeurope", "--webhook-secret", "s3cret-hook")
    asked = ("serve", "--detach", "--data", str(data))
    port = first["loginServer"].rpartition(":")[2]
    others = {
        ("--tls",): "--tls (it has none)",
        ("--token", "s3cret-0123456789"): "--token (it has none)",
        ("--webhook-secret", "s3cret-other"): "--webhook-secret (it has another)",
        ("--mode", "sync"): "--mode (it has lro)",
        ("--agents", "3"): "--agents (it has 2)",
        ("--throttle", "arm"): "--throttle (it has off)",
        ("--latency", "5"): "--latency (it has 0)",
        ("--set", "create-status=201"): "--set (it has other switches)",
        ("--executor", "buildah"): "--executor (it has simulated)",
        ("--port", "1"): f"--port (it has {port})",
        ("--registry", "shop2"): "--registry shop2:westeurope (it has shop1:northeurope)",
    }
    all_at_once = [part for option in others for part in option]
    moved = {("--registry", "shop1:westeurope"): "--registry shop1:westeurope (it has shop1:northeurope)"}
    for options, told in ((all_at_once, others), (["--registry", "shop1:westeurope"], moved)):
        result = run(*asked, *options)
        assert (result.returncode, result.stdout) == (2, "")
        head, _, tail = result.stderr.partition("runs already, with other options than asked for: ")
        assert f"(process {first['pid']}) " in head
        assert set(tail.partition(". ")[0].split(", ")) == set(told.values())
        assert f"acr-tasks-emulator stop --data {data}" in tail
        assert "s3cret" not in result.stderr
    same = ("--mode", "lro", "--idle-exit", "900", "--registry", "Shop1:North Europe", "--executor", "auto")
    found = run(*asked, *same)
    assert (found.returncode, json.loads(found.stdout or "{}")) == (0, first), found.stderr
    assert "s3cret" not in (data / "emulator.json").read_text()


def test_a_token_has_to_agree_also_where_it_is_not_given(data: Path) -> None:
    """A call without the running emulator's token is refused; the environment may hold it, and is read at each call."""
    first = start(data, "--token", "s3cret-0123456789")
    asked = ("serve", "--detach", "--executor", "simulated", "--data", str(data))
    for token, found in (("", False), ("s3cret-0123456789", True), ("s3cret-another-one", False)):
        given = {**environment(), **({"ACR_TASKS_EMULATOR_TOKEN": token} if token else {})}
        result = subprocess.run(command(*asked), capture_output=True, text=True, timeout=90, env=given, check=False)
        assert (result.returncode, "--token (it has another)" in result.stderr) == (0 if found else 2, not found)
    assert start(data, "--token", "s3cret-0123456789") == first


def test_stop_and_status_without_an_emulator(data: Path) -> None:
    """Both say that none runs; status has another exit status too."""
    stopped, status = run("stop", "--data", str(data)), run("status", "--data", str(data))
    assert (stopped.returncode, status.returncode) == (0, 1)
    assert stopped.stdout == status.stdout == f"No emulator has the data folder {data}.\n"
    assert json.loads(run("status", "--data", str(data), "--json").stdout) == {"running": False}


def test_concurrent_starts_end_with_one_emulator(data: Path) -> None:
    """Four concurrent calls print the same line."""
    arguments = command("serve", "--detach", "--executor", "simulated", "--data", str(data))
    starting = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment()) for _ in range(4)]
    lines = {process.communicate(timeout=90)[0] for process in starting}
    assert len(lines) == 1
    assert json.loads(lines.pop())["pid"] > 0


def test_an_emulator_without_work_ends_by_itself(data: Path) -> None:
    """It ends after the idle time; the next one uses the same port."""
    first = start(data, "--idle-exit", "0.5")
    deadline = time.monotonic() + 120
    while not gone(first["pid"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a question every 50 ms
    again = start(data)
    assert again["pid"] != first["pid"]
    assert again["endpoint"] == first["endpoint"]


def test_after_a_kill_the_folder_is_free_and_whole(data: Path) -> None:
    """The next emulator has every acknowledged task."""
    first = start(data)
    step = {"type": "EncodedTask", "encodedTaskContent": "eA=="}
    body = {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": step}}
    with httpx.Client(base_url=first["endpoint"] + REGISTRY, params={"api-version": "2019-04-01"}) as http:
        for number in range(20):
            assert http.put(f"/tasks/task-{number:02}", json=body).status_code == 200
    os.kill(first["pid"], signal.SIGKILL)
    second = start(data)
    assert second["pid"] != first["pid"]
    with httpx.Client(base_url=second["endpoint"] + REGISTRY, params={"api-version": "2019-04-01"}) as http:
        assert len(http.get("/tasks").json()["value"]) == 20


def test_a_detached_emulator_gets_every_option(data: Path) -> None:
    """Mode, latency and switches reach the process in the background."""
    options = ["--mode", "lro", "--latency", "20", "--set", "operation-retry-after=7"]
    about = start(data, *options, "--set", "unknown-members=refused")
    step = {"type": "EncodedTask", "encodedTaskContent": "eA=="}
    body = {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": step}}
    with httpx.Client(base_url=about["endpoint"] + REGISTRY, params={"api-version": "2019-04-01"}) as http:
        made = http.put("/tasks/task1", json=body)
        assert (made.status_code, made.headers["retry-after"]) == (201, "7")
        assert http.put("/tasks/task2", json={**body, "nosuch": 1}).status_code == 400
        assert http.get(about["endpoint"] + "/_emulator/requests").json()["value"][-1]["milliseconds"] >= 20


def test_a_folder_has_one_emulator(data: Path) -> None:
    """A serve in the foreground is refused with the process that has the folder."""
    first = start(data)
    second = run("serve", "--executor", "simulated", "--data", str(data))
    assert second.returncode == 2
    assert second.stderr == (
        f"acr-tasks-emulator: The data folder {data} belongs to an emulator that runs already "
        f"(process {first['pid']}).\n"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: int) -> None:
    """The exit status is 0, stdout has one line, and the temporary folder is removed."""
    process = subprocess.Popen(
        command("serve", "--executor", "simulated"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert httpx.get(line["dashboard"]).status_code == 200
    process.send_signal(number)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--registry", "my_registry"], "Registry name 'my_registry' is not allowed: 5 to 50 letters and digits are."),
        (["--executor", "podman"], "Executor 'podman' is not known"),
        (["--host", "0.0.0.0"], "give --token"),
        (["--host", "no.such.host.invalid", "--token", "x"], "cannot be listened on"),
        (["--data", "/proc/nowhere"], "The data folder /proc/nowhere cannot be used"),
        (["--detach"], "--detach needs --data"),
        (["--agents", "0"], "1 to 64"),
        (["--idle-exit", "0"], "above 0"),
        (["--mode", "async"], "choose one of sync, lro"),
        (["--tls", "--cert", "a", "--key", "b"], "give either --tls, or --cert and --key"),
        (["--cert", "a"], "--cert and --key belong together"),
        (["--cert", "/nowhere/a", "--key", "b"], "The certificate /nowhere/a cannot be read: No such file"),
        (["--set", "page-size"], "'page-size' has no value"),
        (["--set", "foo=1", "--set", "page-size=x"], "'foo' is not known"),
    ],
)
def test_wrong_options_are_a_sentence(arguments: list[str], said: str) -> None:
    """The sentence is on stderr, with exit status 2 and without a traceback."""
    result = run("serve", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("acr-tasks-emulator: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_detached_start_that_fails_says_why(data: Path) -> None:
    """The caller prints the sentence of the process in the background."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--detach", "--executor", "simulated", "--data", str(data), "--port", str(port))
    assert result.returncode == 2
    assert result.stderr == (f"acr-tasks-emulator: 127.0.0.1:{port} cannot be listened on: Address already in use.\n")


HEAVY = ("cryptography", "httpx", "jinja2", "pydantic", "rich", "sqlite3", "starlette", "trustme", "typer", "uvicorn")


def test_importing_the_package_imports_nothing_heavy() -> None:
    """The package's import loads no server and no client."""
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import acr_tasks_emulator;"
        f"print(sorted({set(HEAVY)!r} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_repeated_call_imports_no_server(data: Path) -> None:
    """The line is the same, and the modules of the server are not imported."""
    first = start(data)
    asked = ["acr-tasks-emulator", "serve", "--detach", "--executor", "simulated", "--data", str(data)]
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; sys.argv[:] = {asked!r};"
        "from acr_tasks_emulator.__main__ import main; main();"
        f"print(sorted({set(HEAVY)!r} & set(sys.modules)))"
    )
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    line, imported = again.stdout.splitlines()
    assert (json.loads(line), imported) == (first, "[]")


def test_a_call_with_other_options_is_checked(data: Path) -> None:
    """A wrong option is refused although the emulator runs; no token is in the folder's digest of the arguments."""
    token = ("--token", "s3cret-token-0123")
    first = start(data, *token)
    assert run("serve", "--detach", "--data", str(data), "--agents", "0").returncode == 2
    assert start(data, "--agents", "2", *token) == first
    assert b"s3cret" not in (data / "detached").read_bytes()
    assert run("stop", "--data", str(data)).returncode == 0
    second = start(data, "--agents", "3")
    assert second["pid"] != first["pid"]
