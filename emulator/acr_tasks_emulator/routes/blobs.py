"""The blob service below /blobs/: Put Blob, Put Block, Put Block List, Get Blob (ranges too), Get Blob Properties."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Mapping
from email.utils import formatdate
from typing import BinaryIO

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator.routes.http import services_of
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.blobs.blobs import BINARY, UPLOAD_LIMIT, BlobsService
from acr_tasks_emulator.services.blobs.sas import PARAMETERS, VERSION
from acr_tasks_emulator.store.blobs import CHUNK, Blob

BLOCK_LIST_LIMIT = 4 * 1024 * 1024
_ECHOED = ("x-ms-version", "x-ms-client-request-id")
_TEXT = re.compile(r"[\x20-\x7e]{1,1024}")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


async def blob(request: Request) -> Response:
    """Dispatch by method and `comp`, as the blob service does."""
    operation = request.query_params.get("comp", "")
    if request.method in {"GET", "HEAD"} and operation == "":
        return await _get(request)
    if request.method == "PUT" and operation in _WRITES:
        return await _WRITES[operation](request)
    raise errors.BLOB_OPERATION()


async def _put_blob(request: Request) -> Response:
    blobs, container, name = _open_write(request)
    blob_type = request.headers.get("x-ms-blob-type")
    if blob_type is None:
        raise errors.BLOB_HEADER_MISSING(header="x-ms-blob-type")
    if blob_type != "BlockBlob":
        raise errors.BLOB_HEADER_INVALID(header="x-ms-blob-type")
    with blobs.store.upload() as (file, path):
        await _receive(request, file)
        file.close()
        written = await run_in_threadpool(
            blobs.store.commit, path, container, name, _content_type(request), blobs.now()
        )
    return _created(request, written)


async def _put_block(request: Request) -> Response:
    blobs, container, name = _open_write(request)
    block_id = request.query_params.get("blockid")
    if not block_id:
        raise errors.BLOB_QUERY_INVALID()
    with blobs.store.upload() as (file, path):
        await _receive(request, file)
        file.close()
        await run_in_threadpool(blobs.keep_block, path, container, name, block_id)
    return Response(status_code=201, headers=_common(request))


async def _receive(request: Request, file: BinaryIO) -> None:
    """Write a body to a file as it comes. Raises ServiceError."""
    if int(request.headers.get("content-length", 0)) > UPLOAD_LIMIT:
        raise errors.BLOB_TOO_LARGE()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > UPLOAD_LIMIT:
            raise errors.BLOB_TOO_LARGE()
        await run_in_threadpool(file.write, chunk)


async def _put_block_list(request: Request) -> Response:
    blobs, container, name = _open_write(request)
    xml = bytearray()
    async for chunk in request.stream():
        xml += chunk
        if len(xml) > BLOCK_LIST_LIMIT:
            raise errors.BLOB_XML()
    written = await run_in_threadpool(blobs.commit_blocks, container, name, _content_type(request), bytes(xml))
    return _created(request, written)


_WRITES = {"": _put_blob, "block": _put_block, "blocklist": _put_block_list}


async def _get(request: Request) -> Response:
    parts = request.path_params
    found = services_of(request).blobs.readable(parts["container"], parts["name"], _signed(request))
    return content(request, found, _common(request))


def content(request: Request, found: Blob, headers: dict[str, str]) -> Response:
    """Return a blob, or the range of it that the request asks for. Raises ServiceError."""
    headers = {**headers, **_properties(found)}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    if request.headers.get("if-match", found.etag) not in {found.etag, "*"}:
        raise errors.BLOB_CONDITION()
    first, length, status = 0, found.length, 200
    asked = _RANGE.fullmatch(request.headers.get("x-ms-range") or request.headers.get("range") or "")
    if asked and request.method == "GET":
        first = int(asked[1])
        last = min(int(asked[2]) if asked[2] else found.length, found.length - 1)
        if first >= found.length or last < first:
            raise errors.BLOB_RANGE(headers={"Content-Range": f"bytes */{found.length}"})
        length, status = last - first + 1, 206
        headers["Content-Range"] = f"bytes {first}-{last}/{found.length}"
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return _with_metadata(Response(status_code=200, headers=headers), found)
    return _with_metadata(StreamingResponse(_read(found, first, length), status, headers=headers), found)


def _with_metadata(response: Response, found: Blob) -> Response:
    # Starlette writes header names in lower case, but names of metadata keep their case.
    response.raw_headers += [
        (f"x-ms-meta-{name}".encode("latin-1"), value.encode("latin-1")) for name, value in found.metadata.items()
    ]
    return response


async def _read(found: Blob, first: int, length: int) -> AsyncIterator[bytes]:
    # The file may grow while it is read: send exactly the announced length.
    async with await anyio.open_file(found.path, "rb") as file:
        await file.seek(first)
        while length > 0:
            data = await file.read(min(CHUNK, length))
            if not data:
                return
            length -= len(data)
            yield data


def _open_write(request: Request) -> tuple[BlobsService, str, str]:
    parts = request.path_params
    blobs = services_of(request).blobs
    create_only = request.headers.get("if-none-match") == "*"
    blobs.check_writable(parts["container"], parts["name"], _signed(request), create_only)
    return blobs, parts["container"], parts["name"]


def _signed(request: Request) -> Mapping[str, str]:
    """Return the query. Raises ServiceError when it has a parameter of the signature more than once."""
    names = [name.lower() for name, _ in request.query_params.multi_items()]
    if any(names.count(name) > 1 for name in PARAMETERS):
        raise errors.SAS_INVALID()
    return request.query_params


def _content_type(request: Request) -> str:
    return request.headers.get("x-ms-blob-content-type") or request.headers.get("content-type") or BINARY


def _created(request: Request, written: Blob) -> Response:
    headers = {
        **_common(request),
        "ETag": written.etag,
        "Last-Modified": formatdate(written.modified, usegmt=True),
        "x-ms-request-server-encrypted": "true",
    }
    return Response(status_code=201, headers=headers)


def _properties(found: Blob) -> dict[str, str]:
    return {
        "ETag": found.etag,
        "Last-Modified": formatdate(found.modified, usegmt=True),
        "Content-Type": found.content_type,
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": found.blob_type,
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
    }


def _common(request: Request) -> dict[str, str]:
    # Every version of the blob service is accepted: the answer repeats the version of the request.
    own = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": VERSION}
    given = {name: request.headers[name] for name in _ECHOED if _TEXT.fullmatch(request.headers.get(name, ""))}
    return own | given


ROUTES: list[BaseRoute] = [
    Route("/blobs/{container}/{name:path}", blob, methods=["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"])
]
