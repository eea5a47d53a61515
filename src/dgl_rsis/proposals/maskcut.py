"""MaskCut: objects by normalised cuts of a backbone's own features (the paper's proposals).

Wang et al. 2023, after Shi & Malik 2000 (docs/design.md 1.1). Cells whose features have a cosine
above ``threshold`` are linked; the second eigenvector of the normalised graph splits it in two; the
side that does not hold the corners, and of it the part around the strongest cell, is an object; its
features are put out and the next round begins.

Two things differ. Masks are refined by majority in superpixels (the leaves of a region tree) and
not by a dense random field. And since three objects for a whole image miss what is small, the
image can be cut into ``tiles x tiles`` overlapping windows, whose masks are merged by
non-maximum suppression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.sparse.linalg import LinearOperator, eigsh

from dgl_rsis.errors import InputError
from dgl_rsis.proposals.base import Features, computed
from dgl_rsis.proposals.filters import non_maximum_suppression
from dgl_rsis.proposals.fitting import fitted, mask_overlap, reduced
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import BoolArray, FloatArray, Raster

UNLINKED = 1e-5  # affinity of cells that are not alike: keeps the graph connected
UNIFORM = 0.01  # eigenvalue below which cells are all alike, or all unlike: nothing to cut
LARGEST_GRID = 48  # cells a side in the eigenproblem


@dataclass(frozen=True)
class Cut:
    """One object in a grid of cells.

    Attributes:
        cells: ``(h, w)`` bool.
        quality: eigenvalue of the cut in -1..1; larger means fewer links were cut.
    """

    cells: BoolArray
    quality: float


def cut_cells(
    features: FloatArray,
    *,
    count: int = 3,
    threshold: float = 0.2,
    smallest: float = 0.01,
    overlap: float = 0.5,
) -> list[Cut]:
    """Objects in one grid of features, in the order they were found.

    Args:
        features: ``(h, w, D)``.
        count: rounds.
        threshold: cosine from which two cells are linked.
        smallest: share of the grid below which an object is dropped.
        overlap: IoU with an earlier object above which an object is dropped.
    """
    height, width = features.shape[:2]
    if height * width < 3:
        return []
    flat = features.reshape(height * width, -1).astype(np.float64)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = flat / np.maximum(length, np.finfo(np.float64).tiny)
    found: list[Cut] = []
    for _ in range(count):
        vector, quality = second_eigenvector(unit, threshold)
        if quality < UNIFORM:
            break
        cells = _object_side(vector.reshape(height, width))
        repeats = any(mask_overlap(cells, earlier.cells) > overlap for earlier in found)
        if repeats or cells.sum() <= smallest * cells.size:
            break  # the features stay the same, and so would the next round
        found.append(Cut(cells, quality))
        unit = np.where(cells.reshape(-1, 1), 0.0, unit)
    return found


def second_eigenvector(
    unit: NDArray[np.float64], threshold: float
) -> tuple[NDArray[np.float64], float]:
    """Solution of the normalised cut of cells.

    Args:
        unit: ``(n, D)`` features of unit length (or zero), n >= 3.
        threshold: cosine from which two cells are linked.

    Returns:
        ``(n,)`` second smallest generalised eigenvector of ``(D - A, D)``, and the eigenvalue
        that belongs to it of the normalised affinity.
    """
    affinity = np.where(unit @ unit.T > threshold, 1.0, UNLINKED).astype(np.float32)
    root = np.sqrt(affinity.sum(axis=1, dtype=np.float64))
    # The first eigenvector of the normalised affinity is known: the root of the degrees.
    first = root / np.linalg.norm(root)

    def times(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        vector = vector.ravel()
        product = affinity @ (vector / root).astype(np.float32) / root
        return np.asarray(product - first * (first @ vector), dtype=np.float64)

    size = len(unit)
    operator = LinearOperator((size, size), matvec=times, dtype=np.float64)
    start = np.cos(np.arange(size) * 2.399963)  # any fixed vector without symmetry
    values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=1e-3, maxiter=20 * size)
    return vectors[:, 0] / root, float(values[0])


def _object_side(vector: NDArray[np.float64]) -> BoolArray:
    """The object of a cut: the side off the corners, connected around its strongest cell."""
    side = vector > vector.mean()
    corners = side[[0, 0, -1, -1], [0, -1, 0, -1]].sum()
    strongest = np.unravel_index(np.argmax(np.abs(vector)), vector.shape)
    if corners >= 3 or not side[strongest]:
        side, vector = ~side, -vector
    seed = np.unravel_index(np.argmax(np.where(side, vector, -np.inf)), vector.shape)
    parts, _ = label(side)
    return np.asarray(side & (parts == parts[seed]))


def maskcut(
    features: FloatArray,
    image_shape: tuple[int, int],
    *,
    count: int = 3,
    threshold: float = 0.2,
    tiles: int = 1,
    tree: RegionTree | None = None,
    agreement: float = 0.5,
    iou: float = 0.5,
) -> MaskSet:
    """Masks of the objects in an image, best cut first.

    Args:
        features: ``(h, w, D)`` float32 over the whole image.
        image_shape: height and width of the image in pixels.
        count: objects in each window at most.
        threshold: cosine from which two cells are linked (``tau`` of the paper on MaskCut).
        tiles: windows a side; 1 takes the whole image. With more, the whole image is cut as well.
        tree: region tree of the image, whose first leaves the masks are fitted to; None leaves
            their borders to bilinear interpolation.
        agreement: a mask goes when its IoU with what refinement made of it is below this.
        iou: of two masks that overlap more, the better cut stays.

    Raises:
        InputError: if the features are not ``(h, w, D)``, or an option is out of range.
    """
    if features.ndim != 3 or 0 in features.shape:
        raise InputError(f"features have shape {features.shape}; pass (h, w, D)")
    if count < 1 or tiles < 1:
        raise InputError(f"maskcut needs count >= 1 and tiles >= 1, got {count} and {tiles}")
    masks, qualities = [], []
    windows = _windows((features.shape[0], features.shape[1]), tiles)
    for y0, x0, y1, x1 in windows:
        part, rows, columns = reduced(features[y0:y1, x0:x1], LARGEST_GRID)
        for cut in cut_cells(part, count=count, threshold=threshold):
            field = np.zeros(features.shape[:2], dtype=np.float32)
            field[y0:y1, x0:x1] = cut.cells[rows][:, columns]
            mask = fitted(field, image_shape, tree, agreement, fill=True)
            if mask is not None:
                masks.append(mask)
                qualities.append(cut.quality)
    found = MaskSet.from_masks(masks, image_shape)
    return found.take(non_maximum_suppression(found, np.asarray(qualities), iou))


def _windows(shape: tuple[int, int], tiles: int) -> list[tuple[int, int, int, int]]:
    """The whole grid, then ``tiles x tiles`` windows that overlap by half their side."""
    whole = (0, 0, shape[0], shape[1])
    if tiles == 1:
        return [whole]
    rows, columns = ([_span(length, tiles, i) for i in range(tiles)] for length in shape)
    return [whole] + [(y0, x0, y1, x1) for y0, y1 in rows for x0, x1 in columns]


def _span(length: int, tiles: int, number: int) -> tuple[int, int]:
    """Cells of window ``number`` along one side."""
    size = min(length, max(1, -(-2 * length // (tiles + 1))))
    start = round(number * (length - size) / (tiles - 1))
    return start, start + size


def propose(raster: Raster, features: Features = None) -> MaskSet:
    """The proposer ``maskcut``: the whole image and 3 x 3 windows, fitted to superpixels.

    Raises:
        InputError: if there are no features.
    """
    values = computed(features)
    if values is None:
        raise InputError(
            "maskcut cuts a backbone's features and got none; load a model or choose another "
            "proposer"
        )
    tree = build_region_tree(raster.rgb, valid=raster.valid, scales=(60.0,))
    return maskcut(values, raster.shape, tiles=3, tree=tree)
