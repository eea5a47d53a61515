"""Nouns and their kinds."""

from __future__ import annotations

from dgl_rsis.text.lexicon_file import default_lexicon


def test_lexicon_kinds() -> None:
    lexicon = default_lexicon()
    assert lexicon.kinds("meadows") == {"meadow", "grass", "vegetation"}
    assert lexicon.is_stuff("motorway")
    assert not lexicon.is_stuff("roundabout")
    assert lexicon.overlap("rooftop", "building")
    assert not lexicon.overlap("ship", "building")
    assert lexicon.find("flurb") is None
