"""The files of a context are the same as for a real builder, case by case.

`ignore_rules.json` holds the builder's answers and its version. Another version, or a new case, is built anew, which
takes half a minute; with ACR_TASKS_RECORD its answers are written there.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulumi_acr_tasks.source.dockerignore import IgnoreRules
from pulumi_acr_tasks.source.entries import entries
from pulumi_acr_tasks.source.patterns import read_patterns

RECORD = Path(__file__).with_name("ignore_rules.json")
FILES = [
    "foo",
    "bar",
    "abc",
    "axc",
    "a.c",
    "a+b",
    "a*c",
    "a?c",
    "(x)",
    "[x]",
    "#hash",
    "!bang",
    ".env",
    ".hidden/file",
    "README.md",
    "README-secret.md",
    "README-open.md",
    "docs/README.md",
    "docs/en/README.md",
    "docs/en/notes",
    "docs/notes",
    "docs/a/b/notes",
    "src/main.py",
    "src/b/deep.py",
    "src/b/data.txt",
    "src/foo",
    "src/b/foo/bar",
    "node_modules/x/index.js",
    "node_modules/kept/index.js",
    "node_modules/kept/lib/more.js",
    "cache/x.o",
    "lib/cache/y.o",
    "lib/cache/z.c",
    "lib/cached",
    "lib.so",
    "build/out/app",
    "build/out/app.map",
    "build/keep.txt",
    "one/two/three/four.txt",
    "one/two/other.txt",
    "one/file.txt",
    "é/à.txt",
]

# The texts of ignore files.
CASES = [
    "",
    "foo",
    "/foo",
    "foo/",
    "./foo",
    "docs/../foo",
    "../foo",
    "foo/bar",
    "*",
    "*.md",
    "/*.md",
    "*/*.md",
    "**/*.md",
    "**",
    "**/*",
    "docs",
    "docs/",
    "docs/*",
    "docs/**",
    "docs/**/notes",
    "**/notes",
    "**/cache",
    "**/cache/*.o",
    "**/foo",
    "**/b/**",
    "*/b",
    "a?c",
    "a[bx]c",
    "a[^b]c",
    "a[a-c]c",
    r"a\*c",
    r"a\?c",
    "a.c",
    "a+b",
    "(x)",
    r"\[x\]",
    "FOO",
    ".env",
    ".*",
    "# foo\nbar",
    r"\#hash",
    "  foo  ",
    "foo\r\nbar\r\n",
    "\ufefffoo",
    ".",
    "/",
    "lib",
    "lib*",
    "l*/c*",
    "é",
    "é/*",
    "one/two",
    "one/*/three",
    "one/**/four.txt",
    "one//file.txt",
    "foo\n!foo",
    "!foo\nfoo",
    "*\n!foo",
    "*\n!docs",
    "*\n!docs/README.md",
    "*\n!docs/*.md",
    "*\n!**/*.py",
    "*\n!src/**",
    "**\n!src/**/*.txt",
    "docs\n!docs/notes",
    "docs\n!docs/notes\ndocs/notes",
    "docs/*\n!docs/en",
    "docs/**\n!docs/en/notes",
    "node_modules\n!node_modules/kept/**",
    "node_modules\n!node_modules/kept/lib",
    "**/node_modules\n!node_modules/kept",
    "*.md\n!README*.md\nREADME-secret.md",
    "*.md\nREADME-secret.md\n!README*.md",
    "build\n!build/out\nbuild/out/*.map",
    "build/out\n!build/out/app",
    "! foo\n",
    "*\n! foo",
    "*\n!/foo",
    "*\n!foo/",
    "!**",
    "one\n!one/two/three/four.txt",
    "src/b\n!src/b/foo",
    ".hidden\n!.hidden/file",
    "**/*\n!**/*.o\ncache",
]

# Where this builder is not like docker: buildah copies files as docker did before BuildKit, by an older matcher.
_OLD_MATCHER = "takes + and parentheses for a regular expression; moby has escaped them since"
_OLD_WALK = "does not enter an ignored folder for an exception with wildcards; BuildKit does"
_OLD_PARSER = "keeps blanks after the exclamation mark; moby trims them"
DIFFERENT: dict[str, tuple[str, set[str]]] = {
    "a+b": (_OLD_MATCHER, {"a+b"}),
    "(x)": (_OLD_MATCHER, {"(x)"}),
    "*\n!**/*.py": (_OLD_WALK, {"src/main.py", "src/b/deep.py"}),
    "**\n!src/**/*.txt": (_OLD_WALK, {"src/b/data.txt"}),
    # moby does not try `cache` on the folder, which is ignored already, so its files do not inherit it
    "**/*\n!**/*.o\ncache": (_OLD_WALK, {"cache/x.o", "lib/cache/y.o"}),
    "*\n! foo": (_OLD_PARSER, {"foo"}),
}


def write(folder: Path) -> Path:
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "link").symlink_to("foo")
    return folder


def built(place: Path, context: Path, number: int) -> set[str]:
    """Return the files of the image that `COPY . /` makes with that case's ignore file."""
    ignore, dockerfile = place / f"{number}.ignore", place / "Dockerfile"
    ignore.write_bytes(CASES[number].encode())
    storage = ["--storage-driver", "vfs", "--root", str(place / "root"), "--runroot", str(place / "run")]
    build = ["bud", "--layers=false", "--quiet", "--isolation", "chroot", "--output", "type=tar,dest=-"]
    command = ["buildah", *storage, *build, "--ignorefile", str(ignore), "-f", str(dockerfile), str(context)]
    made = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        return {member.name for member in archive if not member.isdir()}


