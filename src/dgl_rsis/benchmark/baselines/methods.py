"""What a baseline is: a function for class maps, a pair of functions for sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, RGBImage

Prepared = TypeVar("Prepared")


class MapMethod(Protocol):
    """Open-vocabulary semantic segmentation (OVSS) by another method."""

    def __call__(
        self,
        model: Model,
        image: RGBImage,
        words: Sequence[str],
        background: int | None = None,
        *,
        threshold: float = 0.0,
    ) -> NDArray[np.int16]:
        """Label every pixel.

        Args:
            model: its backbone, proposals and device.
            image: ``(H, W, 3)`` uint8.
            words: one entry for each class, several names separated by commas.
            background: index of the class for everything else, whose word competes as well; None
                where there is none.
            threshold: probability in [0, 1] below which a pixel is background, where there is one.

        Returns:
            ``(H, W)`` int16, index into ``words``; -1 where the method assigns no class.

        Raises:
            InputError: the model lacks what the method needs, or the words cannot be used.
        """


@dataclass(frozen=True)
class ReferMethod(Generic[Prepared]):
    """Referring expression segmentation (RES) by another method.

    Attributes:
        prepare: model, image ``(H, W, 3)`` uint8 and its ``N`` proposals to what all sentences
            about the image share. Raises ``InputError`` where the model lacks something.
        answer: that and a sentence to the mask ``(H, W)`` bool; nothing where there are no
            proposals. Raises ``TextError`` where the sentence has no words.
    """

    prepare: Callable[[Model, RGBImage, MaskSet], Prepared]
    answer: Callable[[Prepared, str], BoolArray]


def best_mask(proposals: MaskSet, scores: FloatArray) -> BoolArray:
    """``(H, W)`` bool: the proposal with the largest of ``(N,)`` scores; nothing without any."""
    if len(proposals) == 0:
        return np.zeros(proposals.shape, bool)
    return proposals.mask(int(scores.argmax()))


def stretched(field: FloatArray) -> FloatArray:
    """Minimum to 0, maximum to 1; a flat field is 0 everywhere."""
    low, high = float(field.min()), float(field.max())
    if high <= low:
        return np.zeros_like(field)
    return np.asarray((field - low) / (high - low), np.float32)
