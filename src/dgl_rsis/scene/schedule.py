"""Which tile is computed next, and what happens to a result.

A tile is read, and painted as soon as all tiles around it were read; painting goes first, so that
few probabilities wait on disk. Every result is recorded before the next is taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from dgl_rsis.geo.windows import Tile
from dgl_rsis.scene.attempts import Attempts
from dgl_rsis.scene.blending import blend
from dgl_rsis.scene.executors import Failure
from dgl_rsis.scene.journal import Journal
from dgl_rsis.scene.work import Cells, Painted, PaintTile, ReadTile, Work
from dgl_rsis.types import FloatArray

TileTask = ReadTile | PaintTile


@dataclass
class Schedule:
    """The state of a run between its tasks.

    Attributes:
        work: what is computed.
        journal: what was finished, also by earlier runs.
        model_seconds: time that models took in this run, all workers together.
        computed: tasks that this run finished.
    """

    work: Work
    journal: Journal
    model_seconds: float = 0.0
    computed: int = 0
    _known: dict[Tile, str] = field(default_factory=dict)
    _done: set[Tile] = field(default_factory=set)
    _failed: set[Tile] = field(default_factory=set)
    _reads: deque[Tile] = field(default_factory=deque)
    _paints: deque[Tile] = field(default_factory=deque)
    _again: deque[TileTask] = field(default_factory=deque)
    _full: set[Tile] = field(default_factory=set)  # as far as this run knows
    _attempts: Attempts = field(init=False)
    _out: int = 0

    def __post_init__(self) -> None:
        grid, journal = self.work.grid, self.journal
        for tile in journal.failed():
            journal.forget_failure(tile, grid.neighbours(tile))
        self._done = {tile for tile in grid if journal.is_painted(tile)}
        for tile in grid:
            state = journal.state(tile)
            if state is None and not all(each in self._done for each in grid.neighbours(tile)):
                self._reads.append(tile)
            else:
                self._known[tile] = state or "empty"
        self._attempts = Attempts(bool(self._done) or "cells" in self._known.values())
        for tile in grid:
            if tile not in self._done and self._surrounded(tile):
                self._next(tile)

    @property
    def finished(self) -> int:
        """Tiles that are painted, empty or failed."""
        return len(self._done)

    @property
    def share(self) -> float:
        """Share of all work that is done, in [0, 1]: reading and painting count alike."""
        return (len(self._known) + len(self._done)) / (2 * max(1, len(self.work.grid)))

    def tasks(self) -> Iterator[TileTask | None]:
        """The next task whenever one is asked for; None where one must finish first."""
        while True:
            task = self._take()
            if task is not None:
                self._out += 1
                yield task
            elif self._out:
                yield None
            else:
                return

    def _take(self) -> TileTask | None:
        if self._again:
            return self._again.popleft()
        while self._reads or self._paints:
            if self._paints:
                tile = self._paints.popleft()
                return PaintTile(tile, self.field(tile), tile in self._full)
            tile = self._reads.popleft()
            if self.work.source.meets_aoi(self.work.grid.core(tile)):
                return ReadTile(tile)
            self._read(tile, None)
        return None

    def take(self, task: TileTask, result: Cells | Painted | Failure) -> None:
        """Record a result.

        Raises:
            InputError: all tasks so far failed.
            OutputError: it cannot be written.
        """
        self._out -= 1
        tile = task.tile
        if isinstance(result, Failure):
            if self._attempts.again((type(task), tile), result.reason):
                self._again.append(task)
            else:
                self._fail(tile, result.reason)
            return
        self.computed += 1
        self._attempts.works = True
        if isinstance(result, Cells):
            self.model_seconds += result.model_seconds
            if result.is_full:
                self._full.add(tile)
            self._read(tile, result.values)
        else:
            arrays: dict[str, NDArray[Any]] = {"codes": result.codes}
            if result.scores is not None:
                arrays["scores"] = result.scores
            self.journal.put_painted(tile, **arrays)
            self._finish(tile)

    def field(self, tile: Tile) -> FloatArray:
        """Blended probabilities of the cells that the painting of a tile looks at."""
        grid = self.work.grid
        around = (
            (grid.cells(grid.kept(each)), self.journal.cells(each))
            for each in grid.neighbours(tile)
            if self._known[each] == "cells"
        )
        ramp = grid.ramp // grid.step * grid.step_cells
        wanted = grid.cells(grid.painted(tile, self.work.margin))
        return blend(wanted, grid.cells(grid.padded), ramp, around)

    def _read(self, tile: Tile, cells: FloatArray | None) -> None:
        self.journal.put_cells(tile, cells)
        self._know(tile, "empty" if cells is None else "cells")

    def _fail(self, tile: Tile, reason: str) -> None:
        self.journal.put_failed(tile, reason)
        self._failed.add(tile)
        if tile in self._known:  # it was read: only its painting failed
            self._finish(tile)
        else:
            self._know(tile, "failed")

    def _know(self, tile: Tile, state: str) -> None:
        self._known[tile] = state
        for each in self.work.grid.neighbours(tile):
            if each not in self._done and self._surrounded(each):
                self._next(each)

    def _surrounded(self, tile: Tile) -> bool:
        return all(each in self._known for each in self.work.grid.neighbours(tile))

    def _next(self, tile: Tile) -> None:
        """What follows for a tile whose neighbours are all known."""
        state = self._known[tile]
        if state == "cells":
            self._paints.append(tile)
        else:
            if state == "empty":
                self.journal.put_painted(tile)
            self._finish(tile)

    def _finish(self, tile: Tile) -> None:
        """Free the probabilities that nothing needs any more.

        Those around a failed tile are kept for a run that tries it again.
        """
        self._done.add(tile)
        grid = self.work.grid
        for each in grid.neighbours(tile):
            around = grid.neighbours(each)
            if all(one in self._done and one not in self._failed for one in around):
                self.journal.forget_cells(each)
