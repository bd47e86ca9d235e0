"""A run's log for the page: in colours, and piece by piece while it grows."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from rich.style import Style

from acr_tasks_emulator.dashboard.ansi import CLASSES, PLAIN, classes_of, style_of, to_html
from acr_tasks_emulator.services.blobs.blobs import COMPLETE
from acr_tasks_emulator.store.blobs import Blob

SHOWN = 512 * 1024
"""The number of bytes of a log's end that a page shows at first."""
PIECE = 256 * 1024
"""The most bytes that one request for more of a log returns."""


class BadPositionError(ValueError):
    """A text that is not a position in a log."""


@dataclass(frozen=True)
class Piece:
    """Whole lines of a log. `next` is the position of what follows, None at the log's end.

    A position is an offset in bytes and the classes of the style that is switched on there. is_cut: earlier lines were
    left out.
    """

    html: Markup
    next: str | None
    is_cut: bool = False


def end_of(log: Blob | None) -> Piece:
    """Return the end of a log, from the beginning of a line; an empty piece of a log that does not exist yet."""
    if log is None:
        return Piece(Markup(), "0")
    start = max(0, log.length - SHOWN)
    if start:
        with log.path.open("rb") as file:
            file.seek(start)
            start += len(file.readline(SHOWN))
    piece = _read(log, start, SHOWN, PLAIN)
    return Piece(piece.html, piece.next, is_cut=start > 0)


def after(log: Blob | None, position: str) -> Piece:
    """Return what follows a position that an earlier piece named. Raises BadPositionError."""
    number, *classes = position.split(".")
    if not (number.isascii() and number.isdigit() and len(number) < 19) or not CLASSES.issuperset(classes):
        raise BadPositionError(position)
    return Piece(Markup(), position) if log is None else _read(log, int(number), PIECE, style_of(classes))


def _read(log: Blob, start: int, limit: int, style: Style) -> Piece:
    with log.path.open("rb") as file:
        file.seek(start)
        data = file.read(limit)
    is_complete = COMPLETE in log.metadata
    is_last = is_complete and start + len(data) >= log.length
    if not is_last and len(data) < limit:
        data = data[: data.rfind(b"\n") + 1]  # the rest of the line is still to come
    elif not is_last:
        data = data[: data.rfind(b"\n") + 1] or data
    html, style = to_html(data.decode(errors="replace"), style)
    position = ".".join([str(start + len(data)), *classes_of(style)])
    return Piece(html, None if is_last else position)
