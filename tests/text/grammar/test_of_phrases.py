"""*of* after a noun."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("the roof of the building", "roof, inside building"),
        ("the largest of the white ships", "largest white ship"),
        ("the one of the halls", "hall"),
        ("the bus of white color", "white bus"),
        ("the largest hall of all the halls", "largest hall"),
        ("a patch of grass", "grass"),
        ("the tallest of the towers", "tallest tower"),
        ("a field of sunflowers", "field"),
        ("a heap of rubble", "heap"),
        ("the roofs of houses", "every roof, inside house"),
        ("the hall of greatest length", "longest hall"),
        ("the truck which is the largest of all the vehicles", "largest truck"),
        ("the castle's largest tower", "largest tower, inside castle"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text
