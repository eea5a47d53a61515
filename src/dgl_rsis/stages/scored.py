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
    """

    indices: IntArray
    probability: Floats
    attributes: Floats
    values: Floats
    holds: BoolArray

    @classmethod
    def bare(cls, indices: IntArray, probability: Floats) -> Scored:
        """Instances that nothing is asked of yet."""
        ones = np.ones(len(indices))
        return cls(indices, probability, ones, ones.copy(), np.ones(len(indices), bool))

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
            return replace(self, attributes=self.attributes * condition.values, holds=holds)
        return replace(self, values=self.values * condition.values, holds=holds)

    def ranked(self, values: Floats) -> Scored:
        """The same instances by a rank instead of places and relations."""
        return replace(self, values=np.where(self.holds, values, 0.0))

    def at(self, indices: IntArray) -> Scored:
        """The same result at other indices, 0 where it has none."""
        place = {index: k for k, index in enumerate(self.indices.tolist())}
        found = np.array([place.get(index, -1) for index in indices.tolist()], dtype=np.int64)
        parts = (self.probability, self.attributes, self.values)
        probability, attributes, values = (np.append(part, 0.0)[found] for part in parts)
        return Scored(indices, probability, attributes, values, np.append(self.holds, False)[found])

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
        )
