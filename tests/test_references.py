"""References in the code lead to sections of docs/design.md that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^##+ (?:(\d(?:\.\d)?)\.? )?(.+)$", re.MULTILINE)
TERM = re.compile(r"\*{1,2}(\w[^*\n]*\w)\*{1,2}")
BY_NUMBER = re.compile(r"docs/design\.md (\d(?:\.\d)?)(?: and (\d(?:\.\d)?))?")
BY_NAME = re.compile(r"docs/design\.md, ([a-z -]+)[).:;]")


def references(text: str) -> Iterator[str]:
    """Numbers and names of sections that a text cites, wherever its lines break."""
    flat = re.sub(r"\s+(?:# )?", " ", text)
    for match in BY_NUMBER.finditer(flat):
        yield from filter(None, match.groups())
    for match in BY_NAME.finditer(flat):
        yield match[1]


def test_references_are_found_wherever_lines_break() -> None:
    text = (
        "'''One (docs/design.md 1.2). Two (docs/design.md\n2 and 3.1).'''\n"
        "# three: docs/design.md\n# 1.3; four (docs/design.md, mask selection)."
    )
    assert list(references(text)) == ["1.2", "2", "3.1", "1.3", "mask selection"]


def test_sections_that_the_code_cites_are_there() -> None:
    headings = HEADING.findall(DESIGN)
    known = {number for number, _ in headings} - {""}
    known |= {name.lower() for _, name in headings}
    known |= {name.lower() for name in TERM.findall(DESIGN)}
    folders = [ROOT / name for name in ("src", "pretrain", "benchmarks", "tests")]
    files = [
        file for folder in folders for kind in ("py", "yaml") for file in folder.rglob(f"*.{kind}")
    ]
    cited = {
        (str(file.relative_to(ROOT)), name)
        for file in files
        if file != Path(__file__)
        for name in references(file.read_text(encoding="utf-8"))
    }
    assert len(cited) > 30
    assert sorted(each for each in cited if each[1] not in known) == []
