"""What the service says about words while they are typed."""

from __future__ import annotations

import pytest

from dgl_rsis.apps.server.words import understand_text
from dgl_rsis.errors import TextError
from dgl_rsis.text.knowledge import default_knowledge


def test_classes() -> None:
    found = understand_text("Classes: building,  paved road; blorf", default_knowledge())
    assert found == {
        "kind": "classes",
        "classes": ["building", "paved road", "blorf"],
        "unknown": ["blorf"],
    }


def test_sentence() -> None:
    text = "the second largest red roof north of the blorf"
    found = understand_text(text, default_knowledge())
    assert found["kind"] == "sentence"
    assert found["target"] == {
        "text": "red roof",
        "noun": "roof",
        "attributes": [{"kind": "colour", "text": "red"}],
    }
    assert found["count"] == "one"
    said = [(each["kind"], text[each["start"] : each["end"]]) for each in found["steps"]]
    assert said == [("relation", "north of the blorf"), ("ordinal", "second largest")]
    assert [text[each["start"] : each["end"]] for each in found["unknown"]] == ["blorf"]


@pytest.mark.parametrize(
    ("text", "count"), [("every tree", "all"), ("the tree", "one"), ("three trees", "3")]
)
def test_count(text: str, count: str) -> None:
    assert understand_text(text, default_knowledge())["count"] == count


@pytest.mark.parametrize("text", ["classes:", "123", "?!"])
def test_nothing_to_look_for(text: str) -> None:
    with pytest.raises(TextError):
        understand_text(text, default_knowledge())
