"""Nouns and their kinds."""

from __future__ import annotations

import pytest

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
