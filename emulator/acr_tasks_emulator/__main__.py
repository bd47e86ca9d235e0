"""The command line: `acr-tasks-emulator`, and `python -m acr_tasks_emulator`."""

from __future__ import annotations

import sys

from acr_tasks_emulator.process import background, instance


def main() -> None:
    """Run the command line.

    Each deployment starts this program to find the emulator in the background, so that answer comes before the slow
    imports.
    """
    about = background.find_again(sys.argv[1:])
    if about is not None:
        instance.print_line(about)
        return
    from acr_tasks_emulator import cli

    cli.main()


if __name__ == "__main__":
    main()
