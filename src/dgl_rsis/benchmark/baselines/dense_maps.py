"""Class maps by dense features of a CLIP alone, each read as its paper does.

============ ======================= =============================== ============================
name         attention               reading                         source
============ ======================= =============================== ============================
clip-argmax  the model's own         long side 448, windows 224      Radford et al., ICML 2021
maskclip     value                   long side 448, windows 224      Zhou et al., ECCV 2022, 3.2
sclip        A(q, q) + A(k, k)       short side 336, windows 224     Wang et al., ECCV 2024, 3.2
clearclip    A(q, q)                 long side 448, windows 224      Lan et al., ECCV 2024, 3.3
gem          self-self, six blocks   long side 448, whole            Bousselham et al., CVPR 2024
segearth-ov  A(q,q)+A(k,k)+A(v,v)    long side 448, windows 224      Li et al., CVPR 2025, 3.2
============ ======================= =============================== ============================

Sizes are for a backbone of 224 pixels and grow with it. Where a paper's own reading is not known,
it is that of SegEarth-OV's comparison. Not done: SegEarth-OV's learned upsampler (SimFeatUp), whose
weights exist for one CLIP only; MaskCLIP's optional key smoothing and prompt denoising; ensembles
of 80 prompts: every method gets the one plain prompt that all others get.

Decision of all: softmax over the names of all classes, the best name of each class, the best class;
below a threshold the background (SegEarth-OV, which sets the threshold for each data set).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.baselines.dense_reading import Reading, read_dense
from dgl_rsis.benchmark.baselines.per_mask import is_vit, vit_of
from dgl_rsis.benchmark.baselines.prompts import class_queries
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.pipeline import Model
from dgl_rsis.stages.fields import resample_rows
from dgl_rsis.types import FloatArray, IntArray, RGBImage


@dataclass(frozen=True)
class DenseMap:
    """A ``MapMethod`` that labels every pixel by itself.

    Attributes:
        reading: of a CLIP; None takes the dense features that the model itself gives.
        any_backbone: whether a backbone without a class token gives its own dense features, else
            it is refused.
    """

    reading: Reading | None
    any_backbone: bool = False

    def __call__(
        self,
        model: Model,
        image: RGBImage,
        words: Sequence[str],
        background: int | None = None,
        *,
        threshold: float = 0.0,
    ) -> NDArray[np.int16]:
        """See ``MapMethod``; every pixel gets a class."""
        prompts, owner = class_queries(words, background)
        shape = (int(image.shape[0]), int(image.shape[1]))
        if self.reading is None or (self.any_backbone and not is_vit(model.backbone)):
            cosines = model.backbone.dense(image) @ model.backbone.encode_texts(prompts).T
            scale = model.backbone.dense_logit_scale
        else:
            backbone: HfClip = vit_of(model.backbone)
            cosines = read_dense(backbone, image, self.reading).cosines(
                backbone.encode_texts(prompts)
            )
            scale = self.reading.scale(backbone)
        return decide(scale * cosines, owner, shape, background, threshold)


def decide(
    logits: FloatArray,
    owner: IntArray,
    shape: tuple[int, int],
    background: int | None,
    threshold: float,
) -> NDArray[np.int16]:
    """Best class of every pixel.

    Args:
        logits: ``(h, w, Q)`` of all names, over the whole image.
        owner: ``(Q,)`` class of each name, ascending from 0 without gaps.
        shape: height and width of the result.
        background: class of the pixels whose best probability is below the threshold, or None.
        threshold: in [0, 1].

    Returns:
        ``(H, W)`` int16.
    """
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    labels = np.empty(shape, np.int16)
    for rows, part in resample_rows(logits, shape):
        exponentials = np.exp(part - part.max(-1, keepdims=True))
        probabilities = exponentials / exponentials.sum(-1, keepdims=True)
        best = np.maximum.reduceat(probabilities, firsts, axis=-1)
        labels[rows] = best.argmax(-1)
        if background is not None:
            labels[rows][best.max(-1) < threshold] = background
    return labels


GEM_READING = Reading("gem", window=None)
SEGEARTH_READING = Reading("segearth", bias=-0.3)

OWN = DenseMap(None)
CLIP_ARGMAX = DenseMap(Reading("vanilla"), any_backbone=True)
MASKCLIP = DenseMap(Reading("maskclip"))
SCLIP = DenseMap(Reading("sclip", side=1.5, shorter=True))
CLEARCLIP = DenseMap(Reading("clearclip"))
GEM = DenseMap(GEM_READING)
SEGEARTH_OV = DenseMap(SEGEARTH_READING)
