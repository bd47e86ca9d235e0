"""The command `pulumi-resource-acr-tasks`, which the engine starts: it prints its port and serves until it is ended."""

from __future__ import annotations

import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_acr_tasks.engine import WORKERS, watch
from pulumi_acr_tasks.plugin.servicer import PluginServicer

_LARGEST = 400 * 1024 * 1024  # bytes of a message, as in Pulumi's own servers


def serve() -> tuple[grpc.Server, int]:
    """Start the server on a free port of this machine; return it and its port."""
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(PluginServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serve the engine whose address is the last argument."""
    server, port = serve()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    with contextlib.suppress(LookupError):  # started by hand: no engine to watch
        watch.attach()
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    server.stop(0)
