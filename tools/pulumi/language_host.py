"""Run Python programs, policy packs and plugins for the engine, with the SDK's own language server."""

import os
import runpy
import subprocess
import sys
import threading
import traceback
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.errors import RunError
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

PACKS = []  # policy packs and plugins that were started


class Program:
    """One Pulumi program: the file or folder that `main` of Pulumi.yaml names."""

    def __init__(self, info):
        self.directory = Path(info.program_directory)
        self.entry = self.directory / (info.entry_point or ".")

    def __call__(self):
        sys.path.insert(0, str(self.directory))
        try:
            runpy.run_path(str(self.entry), run_name="__main__")
        except (RunError, grpc.RpcError):
            raise
        except SystemExit as end:
            if end.code not in (None, 0):
                raise RunError(f"the program ended with exit status {end.code}") from end
        except BaseException as error:
            raise RunError(self.without_our_frames(error)) from error

    def without_our_frames(self, error):
        """The traceback as the program's author would see it: only from the entry point on."""
        frames = traceback.extract_tb(error.__traceback__)
        first = next((i for i, frame in enumerate(frames) if frame.filename.startswith(str(self.directory))), 0)
        lines = traceback.format_list(frames[first:]) + traceback.format_exception_only(type(error), error)
        return "Program failed with an unhandled exception:\n" + "".join(lines)


class Host(LanguageServer):
    """The SDK's in-process language server, with a program from disk in place of a function."""

    def __init__(self, engine):
        super().__init__(lambda: None)
        self.engine = engine

    def Run(self, request, context):  # noqa: N802  # the protocol's name
        os.chdir(request.pwd)
        sys.argv = [request.info.entry_point, *request.args]
        del request.args[:]
        request.args.append(self.engine)
        self.program = Program(request.info)
        result = super().Run(request, context)
        if result.error:  # it stands on the screen already: the engine need not repeat it
            result.bail = True
        return result

    def RunPlugin(self, request, context):  # noqa: N802  # the protocol's name
        folder = request.info.program_directory
        if request.kind == "analyzer":
            place, program = folder, ["-m", "pulumi.policy", *request.args, folder]
        else:  # a provider works in the project's folder, as one that the engine starts itself
            place, program = request.pwd, [folder, *request.args]
        options = request.info.options
        environment = options["virtualenv"] if "virtualenv" in options else ""  # noqa: SIM401 - a Struct has no get
        python = Path(request.info.root_directory, environment, "bin", "python") if environment else sys.executable
        pack = subprocess.Popen(
            [python, "-u", *program],
            cwd=place,
            env={**os.environ, **dict(entry.split("=", 1) for entry in request.env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(pack.terminate)
        PACKS.append(pack)
        yield from relay(pack)


def relay(process):
    """Streams both outputs of a process line by line and then its exit code."""
    lines = futures.ThreadPoolExecutor(2)
    queue = []
    arrived = threading.Condition()

    def read(stream, field):
        for line in stream:
            with arrived:
                queue.append(language_pb2.RunPluginResponse(**{field: line}))
                arrived.notify()

    readers = [lines.submit(read, process.stdout, "stdout"), lines.submit(read, process.stderr, "stderr")]
    for reader in readers:
        reader.add_done_callback(lambda _: notify(arrived))
    while True:
        with arrived:
            arrived.wait_for(lambda: queue or all(reader.done() for reader in readers))
            ready, queue[:] = list(queue), []
        yield from ready
        if not ready:
            break
    yield language_pb2.RunPluginResponse(exitcode=process.wait())


def notify(condition):
    with condition:
        condition.notify()


class _Collector:
    """A stand-in for a server: keeps the handlers that the generated code adds."""

    def __init__(self):
        self.handlers = []

    def add_generic_rpc_handlers(self, handlers):
        self.handlers += handlers

    def add_registered_method_handlers(self, service, methods):
        """Ignore the second registration of the same methods: it is for servers that have not started."""


def handler(engine):
    """Return the gRPC handler of all methods."""
    collector = _Collector()
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(engine), collector)
    return collector.handlers[0]


def kill_packs():
    """Kill the policy packs and plugins that were started."""
    for pack in PACKS:
        pack.kill()
