"""What the pipeline returns, and how it is saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.displayed import Displayed
from dgl_rsis.explanation import StepReport
from dgl_rsis.types import BoolArray, FloatArray, MapFrame, Query, Raster

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from xarray import Dataset


@dataclass(frozen=True)
class SegmentResult(Displayed):
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

    def to_geodataframe(self, *, min_area: float = 0.0, simplify: float = 0.0) -> GeoDataFrame:
        """The map as polygons, one for each connected region of a class.

        Args:
            min_area: polygons below this are left out; square metres, or pixels where the image
                has no lengths.
            simplify: tolerance in CRS units, or pixels without a CRS.

        Returns:
            Columns ``class``, ``score`` (mean of its pixels), ``area_m2`` (``area_px`` where the
            image has no lengths) and ``geometry``, in the CRS of the image; without one in pixels,
            y down.
        """
        from dgl_rsis.geo.polygonizing import polygonize

        return polygonize(
            self.labels,
            self.classes,
            frame=self.raster.frame,
            scores=self.scores,
            min_area=min_area,
            simplify=simplify,
        )

    def to_xarray(self) -> Dataset:
        """The map as labelled grids, on the pixels of the image.

        Returns:
            ``labels`` ``(y, x)`` int16 as in this result, with the names as CF flags, and ``scores``
            float32, NaN where there is no data. ``y`` and ``x`` are pixel centres in map
            coordinates (in pixels without georeference; absent where the image is turned),
            ``spatial_ref`` holds CRS and transform as CF attributes, which rioxarray reads.

        Raises:
            MissingExtraError: xarray is not installed.
        """
        from dgl_rsis.notebook.grids import segment_grid

        return segment_grid(self)

    def save(self, path: str | Path) -> None:
        """Write the map: .tif (COG), .gpkg, .geojson, .parquet, .fgb, or an overlay as .png.

        Raises:
            OutputError: the suffix is unknown or writing fails.
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
        reason: why it is not part of the answer; empty if it is.
    """

    crop: BoolArray
    box: tuple[int, int, int, int]
    shape: tuple[int, int]
    score: float
    terms: Mapping[str, float]
    chosen: bool
    index: int
    reason: str = ""

    def __str__(self) -> str:
        return _described(self)

    @property
    def area(self) -> int:
        """Pixels."""
        return int(self.crop.sum())

    @property
    def mask(self) -> BoolArray:
        """``(H, W)`` bool."""
        whole = np.zeros(self.shape, bool)
        x0, y0, x1, y1 = self.box
        whole[y0:y1, x0:x1] = self.crop
        return whole


@dataclass(frozen=True)
class SceneMatch:
    """One ranked answer in a scene.

    Attributes:
        parts: ``(n,)`` polygons that make it up, in pixels of the scene, side by side.
        box: ``x0, y0, x1, y1`` in the pixel frame, half-open.
        score: in [0, 1], the weighted geometric mean of the terms.
        terms: name -> value in [0, 1].
        chosen: whether it is part of the answer.
        index: of the candidate.
        reason: why it is not part of the answer; empty if it is.
    """

    parts: NDArray[np.object_]
    box: tuple[int, int, int, int]
    score: float
    terms: Mapping[str, float]
    chosen: bool
    index: int
    reason: str = ""

    def __str__(self) -> str:
        return _described(self)

    @property
    def area(self) -> int:
        """Pixels."""
        return round(float(shapely.area(self.parts).sum()))

    @cached_property
    def outline(self) -> shapely.Geometry:
        """Polygon in pixels of the scene; a large one takes time when it is first asked for."""
        return self.parts[0] if len(self.parts) == 1 else shapely.union_all(self.parts)


def _described(match: Match | SceneMatch) -> str:
    """Number, place, score and its terms, for people."""
    x0, y0, x1, y1 = match.box
    terms = ", ".join(f"{name} {value:.2f}" for name, value in match.terms.items())
    return (
        f"candidate #{match.index}, x {x0}..{x1}, y {y0}..{y1}, score {match.score:.2f} ({terms})"
    )


class Explained(Displayed, ABC):
    """An answer that can be explained; its fields are those of the answers below."""

    query: Query
    notes: tuple[str, ...]
    steps: StepReport | None

    @property
    @abstractmethod
    def ranking(self) -> Sequence[Match | SceneMatch]:
        """The matches, best first."""

    def to_geodataframe(self) -> GeoDataFrame:
        """The ranked matches as rows, in the CRS of the image; without one in pixels, y down.

        Returns:
            Columns ``sentence``, ``rank`` (from 1), ``chosen``, ``score``, ``class`` (the noun), a
            ``term_NAME`` for every term, ``area_m2`` (``area_px`` where the image has no lengths)
            and ``geometry``.
        """
        from dgl_rsis.outputs import answer_table

        assert isinstance(self, ReferResult | SceneAnswer)  # there are no others
        return answer_table([self])

    def explain(self) -> str:
        """Why this answer, for people: what was dropped, every step with its scores, who lost.

        Candidates are called by their number and by their centre ``x,y`` in pixels.
        """
        return "\n".join(
            [
                f'"{self.query.text}"',
                *(f"note: {note}" for note in self.notes),
                f"understood: {self.query}",
                *self.step_lines(),
                *self.verdict_lines(),
            ]
        )

    def step_lines(self) -> list[str]:
        """The executed program, a line for every step."""
        if self.steps is None:
            return ["no program was executed"]
        title = "steps: how many candidates fulfil or are ranked by each, and the best of them"
        return [title, *(f"  {line}" for line in self.steps.lines())]

    def verdict_lines(self) -> list[str]:
        """The chosen and the best of the others with their terms, and why that one lost."""
        ranked = list(enumerate(self.ranking, start=1))
        chosen = [(rank, match) for rank, match in ranked if match.chosen]
        lines = [] if chosen else ["nothing matched"]
        others = [(rank, match) for rank, match in ranked if not match.chosen][:1]
        for rank, match in (*chosen, *others):
            title = "chosen" if match.chosen else "runner-up" if chosen else "best rejected"
            lines.append(f"{title}: rank {rank}, {match}")
        lines += [f"  not chosen: {other.reason}" for _, other in others if other.reason]
        return lines


@dataclass(frozen=True)
class ReferResult(Explained):
    """The answer to a sentence, with the reason.

    Attributes:
        mask: ``(H, W)`` bool, union of the chosen; all False if nothing matches.
        matches: ranked, best first; what was not chosen says why.
        query: what was understood.
        heatmap: ``(H, W)`` float32 in [0, 1]; zero where activations are switched off, and where
            the names of candidates leave nothing to the model.
        raster: the image as it was read.
        notes: constraints that could not be executed, and why; why nothing matched; what reading
            the image decided.
        steps: the executed program with the scores of every step; None where none was executed.
    """

    mask: BoolArray
    matches: tuple[Match, ...]
    query: Query
    heatmap: FloatArray
    raster: Raster
    notes: tuple[str, ...] = field(default=())
    steps: StepReport | None = None

    @property
    def ranking(self) -> Sequence[Match | SceneMatch]:
        """The matches, best first."""
        return self.matches

    @property
    def chosen(self) -> tuple[Match, ...]:
        """The matches that make up the mask."""
        return tuple(match for match in self.matches if match.chosen)

    @property
    def runner_up(self) -> Match | None:
        """The best of what was not chosen."""
        return next((match for match in self.matches if not match.chosen), None)

    @property
    def frame(self) -> MapFrame | None:
        """Where the image lies on the map."""
        return self.raster.frame

    def to_xarray(self) -> Dataset:
        """The answer as labelled grids, on the pixels of the image.

        Returns:
            ``mask`` ``(y, x)`` bool and ``heatmap`` float32, NaN where there is no data; places as
            in ``SegmentResult.to_xarray``.

        Raises:
            MissingExtraError: xarray is not installed.
        """
        from dgl_rsis.notebook.grids import answer_grid

        return answer_grid(self)

    def save(self, path: str | Path) -> None:
        """Write the answer.

        .png and .json explain it, .gpkg, .geojson, .parquet and .fgb hold the matches.

        Raises:
            OutputError: the suffix is unknown or writing fails.
        """
        from dgl_rsis.outputs import save_refer

        save_refer(self, Path(path))
        _drop_manifest(Path(path))


@dataclass(frozen=True)
class SceneAnswer(Explained):
    """The answer to a sentence about a scene that was not held in memory.

    Attributes:
        matches: ranked, best first; what was not chosen says why.
        query: what was understood.
        shape: height and width of the scene in pixels.
        frame: where it lies on the map.
        notes: constraints that could not be executed, and why; why nothing matched; what reading
            the scene decided.
        steps: the executed program with the scores of every step; None where none was executed.
    """

    matches: tuple[SceneMatch, ...]
    query: Query
    shape: tuple[int, int]
    frame: MapFrame | None
    notes: tuple[str, ...] = ()
    steps: StepReport | None = None

    @property
    def ranking(self) -> Sequence[Match | SceneMatch]:
        """The matches, best first."""
        return self.matches

    @property
    def chosen(self) -> tuple[SceneMatch, ...]:
        """The matches that are the answer."""
        return tuple(match for match in self.matches if match.chosen)

    def save(self, path: str | Path) -> None:
        """Write the answer: .json explains it, .gpkg, .geojson, .parquet and .fgb hold the matches.

        Raises:
            OutputError: the suffix is unknown or writing fails.
        """
        from dgl_rsis.outputs import save_answers

        save_answers([self], Path(path))
        _drop_manifest(Path(path))


def _drop_manifest(path: Path) -> None:
    """Remove the manifest of an earlier run: it tells of a file that is there no more."""
    from dgl_rsis.manifest import manifest_path

    manifest_path(path).unlink(missing_ok=True)


def union_of(matches: Iterable[Match], shape: tuple[int, int]) -> BoolArray:
    """``(H, W)`` bool: all matches that are part of the answer."""
    mask = np.zeros(shape, bool)
    for match in matches:
        if match.chosen:
            x0, y0, x1, y1 = match.box
            mask[y0:y1, x0:x1] |= match.crop
    return mask
