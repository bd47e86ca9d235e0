"""The options of `docker run` and `docker build`, and the reader of their command lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from acr_tasks_emulator.execution.shell.parse_line import ShellError, read_line

_RUN_FLAGS = """
    d,detach disable-content-trust help init i,interactive no-healthcheck oom-kill-disable privileged P,publish-
    all q,quiet read-only rm sig-proxy t,tty use-api-socket
"""
_RUN_VALUES = """
    add-host annotation a,attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns
    cidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c,cpu-shares cpus cpuset-
    cpus cpuset-mems detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps
    device-write-iops dns dns-opt dns-option dns-search domainname entrypoint e,env env-file expose gpus group-
    add health-cmd health-interval health-retries health-start-interval health-start-period health-timeout
    h,hostname io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory l,label label-file link link-local-
    ip log-driver log-opt mac-address m,memory memory-reservation memory-swap memory-swappiness mount name net
    net-alias network network-alias oom-score-adj pid pids-limit platform p,publish pull restart runtime
    security-opt shm-size stop-signal stop-timeout storage-opt sysctl tmpfs ulimit u,user userns uts v,volume
    volume-driver volumes-from w,workdir
"""
_BUILD_FLAGS = (
    """D,debug check compress disable-content-trust force-rm help load no-cache pull push q,quiet rm squash stream"""
)
_BUILD_VALUES = """
    add-host allow annotation attest build-arg build-context builder cache-from cache-to call cgroup-parent cpu-
    period cpu-quota c,cpu-shares cpuset-cpus cpuset-mems f,file iidfile image isolation l,label m,memory
    memory-swap metadata-file network no-cache-filter o,output platform policy progress provenance sbom secret
    security-opt shm-size ssh t,tag target ulimit
"""
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


class OptionError(ValueError):
    """A command line that docker refuses; the text is docker's. status: docker's exit status."""

    def __init__(self, text: str, status: int = 125) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Options:
    """The options before the first argument, or for a build all of them; and the arguments.

    given: the long name of each option with its value, in order; `true` or `false` for a flag.
    """

    given: list[tuple[str, str]] = field(default_factory=list, repr=False)
    arguments: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """Return the values of an option that may be repeated."""
        return [value for other, value in self.given if other == name]

    def last(self, name: str) -> str | None:
        """Return the value of an option, of which the last counts; None where it is not given."""
        return next((value for other, value in reversed(self.given) if other == name), None)

    def flag(self, name: str) -> bool:
        """Tell whether a flag is set."""
        return self.last(name) == "true"


def _table(flags: str, values: str) -> Mapping[str, tuple[str, bool]]:
    """Return a table from each name with its dashes to the long name, and whether it takes a value."""
    table: dict[str, tuple[str, bool]] = {}
    for text, takes in ((flags, False), (values, True)):
        for names in text.split():
            short, _, long = names.rpartition(",")
            table[f"--{long}"] = (long, takes)
            if short:
                table[f"-{short}"] = (long, takes)
    return table


_RUN = _table(_RUN_FLAGS, _RUN_VALUES)
_BUILD = _table(_BUILD_FLAGS, _BUILD_VALUES)


def read_run(words: Sequence[str]) -> Options:
    """Read what follows `docker run`: options up to the image, which is the first argument. Raises OptionError."""
    found = _read(words, _RUN, mixed=False)
    if not found.arguments:
        raise OptionError('"docker run" requires at least 1 argument.', 1)
    return found


def read_build(words: Sequence[str]) -> Options:
    """Read what follows `docker build`: options, and the context in any place. Raises OptionError."""
    found = _read(words, _BUILD, mixed=True)
    if len(found.arguments) != 1:
        count = len(found.arguments)
        raise OptionError(f'"docker build" requires exactly 1 argument. It has {count}.', 1)
    return found


def _read(words: Sequence[str], table: Mapping[str, tuple[str, bool]], mixed: bool) -> Options:
    found = Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found.arguments.extend(rest)
            break
        if not word.startswith("-") or word == "-":
            found.arguments.append(word)
            if not mixed:
                found.arguments.extend(rest)
                break
            continue
        if word.startswith("--"):
            _long(word, rest, table, found)
        else:
            _short(word, rest, table, found)
    return found


def _long(word: str, rest: list[str], table: Mapping[str, tuple[str, bool]], found: Options) -> None:
    name, equals, value = word.partition("=")
    if name not in table:
        raise OptionError(f"unknown flag: {name}")
    long, takes = table[name]
    if takes and not equals:
        if not rest:
            raise OptionError(f"flag needs an argument: {name}")
        value = rest.pop(0)
    found.given.append((long, value if takes else _boolean(long, value if equals else "true")))


def _short(word: str, rest: list[str], table: Mapping[str, tuple[str, bool]], found: Options) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if f"-{letter}" not in table:
            raise OptionError(f"unknown shorthand flag: '{letter}' in {word}")
        long, takes = table[f"-{letter}"]
        if not takes:
            value = "true"
            if letters.startswith("="):
                value, letters = letters[1:], ""
            found.given.append((long, _boolean(long, value)))
            continue
        if not letters and not rest:
            raise OptionError(f"flag needs an argument: '{letter}' in {word}")
        found.given.append((long, letters.removeprefix("=") if letters else rest.pop(0)))
        return


def _boolean(name: str, value: str) -> str:
    if value in _TRUE:
        return "true"
    if value in _FALSE:
        return "false"
    raise OptionError(
        f'invalid argument "{value}" for "--{name}" flag: strconv.ParseBool: parsing "{value}": invalid syntax'
    )


def first_argument(line: str) -> tuple[str, int] | None:
    """Return the image in what follows `docker run`, and where in the line it stands; None without one."""
    words = [(match.group(), match.start()) for match in re.finditer(r"\S+", line)]
    while words:
        word, at = words.pop(0)
        if not word.startswith("-"):
            return word, at
        takes = _RUN.get(word if word.startswith("--") else f"-{word[-1:]}", ("", False))[1]
        if takes and "=" not in word and words:
            words.pop(0)
    return None


def takes_an_image(line: str) -> bool:
    """Tell whether a line behind `docker run` holds an image beside its options."""
    try:
        return bool(_read(read_line(f": {line}").items[0].commands[0].words[1:], _RUN, mixed=False).arguments)
    except (OptionError, ShellError):
        return False


def asks_to_detach(line: str) -> bool:
    """Tell whether a line behind `docker run` detaches its container."""
    try:
        return read_run(read_line(f": {line}").items[0].commands[0].words[1:]).flag("detach")
    except (OptionError, ShellError):  # it is refused when it runs
        return False
