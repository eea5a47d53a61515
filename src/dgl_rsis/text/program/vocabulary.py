"""The only vocabulary of programs: positions, relations, keys, comparisons and units."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

ANYTHING = "object"
"""The noun of a phrase that names no kind of thing: *the one on the left*."""


class Position(StrEnum):
    """A place in the image or, for compass words, towards true north."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"
    UPPER_LEFT = "upper_left"
    UPPER_RIGHT = "upper_right"
    LOWER_LEFT = "lower_left"
    LOWER_RIGHT = "lower_right"
    CENTER = "center"
    EDGE = "edge"
    CORNER = "corner"
    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    SOUTHEAST = "southeast"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    WEST = "west"
    NORTHWEST = "northwest"


class Relation(StrEnum):
    """How the target lies to an anchor."""

    LEFT_OF = "left_of"
    RIGHT_OF = "right_of"
    ABOVE = "above"
    BELOW = "below"
    UPPER_LEFT_OF = "upper_left_of"
    UPPER_RIGHT_OF = "upper_right_of"
    LOWER_LEFT_OF = "lower_left_of"
    LOWER_RIGHT_OF = "lower_right_of"
    NORTH_OF = "north_of"
    NORTHEAST_OF = "northeast_of"
    EAST_OF = "east_of"
    SOUTHEAST_OF = "southeast_of"
    SOUTH_OF = "south_of"
    SOUTHWEST_OF = "southwest_of"
    WEST_OF = "west_of"
    NORTHWEST_OF = "northwest_of"
    NEAR = "near"
    FAR_FROM = "far_from"
    ADJACENT = "adjacent"
    BETWEEN = "between"
    INSIDE = "inside"
    ON = "on"
    CONTAINS = "contains"
    ACROSS = "across"
    ALONG = "along"
    SURROUNDED_BY = "surrounded_by"
    CONNECTED = "connected"
    OPPOSITE = "opposite"
    PARALLEL = "parallel"
    IN_FRONT_OF = "in_front_of"
    BEHIND = "behind"
    LARGER_THAN = "larger_than"
    SMALLER_THAN = "smaller_than"
    LONGER_THAN = "longer_than"
    SHORTER_THAN = "shorter_than"
    WIDER_THAN = "wider_than"
    NARROWER_THAN = "narrower_than"
    BRIGHTER_THAN = "brighter_than"
    DARKER_THAN = "darker_than"


class Key(StrEnum):
    """What candidates are ranked by; each grows in the direction of its name.

    ``elongation`` is length over width, ``circularity`` the share of the circle around.
    ``x`` grows to the right and ``y`` downwards; ``diagonal_down`` grows to the lower right,
    ``diagonal_up`` to the upper right; ``center`` grows towards the middle of the image;
    ``distance`` is the distance to an anchor.
    """

    AREA = "area"
    LENGTH = "length"
    WIDTH = "width"
    ELONGATION = "elongation"
    CIRCULARITY = "circularity"
    BRIGHTNESS = "brightness"
    X = "x"
    Y = "y"
    DIAGONAL_DOWN = "diagonal_down"
    DIAGONAL_UP = "diagonal_up"
    NORTH = "north"
    EAST = "east"
    NORTHEAST = "northeast"
    NORTHWEST = "northwest"
    CENTER = "center"
    DISTANCE = "distance"


class Line(StrEnum):
    """How things are lined up: side by side, or one below the other."""

    ROW = "row"
    COLUMN = "column"


class Direction(StrEnum):
    """Which end of a key is meant."""

    MAX = "max"
    MIN = "min"

    @property
    def opposite(self) -> Direction:
        """The other end of a key."""
        return Direction.MIN if self is Direction.MAX else Direction.MAX


class Quantity(StrEnum):
    """What is measured on the ground."""

    AREA = "area"
    LENGTH = "length"
    WIDTH = "width"
    DISTANCE = "distance"


class Comparison(StrEnum):
    """How a measured quantity compares with a value."""

    LESS = "less"
    GREATER = "greater"


class Unit(StrEnum):
    """Units of lengths and areas."""

    PIXEL = "px"
    METRE = "m"
    KILOMETRE = "km"
    FOOT = "ft"
    YARD = "yd"
    MILE = "mi"
    SQUARE_PIXEL = "px2"
    SQUARE_METRE = "m2"
    SQUARE_KILOMETRE = "km2"
    SQUARE_FOOT = "ft2"
    SQUARE_YARD = "yd2"
    SQUARE_MILE = "mi2"
    HECTARE = "ha"
    ACRE = "acre"


UNIT_IN_METRES: Mapping[Unit, float] = {
    Unit.METRE: 1.0,
    Unit.KILOMETRE: 1000.0,
    Unit.FOOT: 0.3048,
    Unit.YARD: 0.9144,
    Unit.MILE: 1609.344,
}
UNIT_IN_SQUARE_METRES: Mapping[Unit, float] = {
    Unit.SQUARE_METRE: 1.0,
    Unit.SQUARE_KILOMETRE: 1e6,
    Unit.SQUARE_FOOT: 0.3048**2,
    Unit.SQUARE_YARD: 0.9144**2,
    Unit.SQUARE_MILE: 1609.344**2,
    Unit.HECTARE: 1e4,
    Unit.ACRE: 4046.8564224,
}


def is_areal(unit: Unit) -> bool:
    """Whether a unit is one of areas, not of lengths."""
    return unit in UNIT_IN_SQUARE_METRES or unit is Unit.SQUARE_PIXEL


EXTREME_OF_POSITION: Mapping[Position, tuple[Key, Direction]] = {
    Position.LEFT: (Key.X, Direction.MIN),
    Position.RIGHT: (Key.X, Direction.MAX),
    Position.TOP: (Key.Y, Direction.MIN),
    Position.BOTTOM: (Key.Y, Direction.MAX),
    Position.UPPER_LEFT: (Key.DIAGONAL_DOWN, Direction.MIN),
    Position.LOWER_RIGHT: (Key.DIAGONAL_DOWN, Direction.MAX),
    Position.UPPER_RIGHT: (Key.DIAGONAL_UP, Direction.MAX),
    Position.LOWER_LEFT: (Key.DIAGONAL_UP, Direction.MIN),
    Position.NORTH: (Key.NORTH, Direction.MAX),
    Position.SOUTH: (Key.NORTH, Direction.MIN),
    Position.EAST: (Key.EAST, Direction.MAX),
    Position.WEST: (Key.EAST, Direction.MIN),
    Position.NORTHEAST: (Key.NORTHEAST, Direction.MAX),
    Position.SOUTHWEST: (Key.NORTHEAST, Direction.MIN),
    Position.NORTHWEST: (Key.NORTHWEST, Direction.MAX),
    Position.SOUTHEAST: (Key.NORTHWEST, Direction.MIN),
    Position.CENTER: (Key.CENTER, Direction.MAX),
    Position.EDGE: (Key.CENTER, Direction.MIN),
    Position.CORNER: (Key.CENTER, Direction.MIN),
}
"""*leftmost* is the smallest x: the superlative of every place."""
