"""A backbone that several ways of one run share: what it said about an image is kept for all.

Ways of one run mostly ask the same of an image: dense features at the same scales, activations of
the same windows. The answers are kept until the next image comes, and texts for the whole run.
What a kept answer took when it was made counts towards the time of everybody who takes it, so that
seconds are those of a way that runs alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TypeAlias, TypeVar

import numpy as np

from dgl_rsis.models.base import (
    Activator,
    Backbone,
    ModelCard,
    RegionReader,
    activator_of,
    dense_bias_of,
    region_reader_of,
)
from dgl_rsis.pipeline import Model
from dgl_rsis.types import FloatArray, Proposals, RGBImage

Answer = TypeVar("Answer")
Digest: TypeAlias = tuple[tuple[int, ...], bytes]
Kept: TypeAlias = dict[Digest, tuple[Answer, float]]
"""Answers about pictures, and the seconds that each took."""


class SharedBackbone:
    """Asks a backbone once for each thing.

    Attributes:
        backbone: that is asked.
        saved: seconds that kept answers have saved so far.
    """

    def __init__(self, backbone: Backbone) -> None:
        """Keep nothing yet."""
        self.backbone = backbone
        self.saved = 0.0
        self._dense: Kept[FloatArray] = {}
        self._activators: Kept[Activator] = {}
        self._region_readers: Kept[RegionReader] = {}
        self._texts: dict[str, FloatArray] = {}

    def forget(self) -> None:
        """Drop what was said about images."""
        self._dense.clear()
        self._activators.clear()
        self._region_readers.clear()

    @property
    def card(self) -> ModelCard:
        """That of the backbone, as all properties."""
        return self.backbone.card

    @property
    def dim(self) -> int:
        """Dimensions of the joint space."""
        return self.backbone.dim

    @property
    def input_size(self) -> int:
        """Side in pixels of the square that images are squeezed to."""
        return self.backbone.input_size

    @property
    def cell(self) -> int:
        """Side in pixels of a cell of dense features."""
        return self.backbone.cell

    @property
    def logit_scale(self) -> float:
        """Inverse temperature of image embeddings."""
        return self.backbone.logit_scale

    @property
    def dense_logit_scale(self) -> float:
        """Inverse temperature of dense features."""
        return self.backbone.dense_logit_scale

    @property
    def region_logit_scale(self) -> float:
        """Inverse temperature of mask-guided features."""
        return self.backbone.region_logit_scale

    @property
    def dense_bias(self) -> float:
        """Share of the image's own similarity to take off dense features."""
        return dense_bias_of(self.backbone)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts; each text once in a run."""
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        if new:
            self._texts |= zip(new, self.backbone.encode_texts(new), strict=True)
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        return np.stack([self._texts[text] for text in texts])

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """Embed whole images; nothing is kept, crops differ between ways."""
        return self.backbone.encode_images(images)

    def dense(self, image: RGBImage) -> FloatArray:
        """Dense features, computed once for the same pixels."""
        return self._once(self._dense, image, self.backbone.dense)

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Mask-guided embeddings, of an image that is read once."""
        return self.region_reader(image)(proposals)

    def region_reader(self, image: RGBImage) -> RegionReader:
        """What mask-guided embeddings need beside the masks, computed once for the same pixels."""
        return self._once(self._region_readers, image, partial(region_reader_of, self.backbone))

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Grad-CAM of target texts, from pixels that are read once."""
        return self.activator(image)(texts, targets)

    def activator(self, image: RGBImage) -> Activator:
        """What activations need beside the words, computed once for the same pixels."""
        return self._once(self._activators, image, partial(activator_of, self.backbone))

    def _once(
        self, kept: Kept[Answer], image: RGBImage, make: Callable[[RGBImage], Answer]
    ) -> Answer:
        key = _digest(image)
        if key in kept:
            answer, seconds = kept[key]
            self.saved += seconds
            return answer
        start = time.perf_counter()
        answer = make(image)
        kept[key] = (answer, time.perf_counter() - start)
        return answer


def _digest(image: RGBImage) -> Digest:
    return image.shape, blake2b(image.tobytes(), digest_size=16).digest()


def unshared(model: Model) -> Model:
    """The model over its backbone itself, for ways that look into the network."""
    if isinstance(model.backbone, SharedBackbone):
        return replace(model, backbone=model.backbone.backbone)
    return model
