"""A run's log as the page shows it: in colours, and piece by piece while it grows."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from acr_tasks_emulator.dashboard.ansi import CLASSES, PLAIN, Style, to_html
from acr_tasks_emulator.store.blobs import Blob

SHOWN = 512 * 1024
"""A page shows so many bytes of the end of a log at first."""
PIECE = 256 * 1024
"""So many bytes follow at once."""

COMPLETE = "Complete"


class BadPlaceError(ValueError):
    """The text does not name a place in a log."""


@dataclass(frozen=True)
class Piece:
    """Whole lines of a log. `next` names the place where the log goes on, None at its end. `is_cut`: some came before.

    The place tells the style too that is switched on there.
    """

    html: Markup
    next: str | None
    is_cut: bool = False


def end_of(log: Blob | None) -> Piece:
    """Return the end of a log, from the beginning of a line; nothing of one that has not begun."""
    if log is None:
        return Piece(Markup(), "0")
    start = max(0, log.length - SHOWN)
    if start:
        with log.path.open("rb") as file:
            file.seek(start)
            start += len(file.readline(SHOWN))
    piece = _read(log, start, SHOWN, PLAIN)
    return Piece(piece.html, piece.next, is_cut=start > 0)


def after(log: Blob | None, place: str) -> Piece:
    """Return what follows a place that an earlier piece named. Raises BadPlaceError."""
    number, *names = place.split(".")
    if not (number.isascii() and number.isdigit() and len(number) < 19) or not CLASSES.issuperset(names):
        raise BadPlaceError(place)
    return Piece(Markup(), place) if log is None else _read(log, int(number), PIECE, frozenset(names))


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
    place = ".".join([str(start + len(data)), *sorted(style)])
    return Piece(html, None if is_last else place)
