"""The file of words: what of it is refused, and that it is read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgl_rsis.errors import TextError
from dgl_rsis.text.lexicon_file import LEXICON_FILE, default_lexicon, load_lexicon


def test_the_default_is_read_once_and_equals_its_file() -> None:
    assert default_lexicon() is default_lexicon()
    assert load_lexicon(LEXICON_FILE).nouns == default_lexicon().nouns


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind_of: [building]", "kind_of: [bilding]", "'bilding' is no noun"),
        ("extent: stuff", "extent: stuf", "must be stuff or thing"),
        ("intensifiers: [very,", "intensifiers: [yes,", "intensifiers: must be a list of words"),
        ("white: {lab: [90, 0, 1]}", "white: {lab: [93, 0]}", r"colours\.white\.lab"),
        ("  left: [left,", "  leftish: [left,", "leftish"),
        ("first: 1,", "first: one,", r"ordinals\.first"),
    ],
)
def test_a_broken_lexicon_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "words.yaml"
    text = LEXICON_FILE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TextError, match=message) as caught:
        load_lexicon(path)
    assert "words.yaml" in str(caught.value)
