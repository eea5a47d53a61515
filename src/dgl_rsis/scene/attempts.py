"""How often a task that failed is tried, and when a whole run is hopeless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from dgl_rsis.errors import InputError

_ATTEMPTS = 2
_HOPELESS = 8
"""Tasks that fail, with none that works, before a run stops: one more would fail, too."""


@dataclass
class Attempts:
    """What failed so far in a run.

    Attributes:
        works: whether any task of the scene was finished, in this run or an earlier one.
    """

    works: bool
    _failures: Counter[Hashable] = field(default_factory=Counter)

    def again(self, task: Hashable, reason: str) -> bool:
        """Count a failure; whether the task is to be tried again.

        Raises:
            InputError: so many tasks failed for good, and none worked.
        """
        self._failures[task] += 1
        if self._failures[task] < _ATTEMPTS:
            return True
        lost = sum(count >= _ATTEMPTS for count in self._failures.values())
        if lost >= _HOPELESS and not self.works:
            raise InputError(
                f"no tile could be computed, the first {lost} failed twice: {reason}; once that is "
                "mended, go on with --resume"
            )
        return False
