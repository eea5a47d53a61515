"""A file of words of a user: what it changes in what is understood, and in answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_pipeline import model, scattered
from toy_backbone import quarters

from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.stages.decouple import understand
from dgl_rsis.text.knowledge import load_knowledge

OWN = """\
classes:
  blorf: {synonyms: [building]}
nouns:
  building: {variants: [kita]}
  moor: {extent: stuff, kind_of: [forest]}
colours:
  ochre: {lab: [45, 67, 55], variants: [mustard]}
sizes: {large: [whopping]}
others: [derelict]
"""


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return path


def test_own_words_are_understood(words: Path) -> None:
    said = "the whopping mustard kita next to the derelict moor"
    ours = understand(said, make_settings())
    own = understand(said, make_settings(overrides={"knowledge": {"file": words}}))
    assert (ours.target.noun, ours.target.attributes) == ("mustard kita", ("whopping",))
    assert own.target.noun == "building"
    assert own.target.attributes == ("whopping", "ochre")
    assert "derelict moor" in str(own.program)


def test_what_is_known_stays_known(words: Path) -> None:
    known = load_knowledge(words)
    assert known.lexicon.find("edifice") == known.lexicon.find("kita")
    assert known.lexicon.is_stuff("moor")
    assert known.lexicon.overlap("moor", "forest")
    assert "moor" not in known.competitors(["moor"])
    assert known.class_prompts("building").synonyms.keys() >= {"building", "house", "roof"}
    assert known.class_prompts("a moor").synonyms["a moor"][0] == "an aerial photo of a moor"


def test_own_words_change_a_map(words: Path) -> None:
    classes = ["blorf", "vegetation", "water", "road"]
    own = model(knowledge={"file": str(words)}).segment(quarters(), classes)
    known = model().segment(quarters(), ["building", *classes[1:]])
    without = model().segment(quarters(), classes)
    assert (own.labels == known.labels).mean() > 0.99
    assert (without.labels == known.labels).mean() < 0.9


def test_own_words_change_an_answer(words: Path) -> None:
    asked = "the whopping kita left of the water"
    known = model().refer(scattered(), "the large building left of the water")
    own = model(knowledge={"file": str(words)}).refer(scattered(), asked)
    assert known.mask.any()
    assert np.array_equal(own.mask, known.mask)
    assert own.query.target.noun == known.query.target.noun
    assert model().refer(scattered(), asked).query.target.noun != "building"


def test_own_colour_is_measured(words: Path) -> None:
    image = scattered()
    image[48:66, 12:30] = (90, 60, 200)  # one of three squares is not red
    own = model(knowledge={"file": str(words)}).refer(image, "all mustard houses")
    assert own.query.target.attributes == ("ochre",)
    assert sorted(match.box[1] for match in own.chosen) == pytest.approx([8, 12], abs=2)


def test_settings_hold_what_the_file_said(words: Path) -> None:
    settings = make_settings(overrides={"knowledge": {"file": words}})
    kept = settings.model_dump(mode="json")
    assert kept["knowledge"]["file"] == {"path": str(words), "content": OWN}
    words.unlink()
    assert make_settings(overrides=kept) == settings  # as workers are given them
    assert settings.knowledge.words.lexicon.find("kita") is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "nowhere.yaml.*cannot be read"),
        ("colors: {}", "unknown section colors; use .*colours"),
        ("nouns: {kita: {kind_of: [bilding]}}", r"nouns\.kita\.kind_of: 'bilding'"),
        ("nouns: {kita: {plural: 5}}", r"nouns\.kita\.plural"),
        ("nouns: {Kita: {}}", "'Kita' in lower case"),
        ("nouns: [kita]", "'nouns' must be a mapping"),
        ("others: {old: 1}", "'others' must be a list"),
        ("colours: {ochre: 5}", r"colours\.ochre"),
        ("colours: {ochre: {lab: [1, 2, .inf]}}", r"colours\.ochre\.lab"),
        ("sizes: {area: [vast]}", "sizes: unknown area; use large"),
        ("- a list", "expected a mapping"),
        ("x" * (2**20 + 1), "larger than 1 MiB"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / ("nowhere.yaml" if text is None else "own.yaml")
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=rf"^setting knowledge\.file is .*{message}") as caught:
        make_settings(overrides={"knowledge": {"file": str(path)}})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [5, True, ["a.yaml"], {"path": "a.yaml"}])
def test_what_is_no_file_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"^setting knowledge\.file is "):
        make_settings(overrides={"knowledge": {"file": value}})
