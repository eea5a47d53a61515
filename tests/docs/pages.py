"""Pages of the documentation and the code blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Why a block is not executed; it is checked against the command line and the package instead.
MARKS = {
    "needs-download": "a checkpoint of the hub, or an extra",
    "needs-data": "a data set that people have",
    "needs-cluster": "nodes of a cluster",
    "needs-clone": "a clone of the repository with make",
    "needs-notebook": "a notebook with its extras; tests/test_tutorials.py executes those there are",
    "needs-kill": "a run that was cut off",
    "needs-server": "a server that runs on; test_servers.py starts it",
}
_BLOCK = re.compile(
    r"^```(?P<language>sh|python)(?: \{(?P<marks>[^}]*)\})?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: ``sh`` or ``python``.
        mark: why it is not executed; empty if it is.
        code: what is inside.
        place: file and line.
    """

    language: str
    mark: str
    code: str
    place: str


def blocks_of(text: str, name: str) -> list[Block]:
    """The blocks of shell and Python of a page, in its order."""
    found = []
    for match in _BLOCK.finditer(text):
        mark = (match["marks"] or "").strip().removeprefix(".")
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(match["language"], mark, match["code"], f"{name}:{line}"))
    return found


def page_blocks(page: Path) -> list[Block]:
    """The blocks of a page of the repository."""
    return blocks_of(page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix())


def spans_of(page: Path) -> list[str]:
    """Code inside the sentences of a page, on one line each."""
    prose = _CODE.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in _SPAN.findall(prose)]


def commands_of(code: str) -> list[str]:
    """Commands of a shell block: without comments, continued lines joined, here-documents left out."""
    lines, waiting_for = [], None
    for line in code.replace("\\\n", " ").splitlines():
        if waiting_for is not None:
            waiting_for = None if line.strip() == waiting_for else waiting_for
        elif line.strip() and not line.lstrip().startswith("#"):
            lines.append(line.strip())
            here = re.search(r"<<\s*['\"]?(\w+)", line)
            waiting_for = here[1] if here else None
    return lines
