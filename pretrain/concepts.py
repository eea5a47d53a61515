"""The words that the image tower learns to see, and what each real scene class tells of them.

* ``SCENES``: prompts for every scene class of AID (whole-image names).
* ``CONCEPTS``: land cover and objects that dense features are trained on, each with the words
  that mean it; a prompt is drawn anew for every step, so that all of them land there.
* ``GROUPS``: labels that leave open which of several concepts it is.
* ``TILE_NAMES``: labels of the aerial tiles.
* ``CANDIDATES``: per scene class the concepts that its pixels can show (partial labels).
* ``REQUIRED``: per scene class the concepts that must cover at least a share of the image.
* ``UNIFORM``: scene classes whose pixels nearly all show one concept or group: dense labels for free.
"""

from __future__ import annotations

SCENES: dict[str, tuple[str, ...]] = {
    "Airport": ("airport", "airport terminal", "airfield"),
    "BareLand": ("bare land", "bare ground", "barren land"),
    "BaseballField": ("baseball field", "baseball diamond"),
    "Beach": ("beach", "sandy beach", "seashore", "coast"),
    "Bridge": ("bridge", "bridge over the river"),
    "Center": ("center", "centre", "exhibition center", "convention center", "civic center"),
    "Church": ("church", "cathedral"),
    "Commercial": ("commercial", "commercial area", "business district", "downtown"),
    "DenseResidential": ("dense residential", "dense residential area", "dense housing"),
    "Desert": ("desert", "sand dunes"),
    "Farmland": ("farmland", "farm fields", "cropland", "agricultural land"),
    "Forest": ("forest", "dense forest", "woodland"),
    "Industrial": ("industrial", "industrial area", "factory", "industrial park"),
    "Meadow": ("meadow", "grassland", "pasture"),
    "MediumResidential": ("medium residential", "medium residential area", "suburb"),
    "Mountain": ("mountain", "mountains", "mountain range"),
    "Park": ("park", "city park", "public park"),
    "Parking": ("parking", "parking lot", "car park"),
    "Playground": ("playground", "sports ground", "ground track field", "athletic track"),
    "Pond": ("pond", "lake", "reservoir"),
    "Port": ("port", "harbor", "harbour", "marina"),
    "RailwayStation": ("railway station", "train station"),
    "Resort": ("resort", "holiday resort", "hotel resort"),
    "River": ("river", "stream", "winding river"),
    "School": ("school", "campus", "university"),
    "SparseResidential": ("sparse residential", "sparse residential area", "rural house"),
    "Square": ("square", "plaza", "city square"),
    "Stadium": ("stadium", "arena", "sports stadium"),
    "StorageTanks": ("storage tanks", "storage tank", "oil tanks", "tank farm"),
    "Viaduct": ("viaduct", "overpass", "highway interchange"),
}

CONCEPTS: dict[str, tuple[str, ...]] = {
    "water": ("water", "river", "lake", "sea", "ocean", "pond", "stream", "canal", "reservoir"),
    "tree": ("tree", "trees", "forest", "wood", "woodland", "bush", "vegetation"),
    "grass": ("grass", "lawn", "meadow", "grassland", "low vegetation", "vegetation", "pasture"),
    "field": ("field", "cropland", "farmland", "crop field", "agricultural field", "crops"),
    "bare ground": ("bare ground", "bare soil", "bare land", "bare field", "soil", "dirt"),
    "sand": ("sand", "desert", "sandy ground", "beach sand", "dune", "bare sand"),
    "rock": ("rock", "mountain", "mountain slope", "cliff"),
    "road": ("road", "street", "highway", "paved road", "lane", "motorway", "asphalt road"),
    "pavement": ("pavement", "paved area", "square", "concrete", "plaza", "sidewalk"),
    "car park": ("car park", "parking lot", "parking area", "parking"),
    "building": (
        "building", "house", "roof", "warehouse", "industrial hall", "rooftop", "factory hall",
        "residential building", "hall", "shed",
    ),
    "runway": ("runway", "airport runway", "taxiway", "airstrip"),
    "railway": ("railway", "railway tracks", "rail tracks", "train"),
    "bridge": ("bridge", "viaduct", "overpass"),
    "car": ("car", "vehicle", "cars", "truck", "van"),
    "ship": ("ship", "boat", "vessel", "yacht"),
    "plane": ("plane", "airplane", "aircraft"),
    "storage tank": ("storage tank", "tank", "oil tank", "silo"),
    "swimming pool": ("swimming pool", "pool"),
    "tennis court": ("tennis court", "court"),
    "sports field": ("sports field", "football field", "soccer field", "baseball field",
                     "ground track field", "playground"),
    "snow": ("snow", "ice", "snow cover"),
    "basketball court": ("basketball court", "sports court"),
    "helicopter": ("helicopter", "chopper"),
    "windmill": ("windmill", "wind turbine"),
    "chimney": ("chimney", "smokestack", "cooling tower"),
    "dam": ("dam", "weir"),
    "toll station": ("toll station", "toll booth", "toll plaza"),
    "roundabout": ("roundabout", "traffic circle"),
}  # fmt: skip

# Labels that leave open which of several concepts a pixel shows.
GROUPS: dict[str, tuple[str, ...]] = {
    "vegetation": ("tree", "grass", "field"),
    "farmland": ("field", "bare ground"),  # before and after the harvest
}

