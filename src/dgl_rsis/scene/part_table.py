"""The parts of a whole scene, on disk: a column a file, mapped into memory.

``scene.tif`` has the folder ``scene.tif.table`` beside it::

    table.json        what it was made of and how, and where it lies
    areas.npy ...     the columns of ``Parts`` for all tiles, one tile after the other
    tile.npy          number of the tile of each part
    joints.npy        pairs of parts of two tiles that meet at the border, and at how many pixels

The folder appears under its name when it is complete, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray, FloatArray, IntArray, MapFrame

HEADER = "table.json"


def table_folder(scene: Path) -> Path:
    """Where the table of a scene lies unless another place is asked for."""
    return scene.with_name(f"{scene.name}.table")


@dataclass(frozen=True)
class PartTable:
    """The parts of a scene.

    Attributes:
        folder: where it lies.
        header: what it was made of and how, in JSON types.
        shape: height and width of the scene in pixels.
        frame: where it lies on the map; None where that is unknown.
        notes: what reading the scene decided.
    """

    folder: Path
    header: Mapping[str, Any]
    shape: tuple[int, int]
    frame: MapFrame | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.areas)

    def column(self, name: str) -> NDArray[Any]:
        """A column as it lies on disk."""
        mapped: NDArray[Any] = np.load(
            self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False
        )
        return mapped

    @cached_property
    def areas(self) -> IntArray:
        """``(N,)`` pixels."""
        return np.asarray(self.column("areas"))

    @cached_property
    def boxes(self) -> IntArray:
        """``(N, 4)`` half-open, pixels of the scene."""
        return np.asarray(self.column("boxes"))

    @cached_property
    def centroids(self) -> NDArray[np.float64]:
        """``(N, 2)`` ``x, y``."""
        return np.asarray(self.column("centroids"))

    @cached_property
    def is_segment(self) -> BoolArray:
        """``(N,)`` whether a part is a segment, else it is a thing."""
        return np.asarray(self.column("is_segment"))

    @cached_property
    def is_cut(self) -> BoolArray:
        """``(N,)`` whether a thing goes on in the next tile."""
        return np.asarray(self.column("is_cut"))

    @cached_property
    def objectness(self) -> FloatArray:
        """``(N,)`` in [0, 1]."""
        return np.asarray(self.column("objectness"))

    @cached_property
    def colours(self) -> FloatArray:
        """``(N, 3)`` Lab."""
        return np.asarray(self.column("colours"))

    @cached_property
    def paints(self) -> FloatArray:
        """``(N, 3)`` Lab."""
        return np.asarray(self.column("paints"))

    @cached_property
    def features(self) -> NDArray[np.float16]:
        """``(N, R, D)`` of unit length, on disk."""
        return self.column("features")

    @cached_property
    def views(self) -> NDArray[np.float16]:
        """``(T, V, D)`` of unit length, of the things in their order, on disk."""
        return self.column("views")

    @cached_property
    def view_weights(self) -> FloatArray:
        """``(T, L)`` shares of the readings of the views; none where things were not read so."""
        return np.asarray(self.column("view_weights"))

    @cached_property
    def shared(self) -> csr_array:
        """``(N, N)`` pixels that two parts share; their areas on the diagonal."""
        pairs = self.column("shared")
        diagonal = np.arange(len(self))
        first, second, common = pairs.T
        rows = np.concatenate([first, second, diagonal])
        columns = np.concatenate([second, first, diagonal])
        values = np.concatenate([common, common, self.areas])
        return csr_array((values, (rows, columns)), shape=(len(self), len(self)))

    @cached_property
    def touching(self) -> IntArray:
        """``(P, 2)`` pairs of segments that meet."""
        return np.asarray(self.column("touching")[:, :2])

    @cached_property
    def joints(self) -> IntArray:
        """``(P, 2)`` pairs of things that are cut and meet at the border of their tiles."""
        return np.asarray(self.column("joints")[:, :2])

    @cached_property
    def _ends(self) -> IntArray:
        return np.concatenate([[0], np.cumsum(self.column("lengths"))])

    def outlines(self, indices: IntArray) -> NDArray[np.object_]:
        """``(K,)`` polygons of parts in pixels of the scene."""
        stored = self.column("outlines")
        texts = np.empty(len(indices), dtype=object)
        for place, index in enumerate(indices.tolist()):
            texts[place] = stored[self._ends[index] : self._ends[index + 1]].tobytes()
        polygons: NDArray[np.object_] = shapely.from_wkb(texts)
        return polygons


def read_table(folder: Path) -> PartTable:
    """Open a table.

    Raises:
        InputError: there is none, or it is of another version.
    """
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        place = header["place"]
        frame = place["frame"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} is no table of a scene; remove it, or choose another folder with --table"
        ) from error
    return PartTable(
        folder,
        header,
        (place["shape"][0], place["shape"][1]),
        None
        if frame is None
        else MapFrame(
            tuple(frame["transform"]),
            frame["crs"],
            None if frame["metres_per_pixel"] is None else tuple(frame["metres_per_pixel"]),
            None if frame["north"] is None else tuple(frame["north"]),
        ),
        tuple(header["notes"]),
    )
