"""What a run over a scene in tiles will take, before it is read.

The figures are for rs-tiny with one worker on a CPU and rest on ``benchmarks/scenes.py`` with the
preset `fast`; trees are added by judgement. Those of tables rest on one rendered piece, repeated to
1,024, 2,048 and 4,096 pixels a side: 5.7 to 8.1 microseconds of CPU a pixel and at most 1.9 GB. They
tell an hour from a day, and 1 GB from 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from dgl_rsis.config import Settings
from dgl_rsis.geo.windows import Tile, TileGrid, make_grid
from dgl_rsis.scene.planning import CONTEXT, default_tile_size, ground_side
from dgl_rsis.scene.source import grid_origin, meets
from dgl_rsis.scene.survey import SceneOutline
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
_PARTS_BYTES = 240.0  # per pixel of a tile and its halo, for the parts of a table
_PARTS_SECONDS = 6.5e-6  # of CPU per pixel of a tile and its halo, likewise
_TABLE_BYTES = 3.1  # of a table per pixel ...
_FEATURE_BYTES = 1.4  # ... and for each reading
_NAMES = 20  # classes and background words of a usual map

TASKS = ("segment", "refer")


@dataclass(frozen=True)
class SceneEstimate:
    """What a run will take.

    Attributes:
        grid: of its tiles.
        tiles: that are read: those of the grid that touch the area of interest.
        memory_bytes: largest resident memory, all processes together.
        disk_bytes: beside the output while it runs, where nothing compresses; a table stays.
        cpu_seconds: of all cores together.
    """

    grid: TileGrid
    tiles: int
    memory_bytes: float
    disk_bytes: float
    cpu_seconds: float


def estimate_scene(
    scene: SceneOutline,
    settings: Settings,
    *,
    task: str = "segment",
    tile_size: int | None = None,
    workers: int = 1,
) -> SceneEstimate:
    """Predict tiles, memory, disk and time with rs-tiny.

    Args:
        scene: what is asked for.
        settings: of all stages.
        task: ``segment`` into a raster, or ``refer``: the table of the scene.
        tile_size: side of a tile in pixels; None for that of a run.
        workers: processes that compute.
    """
    factors = scene_factors(ground_side(scene.frame), _CELL, settings.local)
    grid = make_grid(
        scene.shape,
        scene.extent,
        factors=factors,
        cell=_CELL,
        alignment=ALIGNMENT,
        size=tile_size or default_tile_size(factors),
        context=CONTEXT,
        origin=grid_origin(scene.frame),
    )
    tiles = len(grid)
    if scene.polygons is not None:
        tiles = sum(meets(scene.polygons, grid.core(tile)) for tile in grid)
    share = tiles / len(grid)
    # borders of tiles are those of their rows and columns: the sums need no list of all tiles
    heights, widths = _read_lengths(grid)
    looked_at = share * sum(heights) * sum(widths)
    largest = max(heights) * max(widths)
    seen = largest * float(factors[0] ** 2)
    read = float(sum(factor**2 for factor in factors))
    pixels = share * scene.extent.shape[0] * scene.extent.shape[1]
    tile_bytes = _WINDOW_BYTES * min(seen, _WINDOW) + _READ_BYTES * seen
    seconds = looked_at * _READ_SECONDS * read
    if task == "refer":
        tile_bytes += _PARTS_BYTES * largest
        seconds += looked_at * _PARTS_SECONDS
        disk = 2 * pixels * (_TABLE_BYTES + _FEATURE_BYTES * len(factors))  # and its journal
    else:
        trees = settings.painter != "dense"
        tile_bytes += trees * _TREE_BYTES * largest
        seconds += looked_at * trees * _TREE_SECONDS + pixels * _PAINT_SECONDS
        waiting = min(len(heights), 3) * grid.size * scene.extent.shape[1]  # rows of cells kept
        cells = (grid.step_cells / grid.step) ** 2
        disk = waiting * cells * _NAMES * 4 + 2.0 * pixels
    leading = workers > 1  # the process that writes computes nothing then
    return SceneEstimate(
        grid,
        tiles,
        (leading + workers) * _START_BYTES + workers * tile_bytes,
        disk,
        (leading + workers) * _START_SECONDS + seconds,
    )


def _read_lengths(grid: TileGrid) -> tuple[list[int], list[int]]:
    """Rows of pixels that the tiles of a column read, and columns that those of a row read."""
    rows, columns = grid.ranges()
    return (
        [grid.read(Tile(row, columns[0])).shape[0] for row in rows],
        [grid.read(Tile(rows[0], column)).shape[1] for column in columns],
    )
