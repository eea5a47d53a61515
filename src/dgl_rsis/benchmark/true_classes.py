"""A backbone that sees the true classes of an image: what all other stages lose by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from dgl_rsis.benchmark.datasets.samples import ClassMap
from dgl_rsis.models.base import ModelCard
from dgl_rsis.stages.fields import resample
from dgl_rsis.text.knowledge import normalise_name
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.types import FloatArray, Proposals, RGBImage

CARD = ModelCard("true classes", "1", "Apache-2.0", "the truth of a data set")
SURE = 20.0  # inverse temperature


@dataclass(frozen=True)
class TrueClasses:
    """Features are shares of the true classes; words are the classes that they name.

    A word that names several (*vehicle*: cars and ships) is all of them, and one that names none is
    what has no class. Pictures are taken for the whole image, at whatever size.

    Attributes:
        truth: the classes of the image.
    """

    truth: ClassMap
    card: ModelCard = CARD
    input_size: int = 144
    cell: int = 4
    logit_scale: float = SURE
    dense_logit_scale: float = SURE
    region_logit_scale: float = SURE

    @property
    def dim(self) -> int:
        """One axis for each class, and one for none."""
        return len(self.truth.names) + 1

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """The axes of the classes that each text names."""
        features = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(features, texts, strict=True):
            row[list(named_classes(text, self.truth.names)) or [-1]] = 1
        return _unit(features)

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """The shares of the whole image, for every picture."""
        shares = self._shares((1, 1)).reshape(1, self.dim)
        return np.repeat(_unit(shares), len(images), axis=0)

    def dense(self, image: RGBImage) -> FloatArray:
        """Shares of the classes in cells of the picture."""
        return _unit(
            self._shares((-(-image.shape[0] // self.cell), -(-image.shape[1] // self.cell)))
        )

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Shares of the classes inside masks."""
        return _unit(proposals.pool(self._one_hot()))

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """The share of every target, which is what a perfect map would show."""
        maps = np.moveaxis(self.dense(image) @ texts[list(targets)].T, -1, 0)
        return np.ascontiguousarray(maps), maps.reshape(len(maps), -1).max(-1)

    def _shares(self, shape: tuple[int, int]) -> FloatArray:
        return resample(self._one_hot(), shape)

    def _one_hot(self) -> FloatArray:
        return np.eye(self.dim, dtype=np.float32)[self.truth.labels]  # -1 is the last axis


@cache
def named_classes(text: str, names: tuple[str, ...]) -> tuple[int, ...]:
    """Classes that a text names by its longest words that name any; no *car* is in a *car park*.

    Args:
        text: a noun, or a prompt around one.
        names: of the classes.
    """
    words = normalise_name(text).replace(",", " ").split()
    classes = [normalise_name(name) for name in names]
    lexicon = default_lexicon()
    others: set[int] = set()  # places of words that belong to nouns of no class
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            places, noun = range(start, start + length), " ".join(words[start : start + length])
            if not others.isdisjoint(places):
                continue
            if noun in classes:
                return (classes.index(noun),)
            if noun not in lexicon.noun_forms:
                continue
            found = tuple(i for i, each in enumerate(classes) if lexicon.overlap(each, noun))
            if found:
                return found
            others.update(places)
    return ()


def _unit(values: FloatArray) -> FloatArray:
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.maximum(length, 1e-6), np.float32)
