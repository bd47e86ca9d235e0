"""The command of the bench: print the cost of provider and emulator, of all parts or of the named ones.

    PATH=ENGINE:VENV/bin:$PATH python -m tests.bench [PART...] [--tasks N] [--mebibytes N]

Absolute figures depend on the machine. So each figure stands beside a baseline of the same run, and only their ratio
counts. Nothing is asserted.
"""

from __future__ import annotations

import argparse

from tests.bench import emulator, latency, memory, packing, policies, starts, tasks

PARTS = ("tasks", "starts", "latency", "packing", "memory", "emulator", "policies")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Print what provider and emulator cost.")
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all without any", metavar="PART")
    parser.add_argument("--tasks", type=int, default=tasks.TASKS, help="tasks in the registry (%(default)s)")
    parser.add_argument("--mebibytes", type=int, default=memory.MEBIBYTES, help="size of the context (%(default)s)")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    work = {
        "tasks": lambda: tasks.main(given.tasks),
        "starts": starts.main,
        "latency": latency.main,
        "packing": packing.main,
        "memory": lambda: memory.main(given.mebibytes),
        "emulator": emulator.main,
        "policies": policies.main,
    }
    for part in given.parts or PARTS:
        work[part]()


if __name__ == "__main__":
    main()
