"""What the pages write of the command line and of the package exists, without running it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.checking import check_command, check_program, option_names
from docs.pages import MARKS, PAGES, Block, blocks_of, commands_of, page_blocks, spans_of

BLOCKS = [block for page in PAGES for block in page_blocks(page)]
# Options of other programs that sentences name.
OTHERS = {"--variant"}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_blocks_name_what_exists(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert block.mark in ("", *MARKS), f"{block.place}: unknown mark {block.mark}"
    if block.language == "python":
        check_program(block.code)
        return
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"^cat > (\S+) <<'END'\n(.*?)^END$", block.code, re.M | re.S):
        Path(name).write_text(text)  # settings may name it
    for line in commands_of(block.code):
        check_command(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_in_sentences_exist(page: Path) -> None:
    known = option_names() | OTHERS
    unknown = [
        span
        for span in spans_of(page)
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", span)
        if not span.startswith(("python ", "make ", "ray ", "pip ", "hf ")) and option not in known
    ]
    assert unknown == []


def test_pages_have_blocks() -> None:
    assert len(BLOCKS) > 30
    assert sum(not block.mark for block in BLOCKS) > 10


def test_blocks_are_found_with_their_marks_and_lines() -> None:
    text = "a\n```sh\nls\n```\n```sh {.needs-data}\nrm\n```\n```text\nno\n```\n```python\nx\n```\n"
    found = [(each.language, each.mark, each.code, each.place) for each in blocks_of(text, "p")]
    assert found == [
        ("sh", "", "ls\n", "p:2"),
        ("sh", "needs-data", "rm\n", "p:5"),
        ("python", "", "x\n", "p:11"),
    ]


def test_commands_are_joined_and_here_documents_left_out() -> None:
    code = "# no\ncat > a.txt <<'END'\nwords\nEND\ndgl-rsis \\\n  info a\n\nls\n"
    assert commands_of(code) == ["cat > a.txt <<'END'", "dgl-rsis    info a", "ls"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("dgl-rsis segmant scene.tif", "no command dgl-rsis segmant"),
        ("dgl-rsis segment scene.tif -c road", "output"),
        ("dgl-rsis segment scene.tif -c road -o map.tif --tile-side 512", "--tile-side"),
        ("dgl-rsis segment scene.tif -c road -o map.tif --tile-size none", "valid integer"),
        ("dgl-rsis segment scene.tif -c road -o a.tif --set paint.painter=oil", "paint.painter"),
        ("dgl-rsis segment scene.tif -c road -o map.tif --model ftp:nowhere", "ftp"),
        ("dgl-rsis eval dubai DUBAI -o runs/dubai -w nobody", "no way is called 'nobody'"),
        ("dgl-rsis assess guess map.tif", "no command dgl-rsis assess guess"),
        ("make coffee", "no such target"),
        ("python benchmarks/nothing.py", "no file benchmarks/nothing.py"),
        ('pip install "dgl-rsis[nothing]"', "no such extra"),
        ("rm -rf everything", "unknown program"),
    ],
)
def test_what_is_not_there_is_found(line: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        check_command(line)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("dgl_rsis.lode()", "no attribute .lode"),
        ("dgl_rsis.load(devise='cpu')", "devise"),
        ("dgl_rsis.load(settings={'paint': {'painter': 'oil'}})", "paint.painter"),
    ],
)
def test_wrong_programs_are_found(code: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        check_program(code)
