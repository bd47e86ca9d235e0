"""Where two task files in base64 differ: the numbers of lines, and never the lines, which may be secret."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from pulumi_acr_tasks.validate.task_file.file import decoded

_SHOWN = 3
_LONGEST = 2000  # lines of a file that is compared: the time grows with their square


def changed_lines(old: Any, new: Any) -> str:
    """Return `line 3` or `lines 3, 5-7 …` of the new task file; empty where either is no base64 of text.

    Of lines that are gone, the line above them is named.
    """
    texts = [decoded(content) if isinstance(content, str) else None for content in (old, new)]
    before, after = ((text or "").splitlines() for text in texts)
    if None in texts or max(len(before), len(after)) > _LONGEST:
        return ""
    spans = [
        (min(first + 1, last) or 1, last or 1)
        for kind, _, _, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:_SHOWN]]
    more = " …" if len(spans) > _SHOWN else ""
    noun = "line" if len(spans) == 1 and "-" not in shown[0] else "lines"
    return f"{noun} {', '.join(shown)}{more}" if shown else ""
