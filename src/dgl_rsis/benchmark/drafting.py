"""Parts of questions drawn at random: kinds, colours, places, ranks, anchors, limits.

Whether a question makes sense is left to the oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.oracle import Oracle
from dgl_rsis.benchmark.questions import (
    Beside,
    Colour,
    Condition,
    Key,
    Limit,
    Place,
    PlaceName,
    Rank,
    Side,
    Things,
)
from dgl_rsis.benchmark.truth import SPREADING, SURFACES

T = TypeVar("T")
TARGETS = (
    "building", "storage tank", "tennis court", "swimming pool", "plane", "ship", "bridge",
    "car park", "sports field", "runway", "car",
)  # fmt: skip
COLOURS = ("white", "grey", "dark", "red", "brown", "blue")
IN_IMAGE: tuple[Side, ...] = get_args(Side)[:8]
BY_COMPASS: tuple[Side, ...] = get_args(Side)[8:]
LENGTHS = {"m": 1.0, "metres": 1.0, "meters": 1.0, "feet": 0.3048, "ft": 0.3048, "yards": 0.9144}
AREAS = {
    "m²": 1.0, "square metres": 1.0, "square feet": 0.3048**2, "hectares": 1e4, "ha": 1e4,
    "acres": 4046.8564224,
}  # fmt: skip
DESCRIPTIONS = 40  # tries to describe single things of an image
LEAST_AREA = 60  # pixels; smaller things have no measurable shape
CLEARLY_MORE = 1.3  # a limit is put where the next amount is larger by this factor

Quantity = Literal["area", "length", "width", "distance"]


@dataclass(frozen=True)
class Drafter:
    """Draws parts of questions for one image.

    Attributes:
        measures: of the things of the image.
        rng: source of chance.
    """

    measures: Measures
    rng: np.random.Generator

    @cached_property
    def oracle(self) -> Oracle:
        """Tells which questions have a clear answer."""
        return Oracle(self.measures)

    @cached_property
    def kinds(self) -> list[str]:
        """Countable kinds that are there."""
        present = {thing.kind for thing in self.measures.truth.things}
        return [kind for kind in TARGETS if kind in present]

    @cached_property
    def spreading(self) -> list[str]:
        """Kinds that are there and spread."""
        present = {thing.kind for thing in self.measures.truth.things}
        return [kind for kind in SPREADING if kind in present]

    def one(self, values: Sequence[T]) -> T:
        """Any of some values."""
        return values[int(self.rng.integers(len(values)))]

    def happens(self, probability: float) -> bool:
        """Toss a coin."""
        return bool(self.rng.random() < probability)

    def is_clear(self, things: Things) -> bool:
        """Whether a question has a clear answer."""
        return self.oracle.answer(things).is_clear

    def kind(self) -> str:
        """Any countable kind, the rarer ones more often: a crowd is hardly ever clear."""
        counts = np.array([len(self.measures.truth.of_kind(kind)) for kind in self.kinds])
        weights = 1 / np.sqrt(counts)
        return self.kinds[int(self.rng.choice(len(counts), p=weights / weights.sum()))]

    def shaped_kind(self) -> str | None:
        """A kind whose things are all large enough for measures of their shape, if any is drawn."""
        kind = self.kind()
        areas = self.measures.areas[self.measures.truth.of_kind(kind)]
        return kind if areas.min() >= LEAST_AREA else None

    def number(self) -> int | None:
        """One, or all."""
        return self.one((1, 1, None))

    def colour(self) -> Condition:
        """Any colour."""
        return Colour(self.one(COLOURS))

    def place(self) -> Condition:
        """Any place of the image."""
        places: tuple[PlaceName, ...] = (*IN_IMAGE, *IN_IMAGE, "centre", "edge", "corner")
        name = self.one(places)
        return Place(name, is_corner=" " in name and self.happens(0.5))

    def perhaps_placed(self) -> tuple[Condition, ...]:
        """A place in half of the cases: fewer rivals leave more that is clear."""
        return (self.place(),) if self.happens(0.5) else ()

    def simple(self) -> Condition:
        """A colour or a place."""
        return self.colour() if self.happens(0.5) else self.place()

    def rank(self, keys: Sequence[Key] = ("area", "area", "x", "y")) -> Rank:
        """A superlative."""
        return Rank(self.one(keys), self.happens(0.5))

    def ordinal(self) -> Rank:
        """The n-th from a side of the image."""
        keys: tuple[Key, ...] = ("x", "y")
        n = int(self.rng.integers(1, 6))
        return Rank(self.one(keys), self.happens(0.5), n, saying="ordinal")

    @cached_property
    def known(self) -> list[Things]:
        """Single things with a clear description: alone of their kind, or by their modifiers."""
        alone = [kind for kind in self.kinds if len(self.measures.truth.of_kind(kind)) == 1]
        drafts = [self._described() for _ in range(DESCRIPTIONS)]
        clear = [draft for draft in drafts if self.is_clear(draft)]
        return [*(Things(kind) for kind in alone), *dict.fromkeys(clear)]

    @cached_property
    def pairs(self) -> list[Things]:
        """Two things of a kind with a clear description."""
        drafts = [
            Things(kind, conditions, number=2)
            for kind in self.kinds
            for conditions in ((), *((self.simple(),) for _ in range(DESCRIPTIONS // 4)))
        ]
        return [draft for draft in dict.fromkeys(drafts) if self.is_clear(draft)]

    def anchor(self) -> Things | None:
        """A known thing, or something that spreads; None where there is neither."""
        if self.spreading and self.happens(0.25):
            return self.spread()
        return self.one(self.known) if self.known else None

    def _described(self) -> Things:
        """Something that its own modifiers may tell from others of its kind."""
        kind = self.kind()
        rank = self.rank() if self.happens(0.5) else self.ordinal()
        forms = (
            Things(kind, rank=rank),
            Things(kind, (self.simple(),)),
            Things(kind, (self.simple(),), rank),
        )
        return self.one(forms)

    def ground(self) -> Things | None:
        """Something that other things stand on, lie in or cross."""
        grounds = [kind for kind in self.kinds if kind in SURFACES]
        if grounds and not (self.spreading and self.happens(0.6)):
            kind = self.one(grounds)
            return Things(kind, number=self.one((1, None)))
        return self.spread() if self.spreading else None

    def spread(self) -> Things:
        """Something that spreads, as a whole."""
        return Things(self.one(self.spreading), number=None)

    def beside(self, anchor: Things, sides: Sequence[Side] = IN_IMAGE) -> Condition:
        """On any of some sides of an anchor."""
        return Beside(self.one(sides), anchor)

    def size_limit(self, kind: str) -> Limit | None:
        """A round limit between the sizes of two things of a kind; None where all are alike."""
        quantity: Quantity = self.one(("area", "area", "length", "width"))
        unit, factor = self.one(list((AREAS if quantity == "area" else LENGTHS).items()))
        amounts = np.sort(self._amounts(kind, quantity)) / factor
        steps = np.flatnonzero(amounts[1:] > CLEARLY_MORE * amounts[:-1])
        if not len(steps):
            return None
        at = int(self.one(steps.tolist()))
        value = float(f"{np.sqrt(amounts[at] * amounts[at + 1]):.2g}")
        return Limit(quantity, self.happens(0.5), value, unit, factor)

    def distance_limit(self, anchor: Things) -> Limit:
        """A round distance of up to half the image."""
        unit, factor = self.one(list(LENGTHS.items()))
        across, _ = self.measures.truth.frame.metres_per_pixel or (1.0, 1.0)
        pixels = float(self.rng.uniform(0.06, 0.5)) * min(self.measures.truth.shape)
        value = float(f"{pixels * across / factor:.2g}")
        return Limit("distance", self.happens(0.5), value, unit, factor, anchor)

    def _amounts(self, kind: str, quantity: Quantity) -> NDArray[np.float64]:
        """In metres or square metres."""
        indices = self.measures.truth.of_kind(kind)
        across, down = self.measures.truth.frame.metres_per_pixel or (1.0, 1.0)
        if quantity == "area":
            return np.array(self.measures.areas[indices] * across * down)
        which = 0 if quantity == "length" else 1
        return np.array([self.measures.sides(index)[which] for index in indices]) * across
