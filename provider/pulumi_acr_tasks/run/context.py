"""Packing and upload of a run's local context, before the run is scheduled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_acr_tasks.arm.clock import fits_deadline
from pulumi_acr_tasks.arm.http.connection import is_loopback
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, SourceError
from pulumi_acr_tasks.source.upload import upload

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import SourceUploadDefinition
    from pulumi_acr_tasks.run.wait.wait import Call
    from pulumi_acr_tasks.source.context import Context
    from pulumi_acr_tasks.source.given_archive import Tarball


def upload_context(
    client: Client, registry: RegistryId, context: Context | Tarball, inputs: dict[str, Any], call: Call
) -> str:
    """Pack and upload the context; return the `sourceLocation` under which the service knows it.

    Raises SourceError for a context that cannot be packed, has changed since `check`, or is refused by the storage.
    """
    call.console.status("packing the context")
    progress = PackingProgress(call.console.status, call.cancel)
    with context.archive(inputs["contextHash"], inputs.get("contextContents"), progress) as archive:
        call.console.status(f"uploading the context, {_size(archive.stat().st_size)}")
        return upload(archive, lambda: _upload_link(client, registry), call.console.status, call.cancel)


class PackingProgress:
    """A callback for the packing of a context: shows the bytes so far each `interval` seconds, and ends it on ^C.

    Raises CanceledError when `cancel` is set, DeadlineError when the deadline of this thread has passed.
    """

    def __init__(self, show: Callable[[str], None], cancel: threading.Event, interval: float = 1.0) -> None:
        self._show, self._cancel, self._interval = show, cancel, interval
        self._shown_at = time.monotonic()

    def __call__(self, size: int) -> None:
        if self._cancel.is_set():
            raise CanceledError("The update was canceled while the context was packed: no run was scheduled.")
        if not fits_deadline(0):
            raise DeadlineError("the context was not packed in the time that was left", arrived=False)
        now = time.monotonic()
        if now - self._shown_at >= self._interval:
            self._shown_at = now
            self._show(f"packing the context, {size >> 20} MiB so far")


def _upload_link(client: Client, registry: RegistryId) -> SourceUploadDefinition:
    """Ask for a link to upload to.

    Raises SourceError for a plain-http link of a service that is asked by https.
    """
    link = client.registries.get_build_source_upload_url(registry)
    url = urlsplit(link.upload_url or "")
    if url.scheme == "http" and client.endpoint.startswith("https:") and not is_loopback(link.upload_url or ""):
        raise SourceError(
            f"upload the context: the service gave a plain-http link to {url.hostname}; neither the context nor the "
            "link's signature is sent there"
        )
    return link


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{max(1, size >> 10)} KiB"
