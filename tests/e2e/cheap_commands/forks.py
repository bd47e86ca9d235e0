"""A process that has imported what the engine's Python processes import, and forks one for each launcher that connects.

It has loaded the certificates too, which a provider then has where its environment names the same. It has one thread
and no gRPC channel, so that a fork is as good as a new process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
from typing import NoReturn

from pulumi_acr_tasks.arm.http.connection import tls_context

# What a process imports in a new interpreter, and in which order, is the question of the scenarios without forks and of
# tests/real/provider/test_fresh_process.py.
IMPORTED = (
    "azure.identity",
    "grpc._channel",  # grpc imports its two ends when one is made, httpx its transport
    "grpc._server",
    "grpc.experimental",
    "httpcore",
    "pulumi.automation._server",
    "pulumi.dynamic",
    "pulumi_acr_tasks.plugin.server",
    "pulumi_acr_tasks.run.resource",
    "pulumi_acr_tasks.run.verbs",
    "pulumi_acr_tasks.service",
    "pulumi_acr_tasks.task.resource",
    "pulumi_acr_tasks.task.verbs",
    "ruamel.yaml",
)


class Request:
    """The command line that a launcher sends: folder, arguments, environment, and its standard files."""

    def __init__(self, connection: socket.socket) -> None:
        length, self.files, _, _ = socket.recv_fds(connection, 8, 3)
        text = b""
        while len(text) < int(length):
            text += connection.recv(int(length) - len(text))
        self.folder, count, *parts = text.decode().split("\0")
        self.arguments = [part for part in parts[: int(count)] if part != "-u"]
        self.environment = dict(part.split("=", 1) for part in parts[int(count) :])

    def close(self) -> None:
        for file in self.files:
            os.close(file)

    def run(self) -> NoReturn:
        """Run the module or the file as `python -u` does, and end this process."""
        for number, file in enumerate(self.files):
            os.dup2(file, number)
        self.close()
        os.setsid()
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        sys.stdin = io.TextIOWrapper(io.FileIO(0))
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(number, "w"), write_through=True) for number in (1, 2))
        status = 1
        try:
            self.run_main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        threading._shutdown()  # type: ignore[attr-defined]
        os._exit(status)

    def run_main(self) -> None:
        """Run a module or a file here; leave all else, such as `--version`, to a new interpreter."""
        first, *rest = self.arguments
        if first == "-m":
            sys.argv, sys.path[0] = rest, self.folder
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        elif first.startswith("-"):
            os.execv(sys.executable, [sys.executable, *self.arguments])
        else:
            sys.argv, sys.path[0] = self.arguments, os.path.dirname(os.path.realpath(first))  # noqa: PTH120
            runpy.run_path(first, run_name="__main__")


class Forks:
    """The forked processes by their id, each with the connection to its launcher."""

    def __init__(self, address: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(64)
        self.wakeup, child_ended = socket.socketpair()
        child_ended.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(child_ended.fileno())
        self.child_ended = child_ended
        self.launchers: dict[int, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self.fork)
        self.selector.register(self.wakeup, selectors.EVENT_READ, self.reap)
        self.selector.register(sys.stdin, selectors.EVENT_READ, self.end)

    def serve(self) -> NoReturn:
        while True:
            for key, _ in self.selector.select():
                key.data()

    def end(self) -> NoReturn:
        """Kill what is left when the worker that holds the other end of standard input is gone."""
        for pid in self.launchers:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def fork(self) -> None:
        launcher, _ = self.listener.accept()
        request = Request(launcher)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            inherited = [launcher, self.listener, self.wakeup, self.child_ended, *self.launchers.values()]
            for each in [self.selector, *inherited]:
                each.close()
            request.run()
        request.close()
        self.launchers[pid] = launcher
        self.selector.register(launcher, selectors.EVENT_READ, lambda: self.signal(pid))

    def signal(self, pid: int) -> None:
        """Pass on the signal that the launcher was sent; kill the process when the launcher is gone."""
        launcher = self.launchers.get(pid)
        if launcher is None:
            return
        with contextlib.suppress(ConnectionError):
            if heard := launcher.recv(1):
                os.kill(pid, heard[0])
                return
        self.selector.unregister(launcher)
        os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Tell the launcher of each process that has ended its exit status."""
        self.wakeup.recv(4096)
        while self.launchers:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            launcher = self.launchers.pop(pid)
            with contextlib.suppress(KeyError):
                self.selector.unregister(launcher)
            status = os.waitstatus_to_exitcode(ended)
            with contextlib.suppress(OSError):
                launcher.send(bytes([status if status >= 0 else 128 - status]))
            launcher.close()


if __name__ == "__main__":
    for module in IMPORTED:
        importlib.import_module(module)
    tls_context()
    assert threading.active_count() == 1, threading.enumerate()
    gc.freeze()
    forks = Forks(sys.argv[1])
    print("ready", flush=True)
    forks.serve()
