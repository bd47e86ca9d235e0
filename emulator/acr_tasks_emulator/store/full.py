"""What it means that the disk of the data folder is full."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageFullError(OSError):
    """There is no room for what was to be written; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__(errno.ENOSPC, "no room is left for what was to be written")


@contextmanager
def noticed() -> Iterator[None]:
    """Raise StorageFullError in place of what Python and SQLite raise for a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFullError from error
        raise
    except sqlite3.OperationalError as error:
        if "database or disk is full" in str(error):  # its number is known from Python 3.11 on
            raise StorageFullError from error
        raise
