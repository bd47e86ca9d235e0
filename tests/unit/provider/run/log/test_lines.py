"""The control sequences of a log that reach the user's terminal."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks.run.log.follow import LineSplitter
from pulumi_acr_tasks.schema.secrets import Mask
from pulumi_acr_tasks.terminal import Terminal, readable

# What a program prints on one line, and what a terminal shows of it in the end.
SHOWN = {
    "plain text": ("just text\twith a tabulator", "just text\twith a tabulator"),
    "progress bar": ("10%\r50%\r100%", "100%"),
    "shorter text over longer": ("downloading\rdone", "doneloading"),
    "erased before it is written anew": ("downloading\r\x1b[Kdone", "done"),
    "erased as a whole": ("downloading\x1b[2K\rdone", "done"),
    "blanked by spaces": ("100%\r    \r", ""),
    "backspaces": ("|\b/\b-\bok", "ok"),
    "backspaces beyond the beginning": ("a\b\b\bb", "b"),
    "cursor back and forth": ("abcdef\x1b[4Dxy\x1b[Cz", "abxyez"),
    "cursor to a column": ("abcdef\x1b[2Gx", "axcdef"),
    "characters deleted": ("abcdef\r\x1b[2P", "cdef"),
    "cursor up and erase, as progress displays do": ("\x1b[1A\x1b[2K\x1b[?25lstep 2", "step 2"),
    "screen cleared": ("error\x1b[2J\x1b[H", "error"),
    "rest of the screen cleared": ("old\r\x1b[Jnew", "new"),
    "title": ("a\x1b]0;owned\x07b", "ab"),
    "title ended otherwise": ("a\x1b]0;owned\x1b\\b", "ab"),
    "link": ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
    "clipboard without an end": ("a\x1b]52;c;aGk=", "a"),
    "device control string": ("a\x1bP1$r0m\x1b\\b", "ab"),
    "bell and other control characters": ("a\x07b\x00\x0b\x0c\x0e\x7fc", "abc"),
    "C1: sequence, string, next line": ("a\x9b2Jb\x9d0;t\x9cc\x85d", "abcd"),
    "reset of the terminal": ("a\x1bcb\x1b(Bc\x1b7d\x1b#8e", "abcde"),
    "sequence that is cut off": ("a\x1b[31", "a"),
    "lone escape": ("a\x1b", "a"),
    "keyboard mode, which ends in m too": ("\x1b[>4;2mx", "x"),
    "colour": ("\x1b[31mred\x1b[0m plain", "\x1b[31mred\x1b[0m plain"),
    "colour without an end": ("\x1b[1;31mred", "\x1b[1;31mred\x1b[0m"),
    "colour from a palette": ("\x1b[38;5;196mred\x1b[39m plain", "\x1b[38;5;196mred\x1b[0m plain"),
    "hidden and blinking text": ("\x1b[8;5mseen\x1b[0m", "seen"),
    "colour over which something is written": ("\x1b[31mbad\x1b[0m\rgood", "good"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_a_line_is_shown_as_a_terminal_leaves_it(case: str) -> None:
    """Characters and colors stay; nothing else moves the cursor or reaches the terminal."""
    line, shown = SHOWN[case]
    assert Terminal().line(line) == shown


def test_a_color_lasts_until_it_changes() -> None:
    """Each line begins with its color and ends with a reset."""
    terminal = Terminal()
    assert terminal.line("\x1b[31mone") == "\x1b[31mone\x1b[0m"
    assert terminal.line("two") == "\x1b[31mtwo\x1b[0m"
    assert terminal.line("\x1b[mthree") == "three"


def test_any_output_becomes_a_line_of_bounded_length() -> None:
    """Huge numbers do not move the cursor out of sight, and take no time."""
    assert len(Terminal().line("\x1b[999999999Cx\x1b[" + "9" * 10_000 + "@y")) < 1000


@pytest.mark.parametrize("wanted", ["1", "yes"])
def test_no_color_removes_colors_from_logs(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR holds whatever its value is."""
    monkeypatch.setenv("NO_COLOR", wanted)
    assert LineSplitter().feed(b"\x1b[31mred\x1b[0m\n") == ["red"]
    assert readable("a\x1b[1mb") == "ab"


def test_a_text_of_several_lines_keeps_them() -> None:
    """Each line is rendered by itself."""
    assert readable("one\x07\n\x1b[32mtwo\n\nthree\x1b[0m\x1b[2J") == "one\n\x1b[32mtwo\x1b[0m\n\n\x1b[32mthree\x1b[0m"


def test_a_secret_is_masked_in_any_color() -> None:
    """It is masked also where a search has colored a part of it, and where the cursor went over it."""
    lines, mask = LineSplitter(), Mask(["hush-hush"])
    [line] = lines.feed(b"a \x1b[31mhush\x1b[0m-hush b\n")
    assert mask(line) == "a \x1b[31m[secret] b"
    [line] = lines.feed(b"\x1b[0mhusx\bh-\x1b]0;t\x07hush\n")
    assert mask(line) == "[secret]"
