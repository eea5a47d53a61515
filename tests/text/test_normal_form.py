"""Programs in the spelling of the lexicon."""

from __future__ import annotations

import pytest

from dgl_rsis.text.normal_form import normal_form
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.nodes import And, Not, Relate, Select
from dgl_rsis.text.program.vocabulary import Relation


@pytest.mark.parametrize(
    ("said", "normal"),
    [
        (Select("harbour"), Select("harbor")),
        (Select("ship", ("gray",)), Select("ship", ("grey",))),
        (Select("ship", ("light gray",)), Select("ship", ("light grey",))),
        (Select("path", ("long", "gravel")), Select("gravel path", ("long",))),
        (Select("zarkon", ("glimpfing", "L-shaped")), Select("zarkon", ("glimpfing", "l-shaped"))),
    ],
)
def test_words_are_rewritten_everywhere(said: Select, normal: Select) -> None:
    assert normal_form(said) == normal
    nested = And((Select("ship"), Not(Relate(Select("ship"), Relation.NEAR, said))))
    assert normal_form(nested) == And(
        (Select("ship"), Not(Relate(Select("ship"), Relation.NEAR, normal)))
    )


@pytest.mark.parametrize(
    "sentence",
    ["the two gray halls between the harbours and 5 m from the road", "the light blue car park"],
)
def test_what_the_parser_reads_is_normal(sentence: str) -> None:
    program = parse(sentence).program
    assert normal_form(program) == program
