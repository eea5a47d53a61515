"""Class words that papers report their figures with, beside our one word for each class.

Several words of a class compete as one. They are in the order of the classes of a set. Figures with
them are comparable to the paper's; figures with ``MapDataset.words`` say what a user gets.
"""

from __future__ import annotations

from dataclasses import replace

from dgl_rsis.benchmark.datasets.samples import MapDataset, ReferDataset
from dgl_rsis.errors import InputError

SEGEARTH_OV: dict[str, tuple[tuple[str, ...], ...]] = {
    "isaid": (
        ("background",), ("ship",), ("store tank",), ("baseball diamond",), ("tennis court",),
        ("basketball court",), ("ground track field",), ("bridge",), ("large vehicle",),
        ("small vehicle",), ("helicopter",), ("swimming pool",), ("roundabout",),
        ("soccer ball field",), ("plane",), ("harbor",),
    ),
    "loveda": (
        ("background",), ("building", "roof", "house"), ("road",), ("water",), ("barren",),
        ("forest",), ("agricultural",),
    ),
    "openearthmap": (
        ("background",), ("bareland", "barren"), ("grass",), ("pavement",), ("road",),
        ("tree", "forest"), ("water", "river"), ("cropland",), ("building", "roof", "house"),
    ),
    "potsdam": (
        ("road", "parking lot"), ("building",), ("low vegetation",), ("tree",), ("car",),
        ("clutter", "background"),
    ),
    "vaihingen": (
        ("impervious surface",), ("building",), ("low vegetation",), ("tree",), ("car",),
        ("clutter",),
    ),
    "uavid": (
        ("background",), ("building",), ("road",), ("car",), ("tree",), ("vegetation",),
        ("human",),
    ),
    "udd5": (("vegetation",), ("building",), ("road",), ("vehicle",), ("background",)),
    "vdd": (
        ("background",), ("facade",), ("road",), ("vegetation",), ("vehicle",), ("roof",),
        ("water",),
    ),
}  # fmt: skip
"""Words of SegEarth-OV (Li et al., CVPR 2025), by the name of the set."""

SEGEARTH_OV3: dict[str, tuple[tuple[str, ...], ...]] = {
    "isaid": SEGEARTH_OV["isaid"],
    "loveda": (
        ("background",), ("building", "house"), ("road",), ("water",),
        ("barren", "bareland", "soil"), ("forest", "tree"), ("agricultural",),
    ),
    "potsdam": (("road",), ("building",), ("grass",), ("tree",), ("car",), ("clutter",)),
    "vaihingen": (("road",), ("building",), ("grass",), ("tree",), ("car",), ("clutter",)),
}  # fmt: skip
"""Words of SegEarth-OV3 (arXiv:2512.08730) that are known, by the name of the set."""

VOCABULARIES = {"segearth-ov": SEGEARTH_OV, "segearth-ov3": SEGEARTH_OV3}
"""By the name on the command line."""


def with_words(dataset: MapDataset | ReferDataset, vocabulary: str) -> MapDataset:
    """A set that is asked for by the words of a paper, several of a class separated by commas.

    Args:
        dataset: with our words.
        vocabulary: a key of ``VOCABULARIES``.

    Raises:
        InputError: there is no such vocabulary, or it has no words for the set.
    """
    if vocabulary not in VOCABULARIES:
        raise InputError(f"no words {vocabulary!r}; choose one of {', '.join(VOCABULARIES)}")
    known = VOCABULARIES[vocabulary]
    words = known.get(dataset.name.partition("/")[0])
    if words is None or isinstance(dataset, ReferDataset):
        raise InputError(
            f"{dataset.name}: {vocabulary} has no words for this set, but for {', '.join(known)}; "
            "leave out --words"
        )
    return replace(dataset, words=tuple(",".join(group) for group in words))
