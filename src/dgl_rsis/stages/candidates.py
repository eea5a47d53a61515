"""The table of scored candidates that a program is executed over, and its instances.

docs/design.md 1.4: ``Select`` yields instances (non-nested, non-duplicate proposals with a
probability near the best, across all trees) before anything is ranked or counted, else *the
largest building* is the root of the region tree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from dgl_rsis.config import ProgramSettings
from dgl_rsis.stages.shapes import Shapes, measure_masks
from dgl_rsis.types import BoolArray, FloatArray, IntArray, MapFrame

SLIVER = 1.2  # pixels; smoothing leaves such rims between a thing and its surroundings


@dataclass(frozen=True)
class CandidateTable:
    """All candidates of one image with everything that a program may ask for.

    Attributes:
        shape: height and width of the image in pixels.
        areas: ``(N,)`` pixels.
        boxes: ``(N, 4)`` half-open ``x0, y0, x1, y1`` in the pixel frame.
        centroids: ``(N, 2)`` ``x, y`` in the pixel frame.
        crop: index -> ``(y1 - y0, x1 - x0)`` bool, the candidate inside its box.
        probabilities: noun -> ``(N,)`` float32 in [0, 1].
        objectness: ``(N,)`` float32 in [0, 1], how much a candidate is one whole thing; None
            counts every candidate the same.
        colours: ``(N, 3)`` mean or median Lab; None when colours were not measured.
        frame: where the image lies on the map.
        instances: noun -> indices that are whole things of that kind; a noun that is missing is
            looked for by probability alone.
        are_instances: the candidates were given as instances (boxes, polygons, a detector):
            nothing is suppressed.
    """

    shape: tuple[int, int]
    areas: IntArray
    boxes: IntArray
    centroids: NDArray[np.float64]
    crop: Callable[[int], BoolArray]
    probabilities: Mapping[str, FloatArray]
    objectness: FloatArray | None = None
    colours: FloatArray | None = None
    frame: MapFrame | None = None
    instances: Mapping[str, IntArray] = field(default_factory=dict)
    are_instances: bool = False
    _crops: dict[int, BoolArray] = field(default_factory=dict, repr=False, compare=False)
    _outlines: dict[int, IntArray] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.areas)

    def mask_of(self, index: int) -> BoolArray:
        """``crop(index)``, kept for the next question."""
        if index not in self._crops:
            self._crops[index] = self.crop(index)
        return self._crops[index]

    def shapes_of(self, indices: IntArray) -> Shapes:
        """Shapes of candidates in pixels, measured when first asked for."""
        unknown = indices[np.isnan(self._measured[0, indices])]
        if len(unknown):
            masks = [self.mask_of(index) for index in unknown.tolist()]
            self._measured[:, unknown] = measure_masks(masks).columns
        return Shapes(*self._measured[:, indices])

    @cached_property
    def _measured(self) -> NDArray[np.float64]:
        """``(5, N)`` columns of ``Shapes``, NaN where nobody asked yet."""
        return np.full((5, len(self)), np.nan)

    def outline_of(self, index: int) -> IntArray:
        """``(n, 2)`` column and row of the pixels at the border of a candidate, by rows."""
        if index not in self._outlines:
            mask = self.mask_of(index)
            rows, columns = np.nonzero(mask & ~binary_erosion(mask))
            self._outlines[index] = np.stack([columns, rows], axis=1) + self.boxes[index, :2]
        return self._outlines[index]

    @cached_property
    def fill_boxes(self) -> BoolArray:
        """``(N,)`` candidates without an outline of their own."""
        filled: BoolArray = self.areas == np.prod(self.boxes[:, 2:] - self.boxes[:, :2], axis=1)
        return filled

    @property
    def typical_lengths(self) -> NDArray[np.float64]:
        """``(N,)`` mean of box width and height, in pixels."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        lengths: NDArray[np.float64] = sides.mean(axis=1)
        return lengths

    @property
    def slivers(self) -> BoolArray:
        """``(N,)`` rims of other things: less than ``SLIVER`` pixels wide on average."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        slim: BoolArray = self.areas < SLIVER * np.hypot(sides[:, 0], sides[:, 1])
        return slim


def find_instances(
    table: CandidateTable,
    probability: FloatArray,
    settings: ProgramSettings,
    *,
    among: IntArray | None = None,
) -> IntArray:
    """Instances of one noun, best first.

    Greedy by probability x objectness: a candidate that lies mostly inside one that was taken,
    or that swallows one, is another version of it. With equal scores the larger one is taken
    first, as a part is as probable as the whole.

    Args:
        table: the candidates.
        probability: ``(N,)`` in [0, 1] of the noun.
        settings: limits.
        among: instances that are known already; None looks for them.

    Returns:
        ``(K,)`` indices into the table; empty when no probability reaches the floor.
    """
    if not len(table):
        return np.empty(0, dtype=np.int64)
    if among is not None:
        return _near_best(table, probability, among, settings)
    enough = max(
        settings.lowest_probability, settings.relative_probability * float(probability.max())
    )
    plausible = probability >= enough
    if not table.are_instances and (plausible & ~table.slivers).any():
        plausible &= ~table.slivers
    objectness = np.ones(len(table)) if table.objectness is None else table.objectness
    score = np.where(plausible, probability * objectness, 0.0)
    live = plausible & (score >= settings.relative_score * score.max())
    order: IntArray = np.lexsort((-table.areas, -np.round(score, 3))).astype(np.int64)
    order = order[live[order]]
    if table.are_instances:
        return order
    return _suppress(table, order[: settings.most_candidates], settings)


def _near_best(
    table: CandidateTable, probability: FloatArray, among: IntArray, settings: ProgramSettings
) -> IntArray:
    """Instances that were found before, as far as they are plausible; the surest first.

    Where some are probable enough to be an answer, those that are not count in no rank either:
    *the second ship from the left* is not counted from a wave.
    """
    own = probability[among]
    best = float(own.max(initial=0))
    enough = max(settings.lowest_probability, settings.relative_known * best)
    if best >= settings.least_anchor:
        enough = max(enough, settings.least_anchor)
    plausible = own >= enough
    slim = table.slivers[among]
    if not table.are_instances and (plausible & ~slim).any():
        plausible &= ~slim
    order = np.argsort(-own, kind="stable")
    found: IntArray = among[order[plausible[order]]]
    return found


def _suppress(table: CandidateTable, order: IntArray, settings: ProgramSettings) -> IntArray:
    """Keep candidates that neither lie in an earlier one nor contain one."""
    owner = np.zeros(table.shape, dtype=np.int32)  # 0: free, k: k-th instance
    chosen: list[int] = []
    for index in order.tolist():
        if len(chosen) == settings.most_instances:
            break
        if chosen and _same_box(table.boxes[index], table.boxes[chosen]):
            continue
        x0, y0, x1, y1 = table.boxes[index]
        crop = table.crop(index)
        inside = owner[y0:y1, x0:x1][crop]
        shared = np.bincount(inside, minlength=len(chosen) + 1)[1:]
        if chosen:
            smaller = np.minimum(table.areas[chosen], table.areas[index])
            taken = shared.sum() / table.areas[index]
            if (
                taken > settings.largest_overlap
                or (shared / smaller > settings.largest_overlap).any()
            ):
                continue
        chosen.append(index)
        owner[y0:y1, x0:x1][crop & (owner[y0:y1, x0:x1] == 0)] = len(chosen)
    return np.array(chosen, dtype=np.int64)


def _same_box(box: IntArray, others: IntArray) -> bool:
    """Whether a box nearly equals one of the others: a cheap test before masks are compared."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - common
    return bool((common > 0.75 * union).any())