# Labels of the aerial tiles, which compete with each other alone, and words that mean them. What
# is unpaved there is mostly sand, but may be bare soil as well. These tiles are all that the model
# sees of smooth ground from near, where soil is by far the more common: so they teach *soil*.
TILE_NAMES: dict[str, tuple[str, ...]] = {
    "water": ("water", "sea", "lake", "pond", "canal"),
    "unpaved": ("unpaved land", "bare land", "bare ground", "bare soil", "soil", "sandy ground"),
    "road": ("road", "street", "paved road", "highway"),
    "building": ("building", "house", "roof", "rooftop"),
    "vegetation": ("vegetation", "trees", "plants", "greenery", "green vegetation"),
}

# What a dense label may be, by index: concepts first, then groups, then what tiles alone name.
LABELS: tuple[str, ...] = (
    *CONCEPTS, *GROUPS, *(name for name in TILE_NAMES if name not in {*CONCEPTS, *GROUPS})
)  # fmt: skip

_URBAN = ("building", "road", "pavement", "tree", "grass", "car", "car park", "bare ground")
_NATURE = ("tree", "grass", "field", "bare ground", "road", "water", "building")

CANDIDATES: dict[str, tuple[str, ...]] = {
    "Airport": (*_URBAN, "runway", "plane"),
    "BareLand": ("bare ground", "sand", "road", "rock"),
    "BaseballField": (*_URBAN, "sports field", "tennis court"),
    "Beach": ("water", "sand", "tree", "grass", "building", "road", "rock", "bare ground"),
    "Bridge": (*_NATURE, "bridge", "ship", "pavement", "car"),
    "Center": (*_URBAN, "water"),
    "Church": _URBAN,
    "Commercial": (*_URBAN, "water"),
    "DenseResidential": (*_URBAN, "swimming pool"),
    "Desert": ("sand", "bare ground", "rock"),
    "Farmland": ("field", "road", "tree", "grass", "bare ground", "building"),
    "Forest": ("tree", "grass"),
    "Industrial": (*_URBAN, "water", "storage tank", "railway"),
    "Meadow": ("grass", "field"),
    "MediumResidential": (*_URBAN, "swimming pool"),
    "Mountain": ("rock", "tree", "snow", "bare ground", "grass", "water"),
    "Park": (*_URBAN, "water", "sports field"),
    "Parking": (*_URBAN, "water"),
    "Playground": (*_URBAN, "sports field", "tennis court"),
    "Pond": (*_NATURE, "pavement"),
    "Port": ("water", "ship", *_URBAN),
    "RailwayStation": (*_URBAN, "railway"),
    "Resort": (*_URBAN, "water", "sand", "swimming pool", "tennis court"),
    "River": (*_NATURE, "sand", "rock"),
    "School": (*_URBAN, "sports field", "tennis court"),
    "SparseResidential": (*_NATURE, "car"),
    "Square": (*_URBAN, "water"),
    "Stadium": (*_URBAN, "sports field", "tennis court"),
    "StorageTanks": (*_URBAN, "storage tank", "water", "field"),
    "Viaduct": (*_URBAN, "bridge", "water", "field"),
}

REQUIRED: dict[str, tuple[tuple[str, float], ...]] = {
    "Airport": (("runway", 0.1), ("building", 0.05)),
    "BaseballField": (("sports field", 0.15),),
    "Beach": (("water", 0.3), ("sand", 0.1)),
    "Bridge": (("water", 0.3), ("bridge", 0.05)),
    "Center": (("building", 0.2), ("road", 0.05)),
    "Church": (("building", 0.2),),
    "Commercial": (("building", 0.3), ("road", 0.05)),
    "DenseResidential": (("building", 0.3), ("road", 0.05)),
    "Industrial": (("building", 0.3), ("road", 0.05)),
    "MediumResidential": (("building", 0.15), ("road", 0.05), ("tree", 0.1)),
    "Mountain": (("rock", 0.4),),
    "Park": (("tree", 0.15), ("water", 0.02)),
    "Parking": (("car park", 0.4),),
    "Playground": (("sports field", 0.3),),
    "Pond": (("water", 0.2),),
    "Port": (("water", 0.3), ("ship", 0.1)),
    "RailwayStation": (("railway", 0.1), ("building", 0.15)),
    "Resort": (("building", 0.1), ("tree", 0.1)),
    "River": (("water", 0.15),),
    "School": (("building", 0.2), ("tree", 0.05)),
    "SparseResidential": (("building", 0.03), ("tree", 0.2)),
    "Square": (("pavement", 0.2), ("road", 0.05)),
    "Stadium": (("building", 0.1), ("sports field", 0.1)),
    "StorageTanks": (("storage tank", 0.15),),
    "Viaduct": (("road", 0.2), ("bridge", 0.1)),
}

# Their label, and how often a crop may be enlarged: in fine images bare ground and fields have hardly
# any texture, and no other real image with labels shows them. Smooth ground is rather soil than a
# desert: that one keeps its dunes.
UNIFORM: dict[str, tuple[str, float]] = {
    "BareLand": ("bare ground", 8.0),
    "Desert": ("sand", 2.0),
    "Farmland": ("farmland", 8.0),
    "Forest": ("tree", 4.0),
    "Meadow": ("grass", 8.0),
}

TEMPLATES: tuple[str, ...] = (
    "{}",
    "a {}",
    "an aerial photo of a {}",
    "a satellite image of {}",
    "a {} seen from above",
    "an overhead view of the {}",
)
