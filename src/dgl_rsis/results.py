"""What the pipeline returns, and how it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, FloatArray, Query, Raster


@dataclass(frozen=True)
class SegmentResult:
    """A land-cover map.

    Attributes:
        labels: ``(H, W)`` int16, index into ``classes``; -1 where there is no data or no class.
        scores: ``(H, W)`` float32 in [0, 1], probability of the label; 0 where there is none.
        classes: class names, as they were asked; a name for *everything else* is the last.
        raster: the image as it was read.
        painter: which painter made it.
        notes: what was decided on the way.
    """

    labels: NDArray[np.int16]
    scores: FloatArray
    classes: tuple[str, ...]
    raster: Raster
    painter: str
    notes: tuple[str, ...] = ()

    @property
    def shares(self) -> dict[str, float]:
        """Share of the valid pixels in each class."""
        total = max(1, int(self.raster.valid.sum()))
        return {
            name: float((self.labels == index).sum()) / total
            for index, name in enumerate(self.classes)
        }

    def save(self, path: str | Path) -> None:
        """Write the map: .tif (COG), .gpkg, .geojson, .parquet, .fgb, or an overlay as .png.

        Raises:
            OutputError: the folder is missing or the suffix unknown.
        """
        from dgl_rsis.outputs import save_segment

        save_segment(self, Path(path))
        _drop_manifest(Path(path))


@dataclass(frozen=True)
class Match:
    """One ranked answer.

    Attributes:
        crop: bool mask inside the box.
        box: ``x0, y0, x1, y1`` in the pixel frame, half-open.
        shape: height and width of the image.
        score: in [0, 1], the weighted geometric mean of the terms.
        terms: name -> value in [0, 1].
        chosen: whether it is part of the answer.
        index: of the proposal or the user's candidate.
    """

    crop: BoolArray
    box: tuple[int, int, int, int]
    shape: tuple[int, int]
    score: float
    terms: Mapping[str, float]
    chosen: bool
    index: int

    @property
    def mask(self) -> BoolArray:
        """``(H, W)`` bool."""
        whole = np.zeros(self.shape, bool)
        x0, y0, x1, y1 = self.box
        whole[y0:y1, x0:x1] = self.crop
        return whole


@dataclass(frozen=True)
class ReferResult:
    """The answer to a sentence, with the reason.

    Attributes:
        mask: ``(H, W)`` bool, union of the chosen; all False if nothing matches.
        matches: ranked, best first.
        query: what was understood.
        heatmap: ``(H, W)`` float32 in [0, 1]; zero where activations are switched off.
        raster: the image as it was read.
        notes: constraints that could not be executed, and why; why nothing matched.
    """

    mask: BoolArray
    matches: tuple[Match, ...]
    query: Query
    heatmap: FloatArray
    raster: Raster
    notes: tuple[str, ...] = field(default=())

    @property
    def chosen(self) -> tuple[Match, ...]:
        """The matches that make up the mask."""
        return tuple(match for match in self.matches if match.chosen)

    def save(self, path: str | Path) -> None:
        """Write the answer: .png explains it, .gpkg/.geojson/.parquet/.fgb hold the matches.

        Raises:
            OutputError: the folder is missing or the suffix unknown.
        """
        from dgl_rsis.outputs import save_refer

        save_refer(self, Path(path))
        _drop_manifest(Path(path))


def _drop_manifest(path: Path) -> None:
    """Remove the manifest of an earlier run: it tells of a file that is there no more."""
    from dgl_rsis.manifest import manifest_path

    manifest_path(path).unlink(missing_ok=True)
