"""Writing the table of a scene (:mod:`.part_table`), tile after tile.

Only the pairs of parts over borders of tiles, and the tile of each part, are held for all of them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.geo.windows import Tile
from dgl_rsis.scene.journal import save_array, write_durably, writing
from dgl_rsis.scene.part_table import HEADER
from dgl_rsis.scene.parts import Parts
from dgl_rsis.scene.seams import Seams

_PAIRS = ("shared", "touching")
_ROWS = (
    "areas",
    "boxes",
    "centroids",
    "is_segment",
    "is_cut",
    "objectness",
    "colours",
    "paints",
    "features",
    "lengths",
)
_OF_THINGS = ("views", "view_weights")


def write_table(
    folder: Path, header: Mapping[str, Any], tiles: Iterable[tuple[int, Tile, Parts]]
) -> None:
    """Write a table, tile after tile.

    Args:
        folder: of the table; what is there is replaced.
        header: in JSON types.
        tiles: number, place and parts of each tile that holds data, in the order of the grid.

    Raises:
        OutputError: it cannot be written.
    """
    made = folder.with_name(f".{folder.name}.part")
    with writing(folder):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        text = json.dumps(header, indent=1, default=str).encode()
        try:
            _write_columns(made, tiles)
            write_durably(made / HEADER, lambda file: file.write(text))
        except OSError:
            shutil.rmtree(made)  # a full disk needs the space
            raise
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)


def _write_columns(folder: Path, tiles: Iterable[tuple[int, Tile, Parts]]) -> None:
    columns = {
        name: _Column(folder / f"{name}.npy") for name in (*_ROWS, *_OF_THINGS, *_PAIRS, "outlines")
    }
    numbers: list[NDArray[Any]] = [np.zeros(0, np.int64)]
    seams, first = Seams(), 0
    for number, tile, parts in tiles:
        for name in (*_ROWS, *_OF_THINGS, "outlines"):
            columns[name].add(getattr(parts, name))
        for name in _PAIRS:
            columns[name].add(getattr(parts, name) + np.array([first, first, 0]))
        seams.add(tile, parts, first)
        numbers.append(np.full(len(parts), number))
        first += len(parts)
    overlapping, touching, joints = seams.pairs()
    columns["shared"].add(overlapping)
    columns["touching"].add(touching)
    for column in columns.values():
        column.finish()
    for name, values in (("tile", np.concatenate(numbers)), ("joints", joints)):
        write_durably(folder / f"{name}.npy", partial(save_array, values=values))


class _Column:
    """A ``.npy`` file that grows by rows, whose length is known at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("wb")
        self.rows = 0
        self.kind: tuple[tuple[int, ...], np.dtype[Any]] | None = None

    def add(self, rows: NDArray[Any]) -> None:
        """Append rows."""
        if self.kind is None:
            self.kind = rows.shape[1:], rows.dtype
            self.file.write(self._head(0))
        self.file.write(np.ascontiguousarray(rows, self.kind[1]).tobytes())
        self.rows += len(rows)

    def finish(self) -> None:
        """Say how long it is."""
        self.file.seek(0)
        if self.kind is not None:
            self.file.write(self._head(self.rows))
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()

    def _head(self, rows: int) -> bytes:
        """A header whose size does not depend on the number of rows."""
        assert self.kind is not None
        shape, dtype = self.kind
        text = str({"descr": dtype.str, "fortran_order": False, "shape": (rows, *shape)})
        return b"\x93NUMPY\x01\x00" + (246).to_bytes(2, "little") + f"{text:<245}\n".encode()
