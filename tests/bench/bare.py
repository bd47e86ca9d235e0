"""The floor that the emulator is measured against: one route that answers a constant, in the emulator's own set-up.

    python -m tests.bench.bare BYTES

prints its port and answers every request with a JSON text of so many bytes, until it is ended.
"""

from __future__ import annotations

import json
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(length: int) -> Starlette:
    content = json.dumps({"value": "x" * (length - len('{"value": ""}'))}).encode()

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(content, media_type="application/json; charset=utf-8")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "PUT"])])


def main(length: int) -> None:
    # With the protocol named, asyncio switches Nagle's algorithm off, as for the emulator's own socket.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(2048)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(application(length), log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(int(sys.argv[1]))
