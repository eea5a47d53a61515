"""The constructions of sentences that questions are drawn for, each with its own drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from dgl_rsis.benchmark.drafting import BY_COMPASS, Drafter
from dgl_rsis.benchmark.questions import (
    Amid,
    Beside,
    Between,
    Compared,
    Except,
    Ground,
    Key,
    Limit,
    Not,
    Parallel,
    Place,
    Rank,
    Reach,
    Shape,
    Side,
    Size,
    Things,
)

Construction: TypeAlias = Callable[[Drafter], Things | None]
"""A draft; None where the image has nothing for it. It need not have a clear answer."""


def noun(d: Drafter) -> Things | None:
    """*the runway*, *the river*, *all tanks*."""
    if d.spreading and d.happens(0.2):
        return d.spread()
    return Things(d.kind(), number=d.number())


def colour(d: Drafter) -> Things | None:
    """*the white tank*."""
    return Things(d.kind(), (d.colour(),), number=d.number())


def size(d: Drafter) -> Things | None:
    """*the large tanks*."""
    word = Size("large" if d.happens(0.5) else "small")
    return Things(d.kind(), (word, *d.perhaps_placed()), number=d.number())


def shape(d: Drafter) -> Things | None:
    """*the L-shaped building*."""
    words = ("elongated", "square", "rectangular", "L-shaped")
    conditions = (Shape(d.one(words)), *d.perhaps_placed())
    return Things(d.kind(), conditions, number=d.number())


def place(d: Drafter) -> Things | None:
    """*the building on the left*."""
    return Things(d.kind(), (d.place(),), number=d.number())


def compass_place(d: Drafter) -> Things | None:
    """*the building in the north*."""
    return Things(d.kind(), (Place(d.one(BY_COMPASS)),), number=d.number())


def largest(d: Drafter) -> Things | None:
    """*the second largest tank*."""
    kind = d.shaped_kind()
    rank = d.rank(("area", "area", "length", "width"))
    n = 1 if d.happens(0.6) else d.one((2, 3))
    return Things(kind, rank=replace(rank, n=n)) if kind else None


def brightest(d: Drafter) -> Things | None:
    """*the darkest building*."""
    return Things(d.kind(), rank=d.rank(("brightness",)))


def outermost(d: Drafter) -> Things | None:
    """*the leftmost ship*, *the most central one*."""
    rank = d.rank(("x", "y")) if d.happens(0.8) else Rank("centre", False)
    return Things(d.kind(), rank=rank)


def northernmost(d: Drafter) -> Things | None:
    """*the easternmost ship*."""
    return Things(d.kind(), rank=d.rank(("north", "east")))


def comparative(d: Drafter) -> Things | None:
    """*the larger of the two ships on the left*."""
    keys: tuple[Key, ...] = ("area", "area", "length", "brightness")
    rank = replace(d.rank(keys), saying="comparative")
    return replace(d.one(d.pairs), rank=rank, number=1) if d.pairs else None


def ordinal(d: Drafter) -> Things | None:
    """*the third plane from the left*."""
    return Things(d.kind(), rank=d.ordinal())


def beside_a_thing(d: Drafter) -> Things | None:
    """*the building above the tennis court*."""
    anchor = d.anchor()
    return Things(d.kind(), (d.beside(anchor),), number=d.number()) if anchor else None


def beside_what_spreads(d: Drafter) -> Things | None:
    """*all houses to the left of the river*."""
    if not d.spreading:
        return None
    sides: tuple[Side, ...] = ("left", "right", "top", "bottom", "north", "east", "south", "west")
    side = Beside(d.one(sides), d.spread())
    return Things(d.kind(), (side,), number=d.number())


def compass_relation(d: Drafter) -> Things | None:
    """*the tank northeast of the parking lot*."""
    anchor = d.anchor()
    if anchor is None:
        return None
    return Things(d.kind(), (d.beside(anchor, BY_COMPASS),), number=d.number())


def reach(d: Drafter) -> Things | None:
    """*the car near the plane*, *far from*, *adjacent to*, *along*."""
    anchor = d.anchor()
    if anchor is None:
        return None
    condition = Reach(d.one(("near", "near", "adjacent", "far", "along")), anchor)
    return Things(d.kind(), (condition, *d.perhaps_placed()), number=d.number())


def closest(d: Drafter) -> Things | None:
    """*the ship closest to the bridge*, *the second farthest from it*."""
    anchor = d.anchor()
    n = 1 if d.happens(0.75) else 2
    return Things(d.kind(), rank=Rank("distance", d.happens(0.4), n, anchor)) if anchor else None


def between(d: Drafter) -> Things | None:
    """*the car between the two tanks*."""
    if d.pairs and d.happens(0.4):
        condition = Between(d.one(d.pairs))
    elif d.known:
        condition = Between(d.one(d.known), d.one(d.known))
    else:
        return None
    return Things(d.kind(), (condition, *d.perhaps_placed()), number=d.number())


def amid(d: Drafter) -> Things | None:
    """*the cars on the road*, *in the parking lot*, *the bridge over the river*."""
    words: tuple[Ground, ...] = ("inside", "on", "surrounded", "across")
    ground = d.ground()
    if ground is None:
        return None
    condition = Amid(d.one(words), ground)
    standing = [kind for kind in d.kinds if kind in ("car", "ship", "bridge", "plane")]
    kind = d.one(standing) if standing and d.happens(0.7) else d.kind()
    return Things(kind, (condition, *d.perhaps_placed()), number=d.number())


def compared(d: Drafter) -> Things | None:
    """*the tanks larger than the white tank*."""
    if not d.known:
        return None
    condition = Compared("larger" if d.happens(0.5) else "smaller", d.one(d.known))
    return Things(d.kind(), (condition,), number=d.number())


def parallel(d: Drafter) -> Things | None:
    """*the ship parallel to the runway*."""
    kind = d.shaped_kind()
    if kind is None or not d.known:
        return None
    conditions = (Parallel(d.one(d.known)), *d.perhaps_placed())
    return Things(kind, conditions, number=d.number())


def anchor_with_anchor(d: Drafter) -> Things | None:
    """*the car closest to the building left of the tennis court*."""
    inner = d.anchor()
    if inner is None:
        return None
    anchor = Things(d.kind(), (d.beside(inner),), d.rank() if d.happens(0.5) else None)
    if d.happens(0.5):
        return Things(d.kind(), rank=Rank("distance", False, anchor=anchor))
    return Things(d.kind(), (d.beside(anchor),), number=d.number())


def number(d: Drafter) -> Things | None:
    """*two planes on the left*, *both bridges*."""
    count = int(d.rng.integers(2, 6))
    conditions = (d.simple(),) if d.happens(0.7) else ()
    return Things(d.kind(), conditions, number=count)


def first_ones(d: Drafter) -> Things | None:
    """*the three northernmost roofs*, *the two largest ships*."""
    count = int(d.rng.integers(2, 5))
    return Things(d.kind(), rank=d.rank(("area", "x", "y", "north", "east")), number=count)


def negation(d: Drafter) -> Things | None:
    """*the tank that is not white*, *all ships that are not near the bridge*."""
    anchor = d.anchor()
    inner = d.beside(anchor) if anchor and d.happens(0.4) else d.simple()
    return Things(d.kind(), (Not(inner),), number=d.number())


def exception(d: Drafter) -> Things | None:
    """*all roofs except the red one*."""
    kind = d.kind()
    excluded = d.one(
        (
            Things(kind, (d.simple(),)),
            Things(kind, rank=d.rank()),
            Things(kind, (d.simple(),), d.rank()),
        )
    )
    own = () if d.happens(0.6) else (d.simple(),)
    return Things(kind, (*own, Except(excluded)), number=None)


def limit(d: Drafter) -> Things | None:
    """*buildings larger than 500 m²*, *longer than 80 feet*."""
    kind = d.shaped_kind()
    found = d.size_limit(kind) if kind else None
    return Things(kind, (found,), number=d.number()) if kind and found else None


def span(d: Drafter) -> Things | None:
    """*between 0.5 and 2 hectares*."""
    kind = d.shaped_kind()
    first = d.size_limit(kind) if kind else None
    second = d.size_limit(kind) if kind else None
    if kind is None or first is None or second is None or first.quantity == "width":
        return None
    low, high = sorted((first, second), key=lambda each: each.value * each.metres)
    # The unit of the first holds for both, and its amount is round in that unit, too.
    in_unit = float(f"{high.value * high.metres / low.metres:.2g}")
    if high.quantity != low.quantity or in_unit <= low.value:
        return None
    above = replace(low, is_above=True)
    below = Limit(low.quantity, False, in_unit, low.unit, low.metres)
    return Things(kind, (above, below), number=d.number())


def distance(d: Drafter) -> Things | None:
    """*all cars within 100 m of the bridge*."""
    anchor = d.anchor()
    return Things(d.kind(), (d.distance_limit(anchor),), number=d.number()) if anchor else None


def several(d: Drafter) -> Things | None:
    """*the second largest white building on the left, near the road*."""
    conditions = [d.colour()] if d.happens(0.5) else []
    conditions += [d.place()] if d.happens(0.5) else []
    anchor = d.anchor()
    if anchor is not None and d.happens(0.6):
        related = (d.beside(anchor), Reach("near", anchor), d.distance_limit(anchor))
        conditions.append(d.one(related))
    rank = d.one((None, d.rank(), d.ordinal()))
    if len(conditions) + (rank is not None) < 2:
        return None
    return Things(d.kind(), tuple(conditions), rank, 1 if rank else d.number())


CONSTRUCTIONS: Mapping[str, Construction] = {
    "noun": noun,
    "colour": colour,
    "size": size,
    "shape": shape,
    "place in the image": place,
    "place by compass": compass_place,
    "superlative of size": largest,
    "superlative of brightness": brightest,
    "superlative of place": outermost,
    "superlative by compass": northernmost,
    "comparative of two": comparative,
    "ordinal": ordinal,
    "beside a thing": beside_a_thing,
    "beside what spreads": beside_what_spreads,
    "beside by compass": compass_relation,
    "near, far, adjacent, along": reach,
    "closest, farthest": closest,
    "between": between,
    "in, on, surrounded, across": amid,
    "larger than, smaller than": compared,
    "parallel": parallel,
    "anchor with its own anchor": anchor_with_anchor,
    "number": number,
    "number with superlative": first_ones,
    "negation": negation,
    "exception": exception,
    "size in units": limit,
    "size between two values": span,
    "distance in units": distance,
    "several at once": several,
}
"""What the questions are examples of, and how they are drawn."""
