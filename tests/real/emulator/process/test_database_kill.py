"""A process that is killed in the middle of a transaction."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from acr_tasks_emulator.store.database import Database
from acr_tasks_emulator.store.tasks import TaskStore

KILLED = """
import os, signal, sys
from pathlib import Path
from acr_tasks_emulator.store.database import Database
from acr_tasks_emulator.store.tasks import TaskStore
tasks = TaskStore(Database(Path(sys.argv[1])))
for number in range(200):
    tasks.put("registry", f"task{number}", {"number": number})
    print(number, flush=True)
with tasks.transaction():
    tasks.put("registry", "half", {})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_acknowledged_data_survives_a_kill(tmp_path: Path) -> None:
    """The database is intact, and an unfinished transaction is rolled back."""
    path = tmp_path / "db.sqlite"
    # sys.path is handed on so that the child finds the same package.
    code = f"import sys; sys.path[:] = {sys.path!r}\n{KILLED}"
    child = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert child.returncode == -9
    assert len(child.stdout.split()) == 200, child.stderr
    database = Database(path)
    tasks = TaskStore(database)
    assert len(tasks.page("registry", "", 1000)) == 200
    assert tasks.get("registry", "half") is None
    assert database.rows("PRAGMA integrity_check")[0][0] == "ok"
    database.close()
