"""Nouns and their kinds."""

from __future__ import annotations

import pytest

from dgl_rsis.text.lexicon import is_kind_of_head
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.program.vocabulary import Comparison, Quantity


def test_lexicon_kinds() -> None:
    lexicon = default_lexicon()
    assert lexicon.kinds("meadows") == {"meadow", "grass", "vegetation"}
    assert lexicon.is_stuff("motorway")
    assert not lexicon.is_stuff("roundabout")
    assert lexicon.overlap("rooftop", "building")
    assert not lexicon.overlap("ship", "building")
    assert lexicon.find("flurb") is None


DIOR = """airplane, airport, baseball field, basketball court, bridge, chimney, dam,
expressway service area, expressway toll station, golf field, ground track field, harbor, overpass,
ship, stadium, storage tank, tennis court, train station, vehicle, windmill"""
DOTA = """plane, ship, storage tank, baseball diamond, tennis court, basketball court,
ground track field, harbor, bridge, large vehicle, small vehicle, helicopter, roundabout,
soccer ball field, swimming pool, container crane, airport, helipad"""
LAND_COVER = """building, road, water, barren, forest, agriculture, bareland, rangeland,
developed space, tree, agriculture land"""
OPENSTREETMAP = """substation, power line, pipeline, wastewater plant, pumping station, lock, slipway,
breakwater, allotment, nursery, stable, fire station, police station, prison, library, theatre,
pitch, playground, campsite, quarry, landfill, scrub, heath, orchard, vineyard, meadow, farmyard,
cycleway, footpath, bridleway, motorway, level crossing, tram line, ferry terminal, lighthouse,
silo, water tower, communication tower, wind turbine, greenhouse, hangar, apron, taxiway"""


@pytest.mark.parametrize("names", [DIOR, DOTA, LAND_COVER, OPENSTREETMAP])
def test_the_classes_of_data_sets_are_known(names: str) -> None:
    lexicon = default_lexicon()
    for name in " ".join(names.split()).split(", "):
        assert lexicon.noun_forms.get(name) is not None, name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("harbours", "harbor"),
        ("aeroplanes", "plane"),
        ("parking areas", "parking area"),
        ("bushes", "bush"),
        ("people", "person"),
        ("buses", "bus"),
        ("roofs", "roof"),
        ("city centres", "city centre"),
    ],
)
def test_plurals_and_spellings(said: str, name: str) -> None:
    form = default_lexicon().noun_forms.get(said)
    assert form is not None
    assert form.singular == name


def test_phrases_of_bounds_know_all_that_they_compare() -> None:
    lexicon = default_lexicon()
    assert lexicon.bounding.get("wider than") == ((Quantity.WIDTH, Comparison.GREATER),)
    assert set(lexicon.bounding.get("more than") or ()) == {
        (Quantity.AREA, Comparison.GREATER),
        (Quantity.DISTANCE, Comparison.GREATER),
    }


def test_things_own_parts_but_images_do_not() -> None:
    owners = default_lexicon().owners
    assert "castle" in owners
    assert "image" not in owners


@pytest.mark.parametrize(
    "word", ["oil", "ski", "limestone", "fishing", "bowling", "ferry", "pottery", "fish", "cable"]
)
def test_nouns_before_nouns(word: str) -> None:
    assert default_lexicon().is_modifying_noun(word)


@pytest.mark.parametrize(
    "word",
    [
        "rocky",
        "spanish",
        "spacious",
        "gothic",
        "winding",
        "gleaming",
        "leading",
        "ruined",
        "triangular",
        "distant",
        "ancient",
        "main",
        "navigable",
        "colourful",
        "treeless",
    ],
)
def test_adjectives_before_nouns(word: str) -> None:
    assert not default_lexicon().is_modifying_noun(word)


def test_a_compound_overlaps_its_head_and_no_other_compound() -> None:
    lexicon = default_lexicon()
    assert lexicon.overlap("oil platform", "platform")
    assert lexicon.overlap("lift", "ski lifts")
    assert not lexicon.overlap("oil platform", "gas platform")
    assert not lexicon.overlap("ski lift", "chair lift")
    assert not lexicon.overlap("ski lift", "ski")


def test_a_head_ends_with_whole_words() -> None:
    assert is_kind_of_head("oil platforms", "platform")
    assert is_kind_of_head("Lift", "lifts")
    assert not is_kind_of_head("forklift", "lift")
    assert not is_kind_of_head("platform", "oil platform")


def test_areas_are_nouns() -> None:
    lexicon = default_lexicon()
    assert lexicon.areas <= set(lexicon.nouns)
