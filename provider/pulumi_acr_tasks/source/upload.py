"""The way of an archive to the service: a blob behind a link that the service gives.

`facts/acr-tasks-api.md` section 7. The link's signature is a secret: no message shows the link.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pulumi_acr_tasks.arm.connection import authorities, is_loopback
from pulumi_acr_tasks.errors import SourceError

_BLOCK = 8 << 20  # bytes; a lost connection costs no more than one block
_RETRIES = 5
_BACKOFF = 1  # seconds before the first retry; the library's default, 15, is long for a lost packet
_LINKS = 3  # a link lives an hour or so: a large archive on a slow line may outlive more than one


class Link(Protocol):
    """The service's SourceUploadDefinition: where to put the archive, and what to call it in the run request."""

    upload_url: str | None
    relative_path: str | None


def upload(archive: Path, ask: Callable[[], Link], show: Callable[[str], None]) -> str:
    """Upload `archive` and return the `sourceLocation` under which the service knows it.

    `ask` gives a new link each time; it is called again when one has expired, twice at most. `show` takes lines such as
    `uploading 120 of 380 MiB`.
    Raises SourceError when the storage refuses the archive or cannot be reached.
    """
    from azure.core.exceptions import AzureError, HttpResponseError

    for last in (False,) * (_LINKS - 1) + (True,):
        link = ask()
        if not link.upload_url or not link.relative_path:
            raise SourceError("The service gave no link to upload the context to.")
        try:
            _put(archive, link.upload_url, show)
        except HttpResponseError as error:
            if error.status_code == 403 and not last:
                continue
            raise SourceError(
                f"The storage refused the context: {_reason(error)} (HTTP {error.status_code})."
            ) from None
        except ValueError:
            # It quotes the link.
            raise SourceError("The service gave a link that is not the address of a blob.") from None
        except AzureError as error:
            # Its text may hold the link, and so may that of its cause: the kind must do.
            raise SourceError(
                f"The context could not be uploaded: the storage did not answer ({type(error).__name__})."
            ) from None
        return link.relative_path
    raise AssertionError("unreachable: the last link either works or raises")


def _put(archive: Path, url: str, show: Callable[[str], None]) -> None:
    from azure.storage.blob import BlobClient, BlobType, ExponentialRetry

    size = archive.stat().st_size
    retry = ExponentialRetry(initial_backoff=_BACKOFF, increment_base=2, retry_total=_RETRIES, random_jitter_range=1)
    client = BlobClient.from_blob_url(
        url,
        retry_policy=retry,
        max_single_put_size=_BLOCK,
        max_block_size=_BLOCK,
        connection_timeout=300,
        # A proxy of the environment cannot reach the emulator on this very machine.
        use_env_settings=not is_loopback(url),
        connection_verify=authorities() or True,
    )

    def progress(sent: int, total: int | None) -> None:
        show(f"uploading {sent >> 20} of {(total or size) >> 20} MiB")

    options: dict[str, Any] = {"progress_hook": progress} if size > _BLOCK else {}
    with client, archive.open("rb") as file:
        client.upload_blob(file, blob_type=BlobType.BLOCKBLOB, length=size, overwrite=True, **options)


def _reason(error: Any) -> str:
    """The storage's error code; its message may repeat parts of the link."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or error.reason or "no reason given")
