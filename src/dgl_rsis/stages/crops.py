"""Context-aware crops of proposals (docs/design.md 1.2).

"... a novel context-aware cropping strategy for extracting image patches with proper boundaries"
(abstract)

A crop is a square around a proposal whose surroundings are attenuated but not erased. It is a
function of its *frame*: the square, and the proposal on a grid of ``GRID`` cells a side. Proposals
of one object that differ by a few pixels have the same frame, and so the same crop, which is made
and embedded once for all sentences about the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageFilter

from dgl_rsis.config import LocalSettings
from dgl_rsis.models.base import Backbone
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Proposals, RGBImage

GRID = 32  # cells a side that the outline of a proposal is told on
BATCH_PIXELS = 1 << 24  # of crops that exist at once: 48 MiB
REMEMBERED = 4096  # embeddings: 16 MiB at 1,024 dimensions


@dataclass(frozen=True)
class Frame:
    """What a crop depends on beside the image.

    Attributes:
        left: first column of the square.
        top: first row.
        side: pixels a side; where the image is smaller, its border is repeated.
        cells: ``GRID x GRID`` bits, or one per pixel of a smaller square: where the proposal is.
    """

    left: int
    top: int
    side: int
    cells: bytes


def crop_side(length: int, settings: LocalSettings) -> int:
    """Side in pixels of the square around an object whose longer side is ``length``."""
    share = min(1.0, settings.crop_minimum / length)
    context = settings.crop_context + share * (settings.crop_context_small - settings.crop_context)
    return max(settings.crop_minimum, int(np.ceil(length * context)))


def frame_of(proposals: Proposals, index: int, settings: LocalSettings) -> Frame:
    """The frame of a proposal's crop.

    The side is the object's longer side times a context factor that grows as objects shrink, at
    least a minimum number of pixels. A square that would leave the image is shifted inside.
    """
    x0, y0, x1, y1 = (int(v) for v in proposals.boxes[index])
    side = crop_side(max(x1 - x0, y1 - y0), settings)
    height, width = proposals.shape
    left, top = _first((x0 + x1) / 2, side, width), _first((y0 + y1) / 2, side, height)
    inside = proposals.crop(index)
    rows, columns = _cells(np.arange(y0, y1) - top, side), _cells(np.arange(x0, x1) - left, side)
    # a cell that the object touches belongs to it
    for axis, each in enumerate((rows, columns)):
        inside = np.logical_or.reduceat(inside, np.flatnonzero(np.diff(each, prepend=-1)), axis)
    cells = np.zeros((min(side, GRID),) * 2, bool)
    cells[np.ix_(np.unique(rows), np.unique(columns))] = inside
    return Frame(left, top, side, np.packbits(cells).tobytes())


def context_crop(
    image: RGBImage, frame: Frame, settings: LocalSettings, *, largest: int | None = None
) -> RGBImage:
    """A square around a proposal, its surroundings attenuated but not erased.

    Args:
        image: ``(H, W, 3)`` uint8.
        frame: of the crop, in the pixel frame of the image.
        settings: how much the surroundings are attenuated.
        largest: squares of more pixels a side are shrunk to it before anything else.

    Returns:
        ``(side, side, 3)`` uint8.
    """
    part = image[frame.top : frame.top + frame.side, frame.left : frame.left + frame.side]
    side = frame.side
    if largest is not None and side > largest:
        size = tuple(max(1, round(length * largest / side)) for length in part.shape[1::-1])
        part = np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
        side = largest
    part = attenuate(part, _outline(frame, part.shape[:2], side), settings.crop_attenuation)
    padding = ((0, side - part.shape[0]), (0, side - part.shape[1]), (0, 0))
    return np.pad(part, padding, mode="edge")


def attenuate(part: RGBImage, inside: BoolArray, strength: float) -> RGBImage:
    """Blend pixels outside the mask with a blurred copy by ``strength`` in [0, 1]."""
    if strength == 0 or inside.all():
        return part
    blurred = Image.fromarray(part).filter(ImageFilter.GaussianBlur(max(2, len(part) / 16)))
    weight = np.where(inside, 0.0, strength)[..., None]
    return np.asarray(part * (1 - weight) + np.asarray(blurred) * weight, np.uint8)


@dataclass(frozen=True, eq=False)
class CropEncoder:
    """Embeds crops of one image in batches, each of them once.

    Attributes:
        image: ``(H, W, 3)`` uint8.
        backbone: embeds crops.
        settings: of crops.
    """

    image: RGBImage
    backbone: Backbone
    settings: LocalSettings
    _known: dict[Frame, FloatArray] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, proposals: Proposals, indices: Sequence[int]) -> FloatArray:
        """Embeddings ``(len(indices), D)`` of unit length of the crops of some proposals.

        Args:
            proposals: of the image.
            indices: of proposals.
        """
        frames = [frame_of(proposals, index, self.settings) for index in indices]
        found = {frame: self._known[frame] for frame in frames if frame in self._known}
        missing = [frame for frame in dict.fromkeys(frames) if frame not in found]
        largest = 2 * self.backbone.input_size
        count = max(1, BATCH_PIXELS // largest**2)
        for start in range(0, len(missing), count):
            batch = missing[start : start + count]
            crops = [
                context_crop(self.image, frame, self.settings, largest=largest) for frame in batch
            ]
            found |= zip(batch, self.backbone.encode_images(crops), strict=True)
        for frame, embedding in found.items():  # the latest at the end, the oldest are forgotten
            self._known.pop(frame, None)
            self._known[frame] = embedding
        for frame in list(self._known)[: max(0, len(self._known) - REMEMBERED)]:
            del self._known[frame]
        if not frames:
            return np.zeros((0, self.backbone.dim), np.float32)
        return np.stack([found[frame] for frame in frames])


def _first(centre: float, side: int, length: int) -> int:
    """First pixel of a square of ``side``, shifted into ``length`` pixels."""
    return int(np.clip(round(centre - min(side, length) / 2), 0, max(0, length - side)))


def _cells(pixels: IntArray, side: int) -> IntArray:
    """Cell of each pixel of a square of ``side``."""
    return pixels * min(side, GRID) // side


def _outline(frame: Frame, shape: tuple[int, ...], side: int) -> BoolArray:
    """``shape`` bool: the proposal in a part that starts where a square of ``side`` does."""
    count = min(frame.side, GRID)
    bits = np.unpackbits(np.frombuffer(frame.cells, np.uint8), count=count * count)
    rows, columns = (np.arange(length) * count // side for length in shape)
    return bits.reshape(count, count).astype(bool)[rows[:, None], columns]
