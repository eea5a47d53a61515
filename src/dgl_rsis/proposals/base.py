"""What a proposer is, the table of them, and what networks look like to those that ask one.

A proposer turns an image into class-agnostic proposals (``types.Proposals``, docs/design.md 1.1).
To add one: write a file with a function ``propose(raster, features)`` and add its line to
``PROPOSERS`` and its name to ``config.PROPOSERS``. Files are imported when their proposer is asked
for. Promptable segmenters and detectors are networks of ``models``, behind the protocols below;
``proposing.py`` brings both together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

from numpy.typing import NDArray

from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray, FloatArray, Proposals, Raster, RGBImage

Features: TypeAlias = FloatArray | Callable[[], FloatArray] | None

PROPOSERS = {
    "tree": "dgl_rsis.proposals.tree",
    "flat": "dgl_rsis.proposals.flat",
    "maskcut": "dgl_rsis.proposals.maskcut",
    "hierarchy": "dgl_rsis.proposals.hierarchy",
}


class Proposer(Protocol):
    """Finds proposals in one image."""

    def __call__(self, raster: Raster, features: Features = None) -> Proposals:
        """Propose.

        Args:
            raster: the image.
            features: dense features ``(h, w, D)`` over the whole image, or a function that
                computes them if they are needed; None when there is no backbone.
        """


def proposer(name: str) -> Proposer:
    """The proposer of that name.

    Raises:
        InputError: if there is none.
    """
    if name not in PROPOSERS:
        raise InputError(f"no proposer is called {name!r}; choose one of {', '.join(PROPOSERS)}")
    return cast(Proposer, import_module(PROPOSERS[name]).propose)


def computed(features: Features) -> FloatArray | None:
    """The features themselves, computed now if they were given as a function."""
    return features() if callable(features) else features


class EmbeddedImage(Protocol):
    """An image that a promptable segmenter has seen and can be asked about.

    Answers come in batches of prompts, in their order: logits ``(B, M, h, w)`` float32 of ``M``
    masks for every prompt, positive inside, and the IoU ``(B, M)`` that the network predicts.
    """

    def at_points(self, points: NDArray[Any]) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Masks of what lies at each point, ``(P, 2)`` ``x, y`` in the pixel frame."""

    def in_boxes(self, boxes: NDArray[Any]) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Masks of what fills each box, ``(P, 4)`` ``x0, y0, x1, y1`` in the pixel frame."""

    def at_full_size(self, logits: FloatArray) -> FloatArray:
        """Logits ``(K, h, w)`` at the size of the image, ``(K, H, W)``."""


class Segmenter(Protocol):
    """A network that turns points and boxes into masks."""

    @property
    def input_side(self) -> int:
        """Side in pixels of the square that the network sees."""

    @property
    def predicted_iou(self) -> float:
        """Predicted IoU from which its masks are good."""

    def embed(self, image: RGBImage) -> EmbeddedImage:
        """Look at an image ``(H, W, 3)`` of any size, once for all prompts."""


class Detector(Protocol):
    """A network that finds the instances of a noun."""

    def embed(
        self, image: RGBImage
    ) -> Callable[[str, float], tuple[Sequence[BoolArray], FloatArray]]:
        """Look at an image ``(H, W, 3)`` of any size, once for all nouns.

        Returns:
            A function of a noun and the least score that gives masks ``(H, W)`` and their scores
            ``(K,)`` in [0, 1], the surest first.
        """
