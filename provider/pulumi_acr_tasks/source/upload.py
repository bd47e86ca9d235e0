"""Upload of an archive to the service's storage, by a link that the service gives.

The link's signature is a secret, so no message shows the link. Azure's library is imported with the first upload.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from pulumi_acr_tasks.arm.clock import run_cancelable
from pulumi_acr_tasks.arm.http.connection import ca_certificates, is_loopback, reason_of
from pulumi_acr_tasks.errors import SourceError, printable

_BLOCK = 8 << 20  # bytes; a lost connection costs no more than one block
_RETRIES = 5
_BACKOFF = 1  # seconds before the first retry; the library's default, 15, is long for a lost packet
_BLOCK_TIMEOUT = 300  # seconds to send one block, and again for its answer: a slow line may take minutes for either
_STALLED = 30.0  # seconds without progress between two messages that say so
_LINKS = 3  # links that are tried: one expires after about an hour, which a slow line may exceed

_NETWORK = (
    "check that firewalls and HTTPS_PROXY let this machine reach the storage of the registry, and run pulumi up again"
)
_LATER = "the storage has failed: run pulumi up again"
_CURES = {
    403: "the link was given just now: check this machine's clock, and that its network may reach the storage",
    413: "the context is too large: leave files out by .dockerignore",
}


class Link(Protocol):
    """The service's SourceUploadDefinition: the URL of the blob, and its name for the run request."""

    upload_url: str | None
    relative_path: str | None


def upload(
    archive: Path, request: Callable[[], Link], show: Callable[[str], None], cancel: threading.Event | None = None
) -> str:
    """Upload `archive` and return the `sourceLocation` under which the service knows it.

    `request` asks the service for a new link; it is called again when a link has expired, twice at most. `show` takes
    lines such as `uploading 120 of 380 MiB`.
    Raises SourceError when the storage refuses the archive or cannot be reached, CanceledError soon after `cancel` is
    set, DeadlineError when the deadline of this thread has passed.
    """
    from azure.core.exceptions import AzureError, HttpResponseError

    for last in (False,) * (_LINKS - 1) + (True,):
        link = request()
        if not link.upload_url or not link.relative_path:
            raise SourceError("The service gave no link to upload the context to.")
        try:
            progress = _Progress(show, archive.stat().st_size)
            put = partial(_put, archive, link.upload_url, progress.sent)
            run_cancelable(put, cancel, "upload the context", meanwhile=progress.report_stall)
        except HttpResponseError as error:
            if error.status_code == 403 and not last:
                continue
            raise SourceError(_refused(error, link.upload_url)) from None
        except ValueError:
            # The error's text quotes the link.
            raise SourceError("The service gave a link that is not the address of a blob.") from None
        except AzureError as error:
            if not last and is_loopback(link.upload_url):
                continue  # the request for another link restarts an embedded emulator that has died
            # The text of the error and of its cause may hold the link, so only the kind is shown.
            raise SourceError(_unanswered(error, link.upload_url)) from None
        return link.relative_path
    raise AssertionError("unreachable: the last link either works or raises")


class _Progress:
    """Progress messages of an upload: the bytes so far, and how long it has stalled."""

    def __init__(self, show: Callable[[str], None], size: int) -> None:
        self._show, self._size = show, size
        self._moved_at = self._shown_at = time.monotonic()

    def sent(self, sent: int, total: int | None) -> None:
        """Record the bytes that were sent, and show them."""
        self._moved_at = self._shown_at = time.monotonic()
        if self._size > _BLOCK:
            self._show(f"uploading {sent >> 20} of {(total or self._size) >> 20} MiB")

    def report_stall(self) -> None:
        """Show every thirty seconds that the upload has stalled."""
        now = time.monotonic()
        if now - self._shown_at >= _STALLED:
            self._shown_at = now
            self._show(f"uploading: the storage has taken nothing for {now - self._moved_at:.0f} s")


def _put(archive: Path, url: str, sent: Callable[[int, int | None], None]) -> None:
    from azure.storage.blob import BlobClient, BlobType, ExponentialRetry

    size = archive.stat().st_size
    retry = ExponentialRetry(initial_backoff=_BACKOFF, increment_base=2, retry_total=_RETRIES, random_jitter_range=1)
    client = BlobClient.from_blob_url(
        url,
        retry_policy=retry,
        max_single_put_size=_BLOCK,
        max_block_size=_BLOCK,
        connection_timeout=_BLOCK_TIMEOUT,
        read_timeout=_BLOCK_TIMEOUT,
        # A proxy of the environment cannot reach an emulator on this machine.
        use_env_settings=not is_loopback(url),
        connection_verify=ca_certificates() or True,
        # The context and the signature go only where the service has sent them.
        permit_redirects=False,
    )

    with client, archive.open("rb") as file:
        client.upload_blob(file, blob_type=BlobType.BLOCKBLOB, length=size, overwrite=True, progress_hook=sent)


def _refused(error: Any, url: str) -> str:
    """Return the storage's refusal by its code, because its message may repeat parts of the link."""
    code = getattr(error, "error_code", None)
    reason = printable(str(getattr(code, "value", code) or error.reason or "no reason given"))
    headers = getattr(error.response, "headers", None) or {}
    location = headers.get("location", "")
    if location:
        reason = f"it redirects to {urlsplit(location).hostname or 'another address'}, and a context is not sent there"
    return _lines(
        f"upload the context: the storage {_host(url)} refused it: {reason} (HTTP {error.status_code})",
        _CURES.get(error.status_code, _NETWORK if error.status_code < 500 else _LATER),
        error,
    )


def _unanswered(error: Any, url: str) -> str:
    """Return why the storage did not answer, without the error's text, which may hold the link."""
    words = reason_of(error, httpx.URL(url)).words
    kind = f"{words} ({type(error).__name__})" if words else type(error).__name__
    reason = f"the storage {_host(url)} did not answer: {kind}, tried {_RETRIES + 1} times"
    return _lines(f"upload the context: {reason}", _NETWORK, error)


def _lines(sentence: str, cure: str, error: Any) -> str:
    response = getattr(error, "response", None)
    answered = getattr(response, "headers", None) or {}
    sent = getattr(getattr(response, "request", None), "headers", None) or {}
    id_ = answered.get("x-ms-request-id") or sent.get("x-ms-client-request-id")
    return "\n".join([sentence, cure, *([f"request id {printable(id_)}"] if id_ else [])])


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the storage"
