import numpy as np
import pytest
from pretrain.corpus import without
from pretrain.text import enriched
from pretrain.wordnet import Entry, read

# The format of wndb(5): offset, lexicographer file, type, number of words in hexadecimal, words with
# their numbers, number of pointers, pointers of four fields, gloss.
RECORDS = """  1 This software is protected.
00000001 06 n 01 barrier 0 000 | something in the way
00000002 06 n 02 dam 0 Big_Dike 1 002 @ 00000001 n 0000 ~ 00000003 n 0000 | a wall that holds water; "a dam broke"
00000003 15 n 01 St._Mary's 0 001 @i 00000001 n 0000 | a place
00000004 05 n 01 dog 0 000 | an animal that is not seen from above
00000005 17 n 01 Loch_Ness 0 001 @i 00000006 n 0000 | a lake; in Scotland
00000006 04 n 01 lake 0 000 | water
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data.noun").write_text(RECORDS, encoding="utf-8")
    return tmp_path


def test_entries_are_words_definitions_and_kinds(folder):
    assert read(folder) == [
        Entry(("barrier",), "something in the way"),
        Entry(("dam", "big dike"), "a wall that holds water", ("barrier",)),
        Entry(("loch ness",), "a lake; in Scotland", ("lake",)),
    ]


def test_a_folder_without_wordnet_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="no WordNet here; install"):
        read(tmp_path)


def test_words_go_towards_their_definitions_and_kinds():
    texts = ["dam", "wall", "barrier", "dog"]
    features = np.eye(4, dtype=np.float32)
    rich = enriched(texts, features, [Entry(("dam", "weir"), "wall", ("barrier", "unknown"))])
    expected = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(rich, expected, atol=1e-6)
    np.testing.assert_array_equal(features, np.eye(4))


def test_what_holds_an_unseen_word_is_left_out_in_any_number_or_case():
    texts = ["a foundry", "Foundries by the sea", "semi-detached house", "found", "semi trailer"]
    assert without(texts, ["foundry", "semi detached"]) == ["found", "semi trailer"]
