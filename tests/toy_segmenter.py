"""Networks of proposers that see areas of one colour, for tests without weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from dgl_rsis.types import BoolArray, FloatArray, RGBImage


class ToyImage:
    """Answers with the connected area of one colour at each point or in each box.

    Of three masks at a point the first is good; the second hardly survives a higher cut; the
    third has a low predicted IoU.
    """

    def __init__(self, image: RGBImage, asked: list[int]) -> None:
        self.image = image
        self.asked = asked
        self.parts: dict[bytes, NDArray[np.int32]] = {}

    def area(self, x: float, y: float) -> BoolArray:
        colour = self.image[int(y), int(x)].tobytes()
        if colour not in self.parts:
            same = (self.image == self.image[int(y), int(x)]).all(axis=-1)
            self.parts[colour] = label(same)[0]
        parts = self.parts[colour]
        return np.asarray(parts == parts[int(y), int(x)])

    def at_points(self, points: NDArray[np.float64]) -> Iterator[tuple[FloatArray, FloatArray]]:
        for start in range(0, len(points), 5):
            part = points[start : start + 5]
            self.asked.append(len(part))
            logits = []
            for x, y in part:
                area = self.area(x, y)
                ring = binary_dilation(area, iterations=3) & ~area
                shaky = np.where(area, 4.0, np.where(ring, 0.5, -4.0))
                logits.append([np.where(area, 4.0, -4.0), shaky, np.where(area, 4.0, -4.0)])
            yield (
                np.array(logits, np.float32),
                np.tile(np.float32([0.95, 0.95, 0.3]), (len(part), 1)),
            )

    def in_boxes(self, boxes: NDArray[np.float64]) -> Iterator[tuple[FloatArray, FloatArray]]:
        for x0, y0, x1, y1 in boxes:
            area = self.area((x0 + x1) / 2, (y0 + y1) / 2)
            yield np.where(area, 4.0, -4.0)[None, None].astype(np.float32), np.ones((1, 1))

    def at_full_size(self, logits: FloatArray) -> FloatArray:
        return logits


class ToySegmenter:
    """A promptable segmenter; counts what it was shown."""

    predicted_iou = 0.9

    def __init__(self, input_side: int = 64) -> None:
        self.input_side = input_side
        self.seen: list[tuple[int, int]] = []
        self.asked: list[int] = []

    def embed(self, image: RGBImage) -> ToyImage:
        self.seen.append(image.shape[:2])
        return ToyImage(image, self.asked)


class ToyDetector:
    """Finds areas by the names of their colours; what it finds last it is least sure of."""

    def __init__(self) -> None:
        self.colours = {"roof": (200, 30, 30), "pool": (20, 40, 210)}
        self.nouns: list[str] = []

    def embed(
        self, image: RGBImage
    ) -> Callable[[str, float], tuple[Sequence[BoolArray], FloatArray]]:
        def instances(noun: str, least: float) -> tuple[Sequence[BoolArray], FloatArray]:
            self.nouns.append(noun)
            parts, count = label((image == self.colours.get(noun, (1, 2, 3))).all(axis=-1))
            scores = np.float32(0.9) - 0.1 * np.arange(count, dtype=np.float32)
            kept = np.flatnonzero(scores >= least)
            return [parts == number + 1 for number in kept], scores[kept]

        return instances
