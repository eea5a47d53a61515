"""The list of unseen words is well formed, and nothing that is distilled holds one of them."""

import json
import re
from pathlib import Path

import pytest
import yaml
from pretrain import corpus
from pretrain.concepts import CONCEPTS, SCENES

from dgl_rsis.text.inflection import plural, singular

FILE = Path(__file__).parents[2] / "benchmarks" / "data" / "unseen_words.yaml"
CLASSES: dict[str, list[str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
ENTRIES = [entry for entries in CLASSES.values() for entry in entries]


def tokens(said: str) -> tuple[str, ...]:
    """Words in lower case and in the singular, so that neither case, plural nor hyphen matters."""
    return tuple(singular(word) for word in re.findall(r"[a-z0-9]+", said.lower()))


UNSEEN = {tokens(entry): entry for entry in ENTRIES}
LONGEST = max(map(len, UNSEEN))


def unseen_in(said: str) -> set[str]:
    """The entries that a text holds as whole words."""
    words = tokens(said)
    spans = (
        words[first : first + length]
        for length in range(1, LONGEST + 1)
        for first in range(len(words) - length + 1)
    )
    return {UNSEEN[span] for span in spans if span in UNSEEN}


def forms(entry: str) -> tuple[str, ...]:
    """The entry in the plural, or in the singular where it is one, with a hyphen, and capital."""
    other = singular(entry) if singular(entry) != entry else plural(entry)
    return entry, entry.lower(), entry.upper(), other.lower(), entry.replace(" ", "-", 1)


def test_the_list_is_well_formed():
    assert len(CLASSES) == 30
    assert len(ENTRIES) >= 240
    assert all(len(entries) >= 8 for entries in CLASSES.values())
    assert all(isinstance(entry, str) for entry in ENTRIES)
    assert all(1 <= len(entry.split()) <= 4 for entry in ENTRIES)
    single = sum(len(entry.split()) == 1 for entry in ENTRIES)
    assert 0.4 <= single / len(ENTRIES) <= 0.6


def test_no_entry_is_listed_twice():
    assert len(UNSEEN) == len(ENTRIES)  # also not in another case or number


def test_no_entry_gives_its_class_away():
    for name, entries in CLASSES.items():
        assert not [entry for entry in entries if tokens(name) == tokens(entry)]
        held = f" {' '.join(tokens(name))} "
        assert not [entry for entry in entries if held in f" {' '.join(tokens(entry))} "]


def test_no_entry_is_known():
    known = [name for group in (*CONCEPTS.values(), *SCENES.values()) for name in group]
    known += [*CONCEPTS, *corpus.lexicon_words()]
    assert set().union(*map(unseen_in, known)) == set()


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("a satellite image of Foundries.", {"foundry"}),
        ("a wide-body jet, a thatched rural cottage", {"wide body jet", "thatched rural cottage"}),
        ("an OVERBRIDGE", {"overbridge"}),
        ("tarns", {"tarn"}),
        ("tarnish", set()),
        ("a bridge", set()),
    ],
)
def test_entries_are_found_as_whole_words(said, held):
    assert unseen_in(said) == held


def test_no_text_that_is_distilled_holds_an_entry(data, training):
    said = [f"here {form} lies in the sun ." for entry in ENTRIES for form in forms(entry)]
    record = {"image": f"River/{training[0]}", "captions": [*said, "a known caption ."]}
    with (data / "aid_rsicd" / "captions.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    single = [form for entry in ENTRIES for form in forms(entry) if re.fullmatch("[a-z]+", form)]
    assert len(single) > 100
    vocabulary = ["[PAD]", "apple", *single, "motorway"]

    field, dictionary = corpus.corpus(data, vocabulary, len(vocabulary), 1)

    assert {"a known caption", "an aerial photo of a river", "red roof"} <= set(field)
    assert {"apple", "motorway"} <= set(dictionary)
    assert {each: held for each in (*field, *dictionary) if (held := unseen_in(each))} == {}
