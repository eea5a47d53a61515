"""Which candidates the nouns of a sentence mean by their names."""

from __future__ import annotations

import pytest

from dgl_rsis.nouns import meant_by_names
from dgl_rsis.text.knowledge import normalise_name
from dgl_rsis.text.lexicon_file import default_lexicon


@pytest.mark.parametrize(
    ("names", "noun", "meant"),
    [
        (["platform", "ship"], "oil platform", [True, False]),
        (["platform", "oil platform"], "oil platform", [False, True]),
        (["platform", "train station"], "oil platform", [True, False]),
        (["oil platform", "ship"], "platform", [True, False]),
        (["lift", "cabin"], "ski lift", [True, False]),
        (["ski lift", "cabin"], "lift", [True, False]),
        (["field", "football pitch"], "soccer field", [False, True]),
        (["ship", "boat"], "boat", [False, True]),
        (["ship", "ships"], "ship", [True, True]),
        (["Ship", "SHIPS", "boat"], "ships", [True, True, False]),
        (["boat", "Ferry", "FERRIES"], "ferry", [False, True, True]),
        (["flurb", "flurbs"], "flurbs", [True, True]),
        (["vehicle", ""], "car", [True, False]),
    ],
)
def test_a_noun_means_the_closest_names(names: list[str], noun: str, meant: list[bool]) -> None:
    normalised = [normalise_name(name) for name in names]
    assert meant_by_names(normalised, [noun], default_lexicon())[noun].tolist() == meant


def test_nothing_is_meant_where_nothing_is_called_so() -> None:
    assert (
        meant_by_names(["ship", "ski", ""], ["ski lift", "oil platform"], default_lexicon()) == {}
    )
