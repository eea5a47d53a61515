"""Class maps by majority: dense labels first, then every mask takes the label it holds most of.

* CorrCLIP (Zhang et al., 2025), its map correction alone: labels outside of all masks stay.
  The dense labels are those of the model as it was loaded; CorrCLIP's attention, which other models
  restrict to regions, is not done (``backbone.dense=proxyclip`` comes closest).
* Sosa et al. (EarthVision at CVPR 2026), several classes: dense labels of SegEarth-OV with its
  global bias, SAM's masks on a grid; pixels outside of all masks have no class.

Masks are those of the model's proposer, flat; where they overlap, the smaller one is on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.baselines.dense_maps import OWN, SEGEARTH_READING, DenseMap
from dgl_rsis.benchmark.votes import majority_of_masks, paint_masks
from dgl_rsis.geo.raster import as_raster
from dgl_rsis.inputs import filled
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import painted_parts
from dgl_rsis.types import RGBImage


@dataclass(frozen=True)
class MaskVote:
    """A ``MapMethod`` that lets the pixels of a mask vote.

    Attributes:
        dense: labels every pixel.
        keeps_rest: whether pixels outside of all masks keep their label, else they have none.
    """

    dense: DenseMap
    keeps_rest: bool

    def __call__(
        self,
        model: Model,
        image: RGBImage,
        words: Sequence[str],
        background: int | None = None,
        *,
        threshold: float = 0.0,
    ) -> NDArray[np.int16]:
        """See ``MapMethod``."""
        labels = self.dense(model, image, words, background, threshold=threshold)
        return self.vote(labels, flat_proposals(model, image, words))

    def vote(self, labels: NDArray[np.int16], masks: MaskSet) -> NDArray[np.int16]:
        """Labels ``(H, W)`` behind the vote of those ``(H, W)`` before it."""
        rest = labels if self.keeps_rest else np.full_like(labels, -1)
        return paint_masks(majority_of_masks(labels, masks), masks, rest)


def flat_proposals(model: Model, image: RGBImage, words: Sequence[str]) -> MaskSet:
    """Flat masks of an image by the proposer of a model's settings.

    Args:
        model: whose proposer is asked; a region tree is flattened.
        image: ``(H, W, 3)`` uint8.
        words: for proposers that know words.
    """
    raster = as_raster(image)
    picture = filled(raster)
    settings = model.settings.proposals
    found = model.find(
        raster,
        picture,
        settings,
        model.networks,
        parts=painted_parts("mask", settings)[0],
        features=lambda: model.backbone.dense(picture),
        nouns=[name.strip() for word in words for name in word.split(",")],
    ).proposals
    assert isinstance(found, MaskSet)  # no part of them is a tree
    return found


CORRCLIP_VOTE = MaskVote(OWN, keeps_rest=True)
DENSE_VOTE = MaskVote(DenseMap(SEGEARTH_READING, any_backbone=True), keeps_rest=False)
