"""A container's output, taken from the container itself.

With chroot isolation buildah copies what a container prints, and does not wait for the copying when the container has
ended: on a busy machine the last lines are lost. So the container gets a pipe of ours, and a busybox that opens it and
becomes the step's program. The step's variables come in the same way: on a command line everybody on the machine
could read them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from acr_tasks_emulator.execution.programs import Rename
from acr_tasks_emulator.execution.run_log import RunLog

_FOLDER = "/.acb"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:=.*)?", re.DOTALL)
# The search keeps this busybox from running its own `ls` in place of the image's. The names of variables are unusual:
# a variable that the environment has already would change for the program.
_BECOME = f"""\
exec >{_FOLDER}/output 2>&1
unset SHLVL PWD OLDPWD
. {_FOLDER}/environment
case $1 in */*) exec "$@";; esac
_acb_name=$1
shift
IFS=:
for _acb_folder in $PATH; do
  if [ -f "$_acb_folder/$_acb_name" ] && [ -x "$_acb_folder/$_acb_name" ]; then
    unset IFS
    exec -a "$_acb_name" "$_acb_folder/$_acb_name" "$@"
  fi
done
echo "exec: \\"$_acb_name\\": executable file not found in \\$PATH"
exit 127
"""


def passes_on(environment: Sequence[str]) -> bool:
    """Tell whether a shell hands on these `NAME=VALUE`: it drops names that cannot be variables, such as `a.b`."""
    return all(_VARIABLE.fullmatch(item) for item in environment)


class ContainerOutput:
    """The output pipe of one container. `mounts` are buildah's, `wrapped` is the command line that prints into it.

    pipe: a path in a folder that only its owner can read. environment: `NAME=VALUE`, as `passes_on` takes them.
    """

    def __init__(self, pipe: Path, busybox: Path, environment: Sequence[str] = ()) -> None:
        self._pipe = pipe
        self._variables = pipe.with_suffix(".environment")
        self._environment = environment
        mounts = {busybox: "busybox:ro", pipe: "output", self._variables: "environment:ro"}
        self.mounts = [part for path, name in mounts.items() for part in ("-v", f"{path}:{_FOLDER}/{name}")]

    def wrapped(self, argv: Sequence[str]) -> list[str]:
        """Return the command line to run in place of `argv`."""
        return [f"{_FOLDER}/busybox", "sh", "-c", _BECOME, "sh", *argv]

    @contextlib.contextmanager
    def copying(self, log: RunLog, rename: Rename) -> Iterator[None]:
        """Copy the pipe to the log, after the block until its last writer has closed it."""
        self._variables.write_text("".join(f"export {_assignment(item)}\n" for item in self._environment))
        os.mkfifo(self._pipe)
        self._pipe.chmod(0o666)  # the container's user may be anybody
        reading = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reading, True)
        kept = os.open(self._pipe, os.O_WRONLY)  # or the reader would be done before the container has begun
        with os.fdopen(reading, "rb") as stream:
            reader = threading.Thread(target=log.copy_from, args=(stream, rename), name="output", daemon=True)
            reader.start()
            try:
                yield
            finally:
                os.close(kept)
                reader.join()
                self._pipe.unlink()
                self._variables.unlink()


def _assignment(item: str) -> str:
    name, _, value = item.partition("=")
    return f"{name}={shlex.quote(value)}"
