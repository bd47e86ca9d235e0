"""`python -m acr_tasks_emulator` is the command line."""

from __future__ import annotations

from acr_tasks_emulator.cli import main

if __name__ == "__main__":
    main()
