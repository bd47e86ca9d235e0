"""Brings the browser that the dashboard is tried in: Chromium, from Debian.

Where it may not, it names the one command to run, and goes on: the tests that need a browser then skip and say so.
"""

from __future__ import annotations

import shutil

import debian

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PARTS = {"chromium": "chromium"}


def find() -> str | None:
    """The browser's path, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def ensure() -> bool:
    """Whether there is a browser, after having done for it what may be done."""
    return find() is not None or debian.provide(
        PARTS, "Without it the page is not tried.", "To try the page in a browser"
    )


if __name__ == "__main__":
    ensure()
