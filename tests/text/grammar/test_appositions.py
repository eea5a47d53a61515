"""The target named again."""

from __future__ import annotations

import pytest

from dgl_rsis.text.parse import parse


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("The stadium. The stadium is on the left.", "stadium, at the left"),
        ("the hall, the largest one, near the road", "largest hall, near road"),
        ("The silo is the second from the left", "second silo from the left"),
        ("the boats are the two northernmost", "2 x northmost boat"),
        ("the vehicle is a white truck", "white truck"),
        (
            "the building between the church, the school and the park",
            "building, near church, near park",
        ),
        ("the ship is a white hall", "white ship"),
        ("among the halls, the red one", "red hall"),
    ],
)
def test_program(sentence: str, text: str) -> None:
    assert str(parse(sentence).program) == text
