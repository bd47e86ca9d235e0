"""Which files a context has: the same as for a real builder, case by case."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulumi_acr_tasks.source.dockerignore import IgnoreRules
from pulumi_acr_tasks.source.entries import entries
from pulumi_acr_tasks.source.patterns import read_patterns

pytestmark = pytest.mark.skipif(shutil.which("buildah") is None, reason="needs buildah, whose answers are expected")

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
    """The files of the image that `COPY . /` makes with that case's ignore file."""
    ignore, dockerfile = place / f"{number}.ignore", place / "Dockerfile"
    ignore.write_bytes(CASES[number].encode())
    storage = ["--storage-driver", "vfs", "--root", str(place / "root"), "--runroot", str(place / "run")]
    build = ["bud", "--layers=false", "--quiet", "--isolation", "chroot", "--output", "type=tar,dest=-"]
    command = ["buildah", *storage, *build, "--ignorefile", str(ignore), "-f", str(dockerfile), str(context)]
    made = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        return {member.name for member in archive if not member.isdir()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("ignore")
    write(place / "context")
    (place / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    yield place
    storage = ["--storage-driver", "vfs", "--root", str(place / "root"), "--runroot", str(place / "run")]
    subprocess.run(["buildah", *storage, "rm", "--all"], capture_output=True, timeout=60, check=True)


@pytest.fixture(scope="module")
def images(place: Path) -> list[set[str]]:
    """The builder's answer to each case; two at a time, as each waits for its disk."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda number: built(place, place / "context", number), range(len(CASES))))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[repr(text)[1:-1] for text in CASES])
def test_a_context_has_the_files_that_the_builder_copies(number: int, place: Path, images: list[set[str]]) -> None:
    """No file more and none less, but for what this old builder does otherwise than docker."""
    rules = IgnoreRules(read_patterns(CASES[number]))
    ours = {entry.name for entry in entries(place / "context", rules) if entry.kind != "folder"}
    _, different = DIFFERENT.get(CASES[number], ("", set()))
    assert ours ^ images[number] == different
