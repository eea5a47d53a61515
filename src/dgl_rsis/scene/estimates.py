"""What mapping a scene in tiles will take, before it is read.

The figures are for rs-tiny with one worker on a CPU and rest on ``benchmarks/scenes.py`` with the
preset `fast`; trees are added by judgement. They tell an hour from a day, and 1 GB from 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from dgl_rsis.config import Settings
from dgl_rsis.geo.windows import Box, TileGrid, make_grid
from dgl_rsis.scene.planning import CONTEXT, default_tile_size
from dgl_rsis.scene.work import ALIGNMENT, scene_factors

_CELL = 4  # pixels of a cell of rs-tiny
_START_BYTES = 430e6  # Python, libraries, weights
_WINDOW_BYTES = 750.0  # per pixel that the network sees at once, which are at most ...
_WINDOW = 1280**2  # ... these
_READ_BYTES = 260.0  # per pixel of a tile as it is read: its cells
_TREE_BYTES = 330.0  # per pixel of a tile and its halo, for painters that need a tree
_START_SECONDS = 4.0
_READ_SECONDS = 1.0e-6  # of CPU per pixel that the model reads
_PAINT_SECONDS = 0.4e-6  # of CPU per pixel of the map: reading, blending, painting, writing
_TREE_SECONDS = 3.0e-6  # of CPU per pixel of a tile and its halo, for painters that need a tree
_NAMES = 20  # classes and background words of a usual map


@dataclass(frozen=True)
class SceneEstimate:
    """What a run will take.

    Attributes:
        grid: of its tiles.
        memory_bytes: largest resident memory.
        disk_bytes: beside the output while it runs, where nothing compresses.
        cpu_seconds: of all cores together.
    """

    grid: TileGrid
    memory_bytes: float
    disk_bytes: float
    cpu_seconds: float


def estimate_scene(
    shape: tuple[int, int],
    metres_per_pixel: float | None,
    settings: Settings,
    *,
    tile_size: int | None = None,
) -> SceneEstimate:
    """Predict tiles, memory, disk and time with rs-tiny.

    Args:
        shape: height and width in pixels.
        metres_per_pixel: ground size of a pixel; None where it is unknown.
        settings: of all stages.
        tile_size: side of a tile in pixels; None for that of a run.
    """
    factors = scene_factors(metres_per_pixel, _CELL, settings.local)
    extent = Box(0, 0, shape[1], shape[0])
    grid = make_grid(
        shape,
        extent,
        factors=factors,
        cell=_CELL,
        alignment=ALIGNMENT,
        size=tile_size or default_tile_size(factors),
        context=CONTEXT,
    )
    # borders of tiles are those of their rows and columns: the sums need no list of all tiles
    heights, widths = (_read_lengths(grid, side) for side in (0, 1))
    looked_at = sum(heights) * sum(widths)
    largest = max(heights) * max(widths)
    seen = largest * float(factors[0] ** 2)
    read = float(sum(factor**2 for factor in factors))
    trees = settings.painter != "dense"
    pixels = shape[0] * shape[1]
    waiting = min(len(heights), 3) * grid.size * shape[1]  # rows of tiles whose cells are kept
    cells = (grid.step_cells / grid.step) ** 2
    return SceneEstimate(
        grid,
        _START_BYTES
        + _WINDOW_BYTES * min(seen, _WINDOW)
        + _READ_BYTES * seen
        + trees * _TREE_BYTES * largest,
        waiting * cells * _NAMES * 4 + 2.0 * pixels,
        _START_SECONDS
        + looked_at * (_READ_SECONDS * read + trees * _TREE_SECONDS)
        + pixels * _PAINT_SECONDS,
    )


def _read_lengths(grid: TileGrid, side: int) -> list[int]:
    """Pixels that the tiles of a column, or of a row, read along it."""
    length = grid.padded.shape[side]
    starts = range(0, grid.shape[side], grid.size)
    return [
        min(start + grid.size + grid.halo, length) - max(0, start - grid.halo) for start in starts
    ]
