"""Running of a shell line: the container or build itself, but no command that the agent would run on itself."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.shell.parse_line import Command, Item, Redirection, ShellError, read_line

SYNTAX, NOT_FOUND = 2, 127
"""A shell's exit statuses for a line that it refuses, and for a program that is not there."""

_FOLDERS = {"", "/", "/tmp", "/var/tmp", "/root", "/dev"}  # noqa: S108 - folders of the agent
_NULL_DEVICE = "/dev/null"
_PROGRAM_NAMES = """
    [ awk basename bash cat cd chmod chown cp curl cut date dd df diff dirname docker du env expr export find git
    grep gzip head hostname id jq kill ln ls mkdir mktemp mv nl paste printf ps pwd read readlink rm rmdir sed seq
    set sh sleep sort split stat sync tail tar tee test time timeout touch tr tty uname uniq unset wait wc wget
    which whoami xargs yes if then else elif fi for do done while until case esac ! { }
"""
_PROGRAMS = frozenset(_PROGRAM_NAMES.split())
"""Programs that the agent has for certain, and words of its shell. Others count as missing there."""


def run_line(program: str, line: str, act: Callable[[list[str]], int], log: RunLog) -> int:
    """Carry out `program` with a line of words behind it; return the line's exit status.

    program: such as `docker run`. act: does what the program's words say, and returns its exit status. What the shell
    does beside that on the agent stands in the log and is not done.
    """
    if "\0" in line:
        log.line("fork/exec /bin/sh: invalid argument: the line holds the character NUL")
        return SYNTAX
    try:
        read = read_line(f"{program} {line}")
    except ShellError as error:
        log.line(f"/bin/sh: {error}")
        return SYNTAX
    for remark in read.remarks:
        log.say(remark)
    status = 0
    for number, item in enumerate(read.items):
        if (item.after == "&&" and status) or (item.after == "||" and not status):
            continue
        first = item.commands[0].words
        if number and first[:1] == ["exit"]:
            return int(first[1]) % 256 if first[1:] and first[1].isdigit() else status
        status = _pipeline(item, act if not number else None, len(program.split()), log)
    return status


def _pipeline(item: Item, act: Callable[[list[str]], int] | None, skipped: int, log: RunLog) -> int:
    status = 0
    for number, command in enumerate(item.commands):
        if number == 0 and act is not None:
            status = _refused(command, log) or _acted(command, item, act, skipped, log)
        else:
            status = _on_the_agent(command, log)
    return 0 if item.background else status


def _acted(command: Command, item: Item, act: Callable[[list[str]], int], skipped: int, log: RunLog) -> int:
    for redirection in command.redirections:
        _say_where(redirection, log)
    if len(item.commands) > 1:
        log.say(
            f"The agent's shell hands on the output to {_spelled(item.commands[1])}, which runs on the agent; the "
            "emulator shows the output here. The exit status is that of the last of these commands."
        )
    if item.background:
        log.say("The agent's shell does not wait for this command (&): the step ends well whatever becomes of it")
    return act(command.words[skipped:])


def _refused(command: Command, log: RunLog) -> int:
    """Return the status of a command whose redirections the shell cannot make; 0 where it can."""
    for each in command.redirections:
        reads = each.operator in ("<", "<>")
        if each.operator in ("<<", "<<-", "<&", ">&") or each.target == _NULL_DEVICE:
            continue
        if reads or posixpath.dirname(each.target) not in _FOLDERS:
            problem = "open" if reads else "create"
            reason = "No such file" if reads else "Directory nonexistent"
            log.line(f"/bin/sh: cannot {problem} {each.target}: {reason}")
            log.say(f"{each.target} is a path on the agent: it is neither in the source nor in the container")
            return SYNTAX
    return 0


def _say_where(redirection: Redirection, log: RunLog) -> None:
    if redirection.operator in (">", ">>", ">|"):
        log.say(
            f"The agent's shell writes output to {redirection.target} on the agent: neither into /workspace nor into "
            f"this log. The emulator shows it here. To write a file, run a shell in the container: sh -c '... > file'"
        )


def _on_the_agent(command: Command, log: RunLog) -> int:
    """Return the exit status that a command would have on the agent, as far as that is known; it is not run."""
    words = command.words
    name = words[0] if words else ""
    if name in ("true", ":", "false"):
        return int(name == "false")
    if name == "echo" and not command.redirections:
        log.line(" ".join(words[1:]))
        return 0
    known = not name or name in _PROGRAMS or name.startswith("(") or "=" in name
    log.say(
        f"The agent's shell would run this command on the agent itself, in no container: {_spelled(command)}. The "
        "emulator does not run it. To run it in the container, give the whole line to a shell there: sh -c '...'"
    )
    if known:
        return 0
    log.line(f"/bin/sh: {name}: not found")
    return NOT_FOUND


def _spelled(command: Command) -> str:
    return " ".join(command.words)
