"""Colours for classes: what the word suggests where it suggests something, else a distinct hue.

The colour of a class depends on its name and on the names before it, never on chance, so that
the same classes look the same in every output.
"""

from __future__ import annotations

import colorsys
import hashlib
import re
from collections.abc import Sequence

Colour = tuple[int, int, int]

# The first word list that shares a word with the class name wins, so the specific come first.
_MEANINGS: tuple[tuple[frozenset[str], Colour], ...] = tuple(
    (frozenset(words.split()), colour)
    for words, colour in (
        ("background other clutter unknown", (60, 60, 60)),
        ("pool swimming", (64, 224, 240)),
        ("bridge overpass viaduct", (180, 140, 255)),
        ("parking car-park carpark lot", (255, 190, 60)),
        ("railway rail railroad track tracks", (150, 90, 170)),
        ("runway airport apron taxiway", (110, 110, 160)),
        ("court stadium pitch playground sports", (255, 120, 40)),
        ("building buildings house houses roof roofs hall halls residential", (214, 48, 49)),
        ("industrial commercial factory warehouse", (170, 60, 110)),
        ("road roads street streets highway motorway path pavement", (140, 140, 140)),
        ("car cars vehicle vehicles truck bus", (255, 0, 200)),
        ("ship ships boat boats vessel", (255, 240, 0)),
        ("plane planes airplane aircraft", (0, 255, 170)),
        ("tank tanks storage silo", (200, 120, 255)),
        ("wetland marsh swamp mangrove", (70, 150, 140)),
        ("water river lake sea ocean pond reservoir canal", (31, 119, 220)),
        ("orchard vineyard plantation", (150, 170, 30)),
        ("bare barren soil ground dirt fallow", (176, 128, 84)),
        ("field fields farmland cropland crop agriculture agricultural", (240, 214, 80)),
        ("grass grassland meadow lawn pasture", (150, 214, 90)),
        ("tree trees forest wood woodland", (20, 110, 40)),
        ("vegetation bush shrub shrubland park green garden", (60, 165, 70)),
        ("sand beach desert dune unpaved", (232, 206, 160)),
        ("snow ice glacier", (235, 245, 255)),
        ("rock rocks mountain quarry", (120, 105, 95)),
        ("cloud clouds", (250, 250, 250)),
        ("shadow shadows", (40, 40, 70)),
    )
)
_GOLDEN = 0.618033988749895  # steps of the golden ratio spread hues without repeating


def class_colours(classes: Sequence[str]) -> list[Colour]:
    """One colour per class, distinct within the list.

    Args:
        classes: class names, in the order of their labels.

    Returns:
        Red, green and blue in 0..255 for each class; the same names in the same order always
        give the same colours.
    """
    taken: list[Colour] = []
    for name in classes:
        meant = _meant_colour(name)
        if meant is None or meant in taken:
            meant = _free_colour(name, taken)
        taken.append(meant)
    return taken


def _meant_colour(name: str) -> Colour | None:
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)*", name.lower()))
    return next((colour for meanings, colour in _MEANINGS if meanings & words), None)


def _free_colour(name: str, taken: Sequence[Colour]) -> Colour:
    """The candidate farthest from the colours taken, starting at a hue given by the name."""
    start = int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8], 16) / 2**32
    candidates = []
    for step in range(24):
        lightness = (0.45, 0.62, 0.33)[step % 3]
        red, green, blue = colorsys.hls_to_rgb((start + step * _GOLDEN) % 1, lightness, 0.75)
        candidates.append((round(red * 255), round(green * 255), round(blue * 255)))
    if not taken:
        return candidates[0]
    return max(candidates, key=lambda colour: min(_distance(colour, other) for other in taken))


def _distance(first: Colour, second: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
