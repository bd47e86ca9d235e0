"""Serves Pulumi's LanguageRuntime for Python programs and policy packs, where the official language host cannot be had.

The engine starts `pulumi-language-python [flags] <engine address>` from PATH and reads the port from the first line of
standard output. The interpreter is the first python3 on PATH, so that programs, dynamic providers and policy packs all
run in one environment.

The engine starts it twice for each command, and asks the first process for nothing that needs Pulumi's SDK. Importing
the SDK takes most of a start, so `language_host` is imported when a program or a policy pack is to run. Pulumi's
generators are written in Go: where `pulumi-generate-python` is on the PATH, it writes SDKs and imported programs.
"""

import contextvars
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent import futures

import grpc

ENGINE = sys.argv[-1]
LOOK_SECONDS = 2.0  # between two looks whether the engine still listens
MESSAGE_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
WITH_SDK = ("Run", "RunPlugin")
EMPTY = b""  # a message of any type without a field
STREAMS = ("InstallDependencies",)
GENERATED = ("GeneratePackage", "GenerateProgram")
GENERATOR = "pulumi-generate-python"


class Runtime(grpc.GenericRpcHandler):
    """The LanguageRuntime: an empty message for each method that has nothing to say, the SDK for the others."""

    def __init__(self):
        self.loaded = None

    def service(self, call):
        service, _, method = call.method.lstrip("/").partition("/")
        if service != "pulumirpc.LanguageRuntime":
            return None
        if method in WITH_SDK:
            return self.sdk().service(call)
        if method in GENERATED:
            return grpc.unary_unary_rpc_method_handler(generated_by(call.method))
        if method in STREAMS:
            return grpc.unary_stream_rpc_method_handler(lambda request, context: iter(()))
        return grpc.unary_unary_rpc_method_handler(lambda request, context: EMPTY)

    def sdk(self):
        """Return the handler of the SDK, imported when it is first needed."""
        if self.loaded is None:
            import language_host

            self.loaded = language_host.handler(ENGINE)
        return self.loaded


def generated_by(method):
    """Return a function that lets a generator of its own process answer a request."""

    def ask(request, context):
        try:
            generator = subprocess.Popen([GENERATOR, ENGINE], stdout=subprocess.PIPE)
        except FileNotFoundError:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{GENERATOR} is not on the PATH")
        with generator:
            try:
                port = int(generator.stdout.readline())
                with grpc.insecure_channel(f"127.0.0.1:{port}", options=MESSAGE_LIMIT) as channel:
                    return channel.unary_unary(method)(request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            finally:
                generator.kill()

    return ask


def end_with_the_engine():
    """End this process and its packs soon after a killed engine, which cannot end them itself."""
    host, _, port = ENGINE.rpartition(":")
    missed = 0
    while missed < 2:  # a single refusal may be a machine that is out of ports
        time.sleep(LOOK_SECONDS)
        try:
            socket.create_connection((host, int(port)), timeout=5 * LOOK_SECONDS).close()
            missed = 0
        except ConnectionRefusedError:
            missed += 1
        except OSError:
            missed = 0  # slow, or no descriptor left: that says nothing of the engine
    if "language_host" in sys.modules:
        sys.modules["language_host"].kill_packs()
    os._exit(1)


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=MESSAGE_LIMIT)
    server.add_generic_rpc_handlers((Runtime(),))
    port = server.add_insecure_port("127.0.0.1:0")
    stopped = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):  # the engine interrupts its hosts at the end of every run
        signal.signal(ending, lambda *_: stopped.set())
    server.start()
    threading.Thread(target=end_with_the_engine, daemon=True).start()
    print(port, flush=True)
    stopped.wait()
    server.stop(grace=None)
    sys.stdout.flush()
    os._exit(0)  # a program's own threads must not keep the engine waiting


if __name__ == "__main__":
    contextvars.copy_context().run(main)
