"""Questions about the things of an image, as structures that say what is asked, not how.

They are the benchmark's own: an oracle answers them from pixels, ``wording`` says them in English.
Conditions hold first, then a rank is taken among what is left, then the number is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Side: TypeAlias = Literal[
    "left", "right", "top", "bottom",
    "upper left", "upper right", "lower left", "lower right",
    "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest",
]  # fmt: skip
"""A direction in the image, or from true north."""

Key: TypeAlias = Literal[
    "area", "length", "width", "brightness", "x", "y", "north", "east", "centre", "distance"
]
"""What things are ranked by: ``x`` grows to the right, ``y`` downwards, ``centre`` with the
distance from the middle of the image, ``distance`` with that to an anchor."""


PlaceName: TypeAlias = Side | Literal["centre", "edge", "corner"]
"""A place of the image."""

Ground: TypeAlias = Literal["inside", "on", "surrounded", "across"]
"""How a thing lies in or over another."""


@dataclass(frozen=True)
class Colour:
    """*red*."""

    word: str


@dataclass(frozen=True)
class Size:
    """*large* or *small* for its kind."""

    word: Literal["large", "small"]


@dataclass(frozen=True)
class Shape:
    """*round*, *rectangular*, *square*, *L-shaped*, *elongated*."""

    word: str


@dataclass(frozen=True)
class Place:
    """A place of the image: a side, or its *centre*, *edge*, *corner*.

    Attributes:
        name: where.
        is_corner: the very corner on that side is meant (*in the upper left corner*).
    """

    name: PlaceName
    is_corner: bool = False


@dataclass(frozen=True)
class Beside:
    """*left of*, *above*, *to the northeast of* an anchor."""

    side: Side
    anchor: Things


@dataclass(frozen=True)
class Reach:
    """How far from an anchor, in words: *near*, *adjacent*, *far*, *along*."""

    word: Literal["near", "adjacent", "far", "along"]
    anchor: Things


@dataclass(frozen=True)
class Between:
    """*between* two anchors; without a second one, between two of the first."""

    first: Things
    second: Things | None = None


@dataclass(frozen=True)
class Amid:
    """What surrounds it: *inside*, *on*, *surrounded by*, or *across* an anchor."""

    word: Ground
    anchor: Things


@dataclass(frozen=True)
class Compared:
    """*larger* or *smaller* than an anchor."""

    word: Literal["larger", "smaller"]
    anchor: Things


@dataclass(frozen=True)
class Parallel:
    """*parallel to* an anchor."""

    anchor: Things


@dataclass(frozen=True)
class Limit:
    """An amount on the ground and a limit to it.

    Attributes:
        quantity: what is measured.
        is_above: more than the value is asked for, else less.
        value: in ``unit``.
        unit: as it is said.
        metres: one unit in metres, or in square metres.
        anchor: what a distance is measured to.
    """

    quantity: Literal["area", "length", "width", "distance"]
    is_above: bool
    value: float
    unit: str
    metres: float
    anchor: Things | None = None


@dataclass(frozen=True)
class Not:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True)
class Except:
    """It is none of these."""

    things: Things


Condition: TypeAlias = (
    Colour | Size | Shape | Place | Beside | Reach | Between | Amid | Compared | Parallel | Limit
    | Not | Except
)  # fmt: skip


@dataclass(frozen=True)
class Rank:
    """A superlative or an ordinal.

    Attributes:
        key: what is ranked by.
        is_largest: counted from the largest value, else from the smallest.
        n: rank, from 1.
        anchor: for ``distance``.
        saying: ``superlative``, ``ordinal`` (*the first from the left*), or ``comparative`` (*the
            larger of the two*).
    """

    key: Key
    is_largest: bool
    n: int = 1
    anchor: Things | None = None
    saying: Literal["superlative", "ordinal", "comparative"] = "superlative"


@dataclass(frozen=True)
class Things:
    """What a noun phrase refers to.

    Attributes:
        kind: name of the kind.
        conditions: all of them hold.
        rank: which of those that are left.
        number: how many; None means all of them.
    """

    kind: str
    conditions: tuple[Condition, ...] = ()
    rank: Rank | None = None
    number: int | None = 1
