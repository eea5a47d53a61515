"""What a node of a program yields: a constraint on instances, and instances with their factors.

The factors stay apart until the end, so that mask selection can weigh them (docs/design.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, IntArray

Floats: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Field:
    """A constraint evaluated on candidates.

    Attributes:
        values: ``(K,)`` in [0, 1].
        holds: ``(K,)`` whether the constraint can be said to hold; what ranks and counts looks
            only at these.
    """

    values: Floats
    holds: BoolArray


@dataclass(frozen=True)
class Scored:
    """Instances of a noun; what no longer holds stays for the explanation.

    Attributes:
        indices: ``(K,)`` into the candidate table.
        probability: ``(K,)`` in [0, 1] of the noun.
        attributes: ``(K,)`` in [0, 1], product of measured attributes.
        values: ``(K,)`` in [0, 1], product of places and relations, or a rank.
        holds: ``(K,)`` whether all constraints hold.
        fits: ``(K,)`` whether the measured adjectives hold.
        met: ``(K,)`` whether all other constraints hold.
    """

    indices: IntArray
    probability: Floats
    attributes: Floats
    values: Floats
    holds: BoolArray
    fits: BoolArray
    met: BoolArray

    @classmethod
    def bare(cls, indices: IntArray, probability: Floats) -> Scored:
        """Instances that nothing is asked of yet."""
        ones = np.ones(len(indices))
        every = np.ones(len(indices), bool)
        return cls(indices, probability, ones, ones.copy(), every, every, every)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def total(self) -> Floats:
        """``(K,)`` product of all factors; 0 where a constraint does not hold."""
        product: Floats = self.probability * self.attributes * self.values * self.holds
        return product

    @property
    def live(self) -> IntArray:
        """Indices that hold."""
        return self.indices[self.holds]

    @property
    def best(self) -> int:
        """Index of the best that holds."""
        return int(self.indices[np.where(self.holds, self.total, -1.0).argmax()])

    def fulfilling(self, condition: Field, *, is_attribute: bool = False) -> Scored:
        """Multiply a constraint in."""
        holds = self.holds & condition.holds
        if is_attribute:
            attributes, fits = self.attributes * condition.values, self.fits & condition.holds
            return replace(self, attributes=attributes, holds=holds, fits=fits)
        values, met = self.values * condition.values, self.met & condition.holds
        return replace(self, values=values, holds=holds, met=met)

    def among(self, condition: Field, least: float, share: float) -> Scored | None:
        """With a constraint that nothing with the adjectives fulfils: they are compared inside it.

        A pale car is *the white car in the third row* where the others in it are black.

        Args:
            condition: the constraint.
            least: product of adjectives that one of what fulfils it must have.
            share: of the best product there, from which the adjectives hold.

        Returns:
            None where nothing has enough of them, or where a rank or number narrowed the choice.
        """
        met = self.met & condition.holds
        best = float(self.attributes[met].max(initial=0.0))
        if best < least or not self._is_unranked:
            return None
        fits = self.attributes >= share * best
        values = self.values * condition.values
        return replace(self, values=values, holds=met & fits, fits=fits, met=met)

    def widened(self, least: float) -> Scored:
        """With all that have some of the adjectives, where too few have them to be counted."""
        fits = self.fits | (self.attributes >= least)
        return replace(self, holds=self.met & fits, fits=fits) if self._is_unranked else self

    @property
    def _is_unranked(self) -> bool:
        return bool((self.holds == (self.met & self.fits)).all())

    def ranked(self, values: Floats) -> Scored:
        """The same instances by a rank instead of places and relations."""
        return replace(self, values=np.where(self.holds, values, 0.0))

    def at(self, indices: IntArray) -> Scored:
        """The same result at other indices, 0 where it has none."""
        last = max(self.indices.max(initial=-1), indices.max(initial=-1))
        places = np.full(last + 1, -1, dtype=np.int64)
        places[self.indices] = np.arange(len(self))
        found = places[indices]
        parts = (self.probability, self.attributes, self.values)
        probability, attributes, values = (np.append(part, 0.0)[found] for part in parts)
        holds, fits, met = (
            np.append(part, False)[found] for part in (self.holds, self.fits, self.met)
        )
        return Scored(indices, probability, attributes, values, holds, fits, met)

    def united(self, other: Scored) -> Scored:
        """Everything that one of both yields, with the factors of the better one."""
        indices = np.union1d(self.indices, other.indices)
        first, second = self.at(indices), other.at(indices)
        better = first.total >= second.total
        return Scored(
            indices,
            np.where(better, first.probability, second.probability),
            np.where(better, first.attributes, second.attributes),
            np.where(better, first.values, second.values),
            first.holds | second.holds,
            first.fits | second.fits,
            first.met | second.met,
        )