def asked(place: Path) -> list[set[str]]:
    """Return the builder's answers to all cases; two at a time, as each waits for its disk."""
    (place / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    try:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda number: built(place, place / "context", number), range(len(CASES))))
    finally:
        storage = ["--storage-driver", "vfs", "--root", str(place / "root"), "--runroot", str(place / "run")]
        subprocess.run(["buildah", *storage, "rm", "--all"], capture_output=True, timeout=60, check=True)


def builder() -> str | None:
    """Return the name and version of the builder that is installed, or None."""
    if shutil.which("buildah") is None:
        return None
    told = subprocess.run(["buildah", "--version"], capture_output=True, text=True, check=True).stdout
    return told.partition(" (")[0].strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ignore")
    write(place / "context")
    return place


@pytest.fixture(scope="module")
def images(place: Path) -> list[set[str]]:
    """Return the files of the image that the builder makes of each case."""
    version, everything = builder(), {*FILES, "link"}
    record = json.loads(RECORD.read_text())
    known = sorted(record["files"]) == sorted(everything) and list(record["left out"]) == CASES
    if known and version in (None, record["builder"]) and "ACR_TASKS_RECORD" not in os.environ:
        return [everything - set(left_out) for left_out in record["left out"].values()]
    if version is None:
        pytest.skip("needs buildah, whose answers to these cases are not recorded")
    answers = asked(place)
    if "ACR_TASKS_RECORD" in os.environ:
        left_out = {case: sorted(everything - files) for case, files in zip(CASES, answers, strict=True)}
        record = {"builder": version, "files": sorted(everything), "left out": left_out}
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    return answers


@pytest.mark.parametrize("number", range(len(CASES)), ids=[repr(text)[1:-1] for text in CASES])
def test_a_context_has_the_files_that_the_builder_copies(number: int, place: Path, images: list[set[str]]) -> None:
    """Both have the same files, but for the known differences of this older builder."""
    rules = IgnoreRules(read_patterns(CASES[number]))
    ours = {entry.name for entry in entries(place / "context", rules) if entry.kind != "folder"}
    _, different = DIFFERENT.get(CASES[number], ("", set()))
    assert ours ^ images[number] == different
