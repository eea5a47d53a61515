"""Global visual-textual alignment: activations across scales (docs/design.md 1.3).

"We propose a Cross-Scale Grad-CAM module to refine Grad-CAM maps using contextual information
from global modifiers." (abstract)

A provider says what a model sees in one window of the image; windows of two scales are put
together here, whatever the provider.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dgl_rsis.config import ActivationSettings, SelectSettings
from dgl_rsis.proposals.summed_area import box_sums
from dgl_rsis.stages.fields import resample
from dgl_rsis.types import FloatArray, Proposals, RGBImage

SIDE = 128  # cells of the longer side of an activation
EPSILON = 1e-6
LEAST_CONTRAST = 1e-5  # deviation over peak; below it a map is flat but for rounding
LEAST_RING = 1e-3  # share of the enlarged box; below it a ring's mean is rounding error


@dataclass(frozen=True)
class Window:
    """A part of the image: half-open pixels."""

    x0: int
    y0: int
    x1: int
    y1: int

    def of(self, image: RGBImage) -> RGBImage:
        """Its pixels."""
        return image[self.y0 : self.y1, self.x0 : self.x1]


Provider: TypeAlias = Callable[[Window], tuple[FloatArray, FloatArray]]
"""``(T, h, w)`` maps >= 0 of T expressions over a window, and ``(T,)`` their probabilities there."""


def windows(shape: tuple[int, int], settings: ActivationSettings) -> list[Window]:
    """The whole image, and overlapping windows at the second scale where they are switched on."""
    height, width = shape
    whole = Window(0, 0, width, height)
    if not settings.cross_scale or min(shape) < 2 * settings.tiles:
        return [whole]
    spans = [_spans(length, settings.tiles, settings.overlap) for length in (height, width)]
    return [whole, *(Window(x0, y0, x1, y1) for y0, y1 in spans[0] for x0, x1 in spans[1])]


def cross_scale_activations(
    shape: tuple[int, int], places: Sequence[Window], provider: Provider
) -> FloatArray:
    """Activation of each expression: the maximum over scales of z-scored maps.

    Each map is weighted by the probability of its expression in that window, so that averaging
    does not dilute small targets and windows without the target stay dark. All expressions share
    the mean and deviation of the first, so that they can be compared.

    A window where the first expression is dark everywhere is skipped, and no deviation counts for
    less than that of the whole image: else faint noise in an empty window would score like a find.

    Args:
        shape: of the image, height and width in pixels.
        places: windows of the image, the whole of it first.
        provider: asked once for each of them.

    Returns:
        ``(T, h, w)`` float32 >= 0, cells of the whole image.
    """
    cells = _grid(shape)
    result = np.zeros((0, *cells), np.float32)
    floor = 0.0
    for number, window in enumerate(places):
        maps, probabilities = provider(window)
        if number == 0:  # the whole image: what little a window shows is measured by it
            result = np.zeros((len(maps), *cells), np.float32)
            floor = float(maps[0].std())
        rows = _cells(window.y0, window.y1, shape[0], cells[0])
        columns = _cells(window.x0, window.x1, shape[1], cells[1])
        size = (rows.stop - rows.start, columns.stop - columns.start)
        for whole, scored in zip(result, _z_scored(maps, probabilities, floor), strict=True):
            part = whole[rows, columns]
            np.maximum(part, resample(scored, size), out=part)
    return result


def enhance(noun: FloatArray, full: FloatArray | None, *, weight: float) -> FloatArray:
    """Global enhancement: ``norm(A(noun) * (1 + w * relu(A(noun + modifiers) - A(noun))))``.

    Args:
        noun: ``(h, w)`` activation of the noun.
        full: ``(h, w)`` activation of the noun with its modifiers; None leaves the noun's.
        weight: lambda of docs/design.md 1.3.

    Returns:
        ``(h, w)`` float32 in [0, 1].
    """
    peak = noun.max() + EPSILON
    result = noun / peak
    if full is not None:
        result = result * (1 + weight * np.maximum(0, full - noun) / peak)
    return np.asarray(result / max(result.max(), EPSILON), np.float32)


def activation_terms(
    heatmap: FloatArray, proposals: Proposals, settings: SelectSettings
) -> FloatArray:
    """How well each proposal explains a heat map, ``(N,)`` float32 in [0, 1].

    A logistic of ``b_in * mean inside - b_out * mean of the enlarged box minus the proposal``,
    with a bonus for holding the peak. The ring is at least one cell wide; a proposal that leaves
    less than ``LEAST_RING`` of its box to the ring has nothing outside.
    """
    if len(proposals) == 0:
        return np.zeros(0, np.float32)
    height, width = proposals.shape
    inside = proposals.pool(heatmap).astype(np.float64)
    rows, columns = heatmap.shape
    scale = np.array([columns / width, rows / height] * 2)
    boxes = proposals.boxes * scale
    sides = boxes[:, 2:] - boxes[:, :2]
    margin = np.maximum(1.0, 0.25 * sides)
    low = np.maximum(0, boxes[:, :2] - margin)
    high = np.minimum([columns, rows], boxes[:, 2:] + margin)
    box_sum = box_sums(heatmap[..., None], np.concatenate([low, high], axis=1))[:, 0]
    box_area = np.prod(high - low, axis=1)
    own_area = proposals.areas * scale[0] * scale[1]
    ring_area = box_area - own_area
    ringed = ring_area > LEAST_RING * box_area
    outside = (box_sum - inside * own_area) / np.where(ringed, ring_area, 1)
    outside = np.where(ringed, np.clip(outside, 0, 1), 0)
    peak_row, peak_column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    x, y = (peak_column + 0.5) / scale[0], (peak_row + 0.5) / scale[1]
    box = proposals.boxes
    holds = heatmap.max() > 0  # a dark map has no peak to hold
    holds = holds & (box[:, 0] <= x) & (x < box[:, 2]) & (box[:, 1] <= y) & (y < box[:, 3])
    score = settings.inside * inside - settings.outside * outside + settings.peak * holds
    return np.asarray(1 / (1 + np.exp(-score)), np.float32)


def _z_scored(maps: FloatArray, probabilities: FloatArray, floor: float) -> FloatArray:
    """Rectified z-scores by the first map, times the probabilities; zero where that is flat."""
    peak, deviation = maps[0].max(), max(float(maps[0].std()), floor)
    if peak <= 0 or deviation <= LEAST_CONTRAST * peak:
        return np.zeros_like(maps)
    scores = np.maximum(0, (maps - maps[0].mean()) / deviation)
    return np.asarray(scores * probabilities[:, None, None], np.float32)


def _grid(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of an activation: ``SIDE`` cells for the longer side, not below a pixel."""
    longest = max(shape)
    side = min(SIDE, longest)
    return max(1, round(side * shape[0] / longest)), max(1, round(side * shape[1] / longest))


def _spans(length: int, count: int, overlap: float) -> list[tuple[int, int]]:
    side = length / (count - (count - 1) * overlap)
    starts = [k * side * (1 - overlap) for k in range(count)]
    return [(int(s), min(length, int(np.ceil(s + side)))) for s in starts]


def _cells(first: int, last: int, length: int, cells: int) -> slice:
    start = int(np.floor(first * cells / length))
    return slice(start, max(start + 1, int(np.ceil(last * cells / length))))
