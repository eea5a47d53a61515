"""What is kept of a tile so that sentences can be answered without the image.

*Things* are regions that may be whole objects: the best nodes of the region tree. A thing belongs
to the tile whose core holds its centre. What reaches beyond everything that the tile sees is cut:
its part in the core is kept, to be joined with the rest that the neighbour has. *Segments* divide
the core finely: land cover that spreads is made of those that speak for it, and so are things that
are no region of their own (a car park with cars).

Outlines, colours and mean features are all that is kept of both.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy import ndimage

from dgl_rsis.geo.windows import Box
from dgl_rsis.prepared import Candidates
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field
from dgl_rsis.scene.finding import SMALLEST_AREA, Found, centre_in
from dgl_rsis.scene.views import Views
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Raster


@dataclass(frozen=True)
class Parts:
    """The parts of a tile: arrays that are stored as they are.

    Attributes:
        areas: ``(N,)`` pixels.
        boxes: ``(N, 4)`` half-open, pixels of the scene.
        centroids: ``(N, 2)`` ``x, y``.
        is_segment: ``(N,)`` bool, else it is a thing.
        is_cut: ``(N,)`` bool: more of it lies beyond what the tile saw.
        objectness: ``(N,)`` float32 in [0, 1].
        colours: ``(N, 3)`` float32 Lab.
        paints: ``(N, 3)`` float32 Lab.
        features: ``(N, R, D)`` float16 of unit length, a row for every reading.
        views: ``(T, V, D)`` float16, of the things only: see ``own_scale.Views``.
        view_weights: ``(T, L)`` float32 of them.
        outlines: ``(B,)`` uint8, well-known binary of all polygons one after the other.
        lengths: ``(N,)`` bytes of each.
        shared: ``(P, 3)`` pairs of parts and the pixels that both cover.
        touching: ``(P, 3)`` pairs of segments and the pixel sides at which they meet.
        edges: ``(P, 3)`` part, side of the core (0 left, 1 top, 2 right, 3 bottom) and position
            along it in pixels of the scene, of every pixel of a segment or of a thing that is cut.
    """

    areas: IntArray
    boxes: IntArray
    centroids: NDArray[np.float64]
    is_segment: BoolArray
    is_cut: BoolArray
    objectness: FloatArray
    colours: FloatArray
    paints: FloatArray
    features: NDArray[np.float16]
    views: NDArray[np.float16]
    view_weights: FloatArray
    outlines: NDArray[np.uint8]
    lengths: IntArray
    shared: IntArray
    touching: IntArray
    edges: IntArray

    def __len__(self) -> int:
        return len(self.areas)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Kept:
    """What a tile keeps, in the frame of what it sees.

    Attributes:
        masks: ``N`` parts, things first.
        looks: ``(T,)`` float32 in [0, 1] of the things.
        is_segment: ``(N,)`` bool.
        is_cut: ``(N,)`` bool: things that go on beyond what was seen.
    """

    masks: MaskSet
    looks: FloatArray
    is_segment: BoolArray
    is_cut: BoolArray

    @property
    def things(self) -> MaskSet:
        """Those that are no segments."""
        return self.masks.take(np.flatnonzero(~self.is_segment))


def kept_of(found: Found, seen: Box, core: Box, scene: Box) -> Kept:
    """What a tile keeps of what was found.

    Args:
        found: in the frame of ``seen``.
        seen: pixels of the scene that the tile sees.
        core: what it answers for.
        scene: all pixels.
    """
    place = Box(*_moved(core, -seen.x0, -seen.y0))
    inner = [
        side > limit if number < 2 else side < limit
        for number, (side, limit) in enumerate(
            zip(vars(seen).values(), vars(scene).values(), strict=True)
        )
    ]
    things = found.things
    limits = np.array([0, 0, seen.shape[1], seen.shape[0]])
    is_cut = ((things.boxes == limits) & np.array(inner)).any(axis=1)
    own = centre_in(things.centroids, place)
    crops: list[BoolArray] = []
    corners: list[tuple[int, int]] = []
    cut: list[bool] = []
    taken: list[int] = []
    known: set[tuple[int, ...]] = set()
    for index, (x0, y0, x1, y1) in enumerate(things.boxes.tolist()):
        crop = things.crop(index)
        if is_cut[index]:
            inside = Box(x0, y0, x1, y1) & place
            if inside.is_empty:
                continue
            crop = crop[inside.within(Box(x0, y0, x1, y1))]
            area = int(crop.sum())
            mark = (*vars(inside).values(), area)
            if area < SMALLEST_AREA or mark in known:  # versions that differ beyond the core only
                continue
            known.add(mark)
            x0, y0 = inside.x0, inside.y0
        elif not own[index]:
            continue
        crops.append(crop)
        corners.append((x0, y0))
        cut.append(bool(is_cut[index]))
        taken.append(index)
    count = len(crops)
    labels = found.segments[place.within(Box(0, 0, seen.shape[1], seen.shape[0]))]
    _, numbers = np.unique(np.append(labels.ravel(), -1), return_inverse=True)
    numbers = numbers[:-1].reshape(labels.shape)  # 0: no data
    for number, slices in enumerate(ndimage.find_objects(numbers), start=1):
        crops.append(numbers[slices] == number)
        corners.append((place.x0 + slices[1].start, place.y0 + slices[0].start))
    is_segment = np.arange(len(crops)) >= count
    masks = MaskSet.from_crops(crops, corners, things.shape)
    is_cut = np.array([*cut, *[False] * (len(crops) - count)], bool)
    return Kept(masks, found.looks[taken], is_segment, is_cut)


def measure(
    raster: Raster, kept: Kept, features: NDArray[np.float16], views: Views, *, seen: Box, core: Box
) -> Parts:
    """Measure the parts of a tile.

    Args:
        raster: what the tile sees.
        kept: its parts.
        features: ``(N, R, D)`` of unit length.
        views: of the things.
        seen: pixels of the scene that the tile sees.
        core: what it answers for.
    """
    masks, is_segment, is_cut = kept.masks, kept.is_segment, kept.is_cut
    measured = Candidates.measure(masks, raster.rgb, colour_field(raster.rgb, raster.valid))
    polygons = [
        shapely.to_wkb(outline(masks.crop(index), x0 + seen.x0, y0 + seen.y0))
        for index, (x0, y0, _, _) in enumerate(masks.boxes.tolist())
    ]
    corner = np.array([seen.x0, seen.y0])
    place = Box(*_moved(core, -seen.x0, -seen.y0))
    edges = _edges(masks, np.flatnonzero(is_segment | is_cut), place)
    edges[:, 2] += np.where(edges[:, 1] % 2 == 0, seen.y0, seen.x0)
    return Parts(
        areas=masks.areas,
        boxes=masks.boxes + np.tile(corner, 2),
        centroids=masks.centroids + corner,
        is_segment=is_segment,
        is_cut=is_cut,
        objectness=np.append(kept.looks, measured.objectness[is_segment]),
        colours=measured.colours,
        paints=measured.paints,
        features=features,
        views=views.features,
        view_weights=views.weights,
        outlines=np.frombuffer(b"".join(polygons), np.uint8),
        lengths=np.array([len(each) for each in polygons], np.int64),
        shared=_shared(masks, np.flatnonzero(~is_segment)),
        touching=_touching(masks, np.flatnonzero(is_segment)),
        edges=edges,
    )


def mean_features(masks: MaskSet, readings: tuple[FloatArray, ...]) -> NDArray[np.float16]:
    """Mean features of masks in every reading.

    Args:
        masks: ``N`` of them.
        readings: ``(h, w, D)`` each, over the whole image of the masks.

    Returns:
        ``(N, R, D)`` float16 of unit length.
    """
    means = np.stack([masks.pool(reading) for reading in readings], axis=1)
    means /= np.linalg.norm(means, axis=-1, keepdims=True) + 1e-6
    return means.astype(np.float16)


def outline(crop: BoolArray, x0: int, y0: int) -> shapely.Geometry:
    """The polygon of a mask along the edges of its pixels.

    Args:
        crop: ``(h, w)`` bool with at least one pixel.
        x0: column of its upper left pixel.
        y0: row of it.
    """
    found = shapes(
        crop.astype(np.uint8), mask=crop, connectivity=4, transform=Affine.translation(x0, y0)
    )
    rings = [shapely.geometry.shape(each) for each, _ in found]
    polygon = rings[0] if len(rings) == 1 else shapely.MultiPolygon(rings)
    return polygon if shapely.is_valid(polygon) else shapely.make_valid(polygon)


def _moved(box: Box, across: int, down: int) -> tuple[int, int, int, int]:
    return box.x0 + across, box.y0 + down, box.x1 + across, box.y1 + down


def _shared(masks: MaskSet, things: IntArray) -> IntArray:
    """``(P, 3)`` pairs of a thing and another part, and the pixels that both cover."""
    overlaps = Overlaps(masks)
    rows = [np.zeros((0, 3), np.int64)]
    for index in things.tolist():
        common = overlaps.intersections(index)
        others = np.flatnonzero(common)
        others = others[others > index]  # things come first: every pair is met once
        rows.append(np.stack([np.full(len(others), index), others, common[others]], axis=1))
    return np.concatenate(rows)


def _touching(masks: MaskSet, segments: IntArray) -> IntArray:
    """``(P, 3)`` pairs of segments and the pixel sides at which they meet."""
    if not len(segments):
        return np.zeros((0, 3), np.int64)
    labels = np.full(masks.shape, -1, np.int64)
    for index in segments.tolist():
        x0, y0, x1, y1 = masks.boxes[index].tolist()
        labels[y0:y1, x0:x1][masks.crop(index)] = index
    first = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()])
    second = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()])
    meets = (first != second) & (first >= 0) & (second >= 0)
    low, high = np.minimum(first[meets], second[meets]), np.maximum(first[meets], second[meets])
    pairs, counts = np.unique(low * len(masks) + high, return_counts=True)
    return np.stack([pairs // len(masks), pairs % len(masks), counts], axis=1)


def _edges(masks: MaskSet, parts: IntArray, core: Box) -> IntArray:
    """``(P, 3)`` part, side and position of the pixels of parts along the sides of a core."""
    rows = [np.zeros((0, 3), np.int64)]
    for index in parts.tolist():
        x0, y0, x1, y1 = masks.boxes[index].tolist()
        crop = masks.crop(index)
        sides = (
            (x0 == core.x0, crop[:, 0], y0),
            (y0 == core.y0, crop[0], x0),
            (x1 == core.x1, crop[:, -1], y0),
            (y1 == core.y1, crop[-1], x0),
        )
        for side, (is_there, line, start) in enumerate(sides):
            if is_there:
                at = np.flatnonzero(line)
                rows.append(
                    np.stack([np.full(len(at), index), np.full(len(at), side), at + start], axis=1)
                )
    return np.concatenate(rows)
