"""Parts of a scene as images, all with the bands, the stretch and the margins of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.geo.bands import (
    BandChoice,
    Limits,
    apply_stretch,
    choose_bands,
    parse_stretch,
    read_bands,
    sample_bands,
)
from dgl_rsis.geo.collar import find_collar
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.dataset import frame_of, georeference_notes, open_raster
from dgl_rsis.geo.raster import part_collar, stretch_limits
from dgl_rsis.geo.regions import Rectangle
from dgl_rsis.types import BoolArray, MapFrame, Raster


@runtime_checkable
class TileSource(Protocol):
    """A scene that is read in parts."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""

    @property
    def frame(self) -> MapFrame | None:
        """Where the scene lies; None for one without any georeference."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading decided."""

    def read(self, part: Rectangle) -> Raster | None:
        """A part: first row and column, and those behind the last; None without valid pixels."""


@dataclass(frozen=True)
class RasterSource:
    """An image in memory."""

    raster: Raster

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.raster.shape

    @property
    def frame(self) -> MapFrame | None:
        """Where the image lies."""
        return self.raster.frame

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading decided."""
        return tuple(self.raster.facts.get("notes", ()))

    def read(self, part: Rectangle) -> Raster | None:
        """A part, see :class:`TileSource`."""
        top, left, bottom, right = part
        valid = self.raster.valid[top:bottom, left:right]
        if not valid.any():
            return None
        frame = self.raster.frame
        if frame is not None:
            a, b, c, d, e, f = frame.transform
            moved = (a, b, a * left + b * top + c, d, e, d * left + e * top + f)
            frame = map_frame(moved, frame.crs, (bottom - top, right - left))
        rgb = self.raster.rgb[top:bottom, left:right]
        return Raster(rgb, valid, frame, self.raster.source, self.raster.facts)


@dataclass(frozen=True)
class FileSource:
    """An open raster; see :func:`open_source`."""

    dataset: DatasetReader
    choice: BandChoice
    limits: Limits | None
    margins: BoolArray | None
    notes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.dataset.height), int(self.dataset.width)

    @property
    def frame(self) -> MapFrame | None:
        """Where the raster lies."""
        return frame_of(self.dataset)

    def read(self, part: Rectangle) -> Raster | None:
        """A part, see :class:`TileSource`."""
        top, left, bottom, right = part
        window = RasterWindow(left, top, right - left, bottom - top)
        values, valid = read_bands(self.dataset, self.choice, window)
        if self.margins is not None and valid.any():
            if valid.shape == self.shape:
                valid &= ~find_collar(values, valid).mask
            else:
                valid &= ~part_collar(self.shape, window, values, valid, self.margins).mask
        if not valid.any():
            return None
        rgb = apply_stretch(values, self.limits)
        return Raster(rgb, valid, frame_of(self.dataset, window), str(self.dataset.name))


@contextmanager
def open_source(
    path: str | Path,
    *,
    bands: Sequence[int] | None = None,
    stretch: str = "auto",
    nodata: float | str | None = None,
    collar: bool = True,
) -> Iterator[FileSource]:
    """Open a raster to read it in parts; options as in :func:`dgl_rsis.geo.raster.read_raster`.

    Raises:
        ImageError: if the file cannot be read or its bands are ambiguous.
        InputError: if an option makes no sense.
    """
    with open_raster(path) as dataset:
        choice = choose_bands(dataset, bands, nodata)
        values, valid = sample_bands(dataset, choice)
        rule = parse_stretch(stretch, values.dtype)
        notes = [*choice.notes, *georeference_notes(dataset)]
        margins = None
        if collar and valid.any():
            found = find_collar(values, valid)
            margins = found.mask
            notes += found.notes
        limits = stretch_limits(dataset, choice, rule, collar=collar)
        yield FileSource(dataset, choice, limits, margins, tuple(notes))
