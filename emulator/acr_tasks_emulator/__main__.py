"""The command line: `acr-tasks-emulator`, and `python -m acr_tasks_emulator`."""

from __future__ import annotations

import sys

from acr_tasks_emulator.process import instance


def main() -> None:
    """Run the command line.

    Who asks again for the emulator that runs in the background, as each deployment does, is answered before anything is
    imported that takes long.
    """
    about = instance.find_again(sys.argv[1:])
    if about is not None:
        instance.print_line(about)
        return
    from acr_tasks_emulator import cli

    cli.main()


if __name__ == "__main__":
    main()
