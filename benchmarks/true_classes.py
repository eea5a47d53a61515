"""A backbone that sees the true kinds of a rendered scene: what the other stages lose by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dgl_rsis.models.base import ModelCard
from dgl_rsis.render import KINDS, RenderedScene
from dgl_rsis.stages.fields import resample
from dgl_rsis.types import FloatArray, Proposals, RGBImage

CARD = ModelCard("true classes", "1", "Apache-2.0", "rendered truth")
CELL = 4  # pixels
SURE = 20.0  # inverse temperature
WORDS = sorted(
    ((word, number) for number, kind in enumerate(KINDS) for word in (kind.name, *kind.synonyms)),
    key=lambda pair: -len(pair[0]),
)


@dataclass(frozen=True)
class TrueClasses:
    """Features are shares of the true kinds; words are the kind that they name.

    Attributes:
        scene: whose truth is seen, whatever image is passed.
    """

    scene: RenderedScene
    card: ModelCard = CARD
    dim: int = len(KINDS) + 1
    input_size: int = 144
    cell: int = 1
    logit_scale: float = SURE
    dense_logit_scale: float = SURE
    region_logit_scale: float = SURE

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """One axis per kind, and one for all words that name none."""
        axes = [next((n for word, n in WORDS if word in text), len(KINDS)) for text in texts]
        return np.eye(self.dim, dtype=np.float32)[axes]

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """The shares of the whole scene, for every image."""
        shares = np.bincount(self.scene.class_map.ravel(), minlength=self.dim)
        return np.repeat(_unit(shares.astype(np.float32))[None], len(images), axis=0)

    def dense(self, image: RGBImage) -> FloatArray:
        """Shares of the kinds in cells of four pixels of the image."""
        shape = (-(-image.shape[0] // CELL), -(-image.shape[1] // CELL))
        truth = np.eye(self.dim, dtype=np.float32)[self.scene.class_map]
        return _unit(resample(truth, shape))

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Shares of the kinds inside masks."""
        return _unit(proposals.pool(self.dense(image)))

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """The share of every target, which is what a perfect map would show."""
        maps = np.moveaxis(self.dense(image) @ texts[list(targets)].T, -1, 0)
        return np.ascontiguousarray(maps), maps.reshape(len(maps), -1).max(-1)


def _unit(values: FloatArray) -> FloatArray:
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.maximum(length, 1e-6), np.float32)
