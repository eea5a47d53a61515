"""Tiles that do not depend on each other, computed by whoever there is and recorded one by one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from numpy.typing import NDArray

from dgl_rsis.geo.windows import Tile
from dgl_rsis.progress import CancelledError, Progress, time_left
from dgl_rsis.scene.attempts import Attempts
from dgl_rsis.scene.executors import Executor, Failure
from dgl_rsis.scene.journal import Journal
from dgl_rsis.scene.work import ReadTile

Result = TypeVar("Result")


def compute_tiles(
    tiles: Sequence[Tile],
    journal: Journal,
    executor: Executor[ReadTile, Result],
    arrays: Callable[[Result], Mapping[str, NDArray[Any]]],
    progress: Progress | None,
) -> None:
    """Compute the tiles that are not known yet and record each; those that failed are tried again.

    Args:
        tiles: all of a run.
        journal: what was finished, also by earlier runs.
        executor: computes them.
        arrays: what of a result is recorded.
        progress: ``(tiles done, tiles, message) -> go on?``.

    Raises:
        InputError: all tiles so far failed.
        CancelledError: the callback asked to stop.
    """
    for tile in journal.failed():
        journal.forget_failure(tile, [tile])
    total = len(tiles)
    waiting = deque(tile for tile in tiles if not journal.is_painted(tile))
    known = done = total - len(waiting)
    attempts = Attempts(known > 0)
    began, running = time.perf_counter(), 0

    def tasks() -> Iterator[ReadTile | None]:
        nonlocal running
        while waiting or running:
            if waiting:
                running += 1
                yield ReadTile(waiting.popleft())
            else:
                yield None

    results = executor.run(tasks())
    try:
        for task, result in results:
            running -= 1
            tile = task.tile
            if isinstance(result, Failure):
                if attempts.again(tile, result.reason):
                    waiting.appendleft(tile)
                    continue
                journal.put_failed(tile, result.reason)
            else:
                attempts.works = True
                journal.put_painted(tile, **arrays(result))
            done += 1
            seconds = time.perf_counter() - began
            rate = (done - known) / seconds
            message = f"{rate:.2g} tiles/s, {time_left((total - done) / rate)} left"
            if progress is not None and not progress(done, total, message):
                raise CancelledError(
                    f"cancelled with {done} of {total} tiles finished; run again with --resume to "
                    "go on"
                )
    finally:
        results.close()
