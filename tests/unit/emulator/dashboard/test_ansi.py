"""Terminal colours in logs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from acr_tasks_emulator.dashboard.ansi import CLASSES, classes_of, style_of, to_html

ESC = "\x1b["


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('plain <b> & "quoted"', "plain &lt;b&gt; &amp; &#34;quoted&#34;"),
        (f"{ESC}31mred{ESC}0m plain", '<span class="f1">red</span> plain'),
        (f"{ESC}1;4;92mgreen{ESC}22m thin{ESC}m", '<span class="b f2 u">green</span><span class="f2 u"> thin</span>'),
        (f"{ESC}7;33mturned{ESC}27;39m plain", '<span class="f3 r">turned</span> plain'),
        (f"{ESC}44;97mground{ESC}49;39m", '<span class="f7 g4">ground</span>'),
        (f"{ESC}38;5;196mred", '<span class="f1">red</span>'),
        (f"{ESC}38;5;12mblue", '<span class="f4">blue</span>'),
        (f"{ESC}38;5;250mgrey", '<span class="f7">grey</span>'),
        (f"{ESC}48;2;0;200;210mcyan", '<span class="g6">cyan</span>'),
        (f"{ESC}38;5mcut{ESC}0m", "cut"),
        (f"{ESC}31m<script>{ESC}0m", '<span class="f1">&lt;script&gt;</span>'),
        ("10 %\r 50 %\r100 %\r\nnext", "100 %\nnext"),
        ("ends with a return\r\nnext\r", "ends with a return\nnext"),
        (f"{ESC}2K{ESC}1A{ESC}?25lshown", "shown"),
        ("\x1b]0;title\x07shown \x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "shown link"),
        ("bell\x07 back\x08 nul\x00 half\x1b", "bell back nul half"),
        ("tab\tand ümläut ✓", "tab\tand ümläut ✓"),
    ],
)
def test_html(text: str, html: str) -> None:
    """Styles become spans, control characters are left out, and text is escaped."""
    assert to_html(text)[0] == html


def test_a_style_goes_on() -> None:
    """A style that is on at the end of one piece is on at the beginning of the next."""
    _, style = to_html(f"{ESC}1;31mred\n")
    assert classes_of(style) == ("b", "f1")
    assert to_html("still", style_of(["b", "f1"]))[0] == '<span class="b f1">still</span>'
    assert classes_of(to_html(f"{ESC}0m", style)[1]) == ()


@settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@example("\x1b[")  # a sequence without an end
@given(st.text(alphabet=st.sampled_from([*"\x1b[]0123456789;:mKH<>&\"'\r\n\x07\\ab"]), max_size=60))
def test_anything(text: str) -> None:
    """Any output of a program becomes HTML without foreign tags or control characters, and every class has a rule."""
    html, style = to_html(text)
    rest = html.replace("</span>", "").replace("\n", "")
    while '<span class="' in rest:
        before, _, after = rest.partition('<span class="')
        classes, _, after = after.partition('">')
        assert CLASSES.issuperset(classes.split())
        rest = before + after
    assert not set(rest) & set("<>\"'\x1b\r\x07")
    assert CLASSES.issuperset(classes_of(style))


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, f"{ESC}{'1;' * 500_000}", f"{ESC}]" * 300_000, f"{ESC}31mx{ESC}m" * 99_999]
)
def test_hostile_lines(text: str) -> None:
    """A line of a megabyte is read once: reading parts of it repeatedly would take hours."""
    html, _ = to_html(text + "\nend")
    assert html.endswith("\nend")
