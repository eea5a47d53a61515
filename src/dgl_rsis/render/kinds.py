"""The kinds of land cover and objects that rendered scenes show (docs/design.md 3.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One class of the class map.

    Attributes:
        name: lower case, singular.
        synonyms: other words for the same thing, lower case, singular.
        is_object: True for countable things that are recorded as instances.
        colour: display colour in the truth raster.
    """

    name: str
    synonyms: tuple[str, ...]
    is_object: bool
    colour: tuple[int, int, int]


KINDS: tuple[Kind, ...] = (
    Kind("water", ("river", "lake", "pond", "sea"), False, (56, 110, 190)),
    Kind("road", ("street", "paved road", "asphalt road"), False, (120, 120, 125)),
    Kind("building", ("house", "roof", "hall", "rooftop"), True, (200, 70, 60)),
    Kind("tree", ("trees", "woods", "forest"), True, (30, 95, 45)),
    Kind("grass", ("lawn", "meadow", "grassland"), False, (130, 185, 90)),
    Kind("field", ("cropland", "crop field", "farmland"), False, (220, 200, 110)),
    Kind("bare ground", ("sand", "soil", "bare land", "dirt"), False, (190, 160, 125)),
    Kind("car park", ("parking lot", "parking area", "paved lot"), True, (160, 150, 170)),
    Kind("car", ("vehicle", "parked car"), True, (250, 220, 40)),
    Kind("ship", ("boat", "vessel"), True, (240, 130, 220)),
    Kind("plane", ("airplane", "aircraft"), True, (245, 245, 245)),
    Kind("storage tank", ("oil tank", "tank"), True, (255, 150, 30)),
    Kind("swimming pool", ("pool",), True, (0, 210, 235)),
    Kind("tennis court", ("court",), True, (150, 80, 40)),
    Kind("bridge", ("overpass",), True, (90, 60, 110)),
    Kind("runway", ("airstrip", "landing strip"), True, (70, 70, 75)),
    Kind("sports field", ("football pitch", "soccer field", "playing field"), True, (80, 220, 130)),
    Kind("railway", ("railroad", "train track"), False, (110, 85, 70)),
    Kind("pavement", ("concrete", "apron", "paved area"), False, (195, 195, 190)),
)

CLASSES: tuple[str, ...] = tuple(kind.name for kind in KINDS)

_INDEX = {name: index for index, name in enumerate(CLASSES)}


def kind_index(name: str) -> int:
    """Index of a kind in ``KINDS`` and in class maps."""
    return _INDEX[name]
