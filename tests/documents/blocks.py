"""The code blocks and command lines of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sybil import Document
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "emulator/README.md",
    ROOT / "policies/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
)
SOURCES = (*sorted((ROOT / "provider").rglob("*.py")), *sorted((ROOT / "emulator").rglob("*.py")))
EXAMPLES = ("yaml", "typescript", "go")  # the languages whose blocks are parts of the examples
LANGUAGES = ("python", "sh", "json", "text", *EXAMPLES)
OURS = ("pulumi", "acr-tasks", "acr-tasks-emulator", "make")

_FENCED = FencedCodeBlockLexer(r"[\w-]*")
_SPAN = re.compile(rf"`((?:{'|'.join(OURS)}) [^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    file: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def blocks(language: str = "") -> Iterator[Block]:
    """Yield the blocks of all documents and docstrings, or those of one language."""
    for file in (*PAGES, *SOURCES):
        for block in _blocks_of(file):
            if language in ("", block.language):
                yield block


def _blocks_of(file: Path) -> Iterator[Block]:
    text = file.read_text(encoding="utf-8")
    if "```" not in text:
        return
    texts = [text]
    if file.suffix == ".py":
        texts = [doc for _, _, doc in PythonDocStringDocument.extract_docstrings(text)]
    for each in texts:
        for region in _FENCED(Document(each, str(file))):
            line = text.count("\n", 0, text.index(each) + region.start) + 1 if each in text else 1
            yield Block(file, line, region.lexemes["language"], str(region.lexemes["source"]))


def is_included(block: Block) -> bool:
    """Return whether a block shows a file of an example, which is tried as an example."""
    return block.text.startswith("--8<--")


def programs() -> dict[str, str]:
    """Return the Python of each document: its blocks, one after another, are one program."""
    found: dict[str, str] = {}
    for block in blocks("python"):
        if not is_included(block):
            name = re.sub(r"\W+", "_", str(block.file.relative_to(ROOT).with_suffix(""))).lower()
            found[name] = found.get(name, "") + block.text + "\n\n"
    return found


def command_lines() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each command line, in blocks and within sentences."""
    for block in blocks("sh"):
        quoted = re.sub(r"'[^']*'", lambda match: match[0].replace("\n", " "), block.text)
        for command in re.sub(r"\\\n\s*", " ", quoted).splitlines():
            for part in command.split(" && "):
                if part.strip():
                    yield str(block), part.strip()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in _SPAN.finditer(text):
            yield f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}", match[1]
