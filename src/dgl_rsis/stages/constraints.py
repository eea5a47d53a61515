"""How a constraint narrows instances, and what becomes of one that nothing fulfils."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dgl_rsis.stages.scope import Scope
from dgl_rsis.stages.scored import Field, Scored
from dgl_rsis.stages.steps import Recorder

LEAST_ATTRIBUTE = 0.3  # product of adjectives that one thing has rather than another


@dataclass(frozen=True)
class Constraints:
    """Applies constraints, and notes those that had to be dropped.

    Attributes:
        smallest_attribute: product of adjectives from which on a thing has them.
        record: takes the notes.
    """

    smallest_attribute: float
    record: Recorder

    def applied(
        self,
        scored: Scored,
        condition: Field | None,
        what: str,
        scope: Scope,
        *,
        is_attribute: bool = False,
    ) -> Scored:
        """Multiply a constraint in; one that nothing fulfils is dropped and noted."""
        if condition is None or not len(scored):
            return scored
        if not (scored.holds & condition.holds).any():
            may_compare = not (scope.is_denied or is_attribute)
            among = self.among(scored, condition, what) if may_compare else None
            if among is not None:
                return among
            return self.dropped(scored, f"nothing is '{what}'", scope)
        return scored.fulfilling(condition, is_attribute=is_attribute)

    def among(self, scored: Scored, condition: Field, what: str) -> Scored | None:
        """With a constraint inside which the adjectives are compared; None where none has them."""
        among = scored.among(condition, LEAST_ATTRIBUTE, self.smallest_attribute)
        if among is not None:
            self.record.note(f"adjectives were compared among what is '{what}'")
        return among

    def dropped(self, scored: Scored, why: str, scope: Scope, what: str = "") -> Scored:
        """Without a step that cannot be executed; one that is denied excludes nothing instead."""
        if scope.is_denied:
            self.record.note(f"{why}: nothing is excluded")
            return replace(scored, holds=np.zeros(len(scored), dtype=bool))
        self.record.note(f"{why}: {what} was dropped" if what else f"{why}: dropped")
        return scored
