"""How far a run is that has computed all tiles: which of its outputs it makes, and at which tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from dgl_rsis.progress import CancelledError, Progress

_REPORTS = 20  # of a pass over all tiles

Item = TypeVar("Item")


@dataclass
class Writing:
    """Tells about passes over the finished tiles of a scene.

    Attributes:
        progress: ``(tiles done, tiles, message) -> go on?``; None tells nobody.
        total: number of tiles.
    """

    progress: Progress | None
    total: int
    _stage: str = ""
    _last: int = -1
    _passes: int = 1

    def begin(self, stage: str) -> None:
        """Begin with something else.

        Raises:
            CancelledError: the callback asked to stop.
        """
        self._stage, self._last, self._passes = stage, -1, 1
        self._tell(stage)

    def saw(self, number: int) -> None:
        """A tile is looked at, once more perhaps; tiles come in their order in each pass.

        Raises:
            CancelledError: the callback asked to stop.
        """
        if number == self._last:
            return
        self._passes += number < self._last
        self._last = number
        if number % max(1, self.total // _REPORTS) == 0:
            again = f", pass {self._passes}" if self._passes > 1 else ""
            self._tell(f"{self._stage}{again}: tile {number + 1} of {self.total}")

    def through(self, items: Iterable[Item], then: str) -> Iterator[Item]:
        """The same items; what happens after the last of them is told."""
        yield from items
        self.begin(then)

    def _tell(self, message: str) -> None:
        if self.progress is not None and not self.progress(self.total, self.total, message):
            raise CancelledError(f"cancelled ({self._stage})")
