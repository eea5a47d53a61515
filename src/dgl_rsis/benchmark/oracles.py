"""What remains wrong when one stage is perfect: the masks, the choice among them, their classes.

Each function puts the truth in the place of one decision and leaves the others as they are, so that
its score is the ceiling of everything that comes before that decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.datasets.samples import ClassMap
from dgl_rsis.benchmark.metrics import mask_iou
from dgl_rsis.benchmark.true_classes import TrueClasses
from dgl_rsis.benchmark.votes import majority_of_masks, paint_masks
from dgl_rsis.config import ProposalSettings
from dgl_rsis.errors import InputError
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals import filters
from dgl_rsis.proposals.base import Features
from dgl_rsis.proposals.combination import Combination
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposing import Found, Networks
from dgl_rsis.results import ReferResult
from dgl_rsis.types import BoolArray, Proposals, Raster, RGBImage


def best_proposal(proposals: Proposals, truth: BoolArray) -> BoolArray:
    """The proposal with the largest IoU with a true mask: perfect selection among all proposals.

    Args:
        proposals: of the image.
        truth: ``(H, W)`` bool at the size of the image.

    Returns:
        ``(H, W)`` bool; nothing where the truth is nothing or no proposal touches it.

    Raises:
        InputError: proposals and truth are of images of different sizes.
    """
    _check_shape(proposals.shape, truth)
    nothing = np.zeros(truth.shape, bool)
    if not truth.any():
        return nothing
    wanted = MaskSet.from_masks([truth])
    if isinstance(proposals, Combination):
        rest = proposals.masks.take(proposals.distinct)
        parts = [filters.mask_iou(proposals.tree, wanted), filters.mask_iou(rest, wanted)]
        overlaps = np.concatenate(parts)[:, 0]
    else:
        overlaps = filters.mask_iou(proposals, wanted)[:, 0]
    if overlaps.max(initial=0) == 0:
        return nothing
    return proposals.mask(int(overlaps.argmax()))


def best_ranked(result: ReferResult, truth: BoolArray) -> BoolArray:
    """The answer with the largest IoU among the ranked ones: perfect choice from our ranking.

    The answer that was given takes part, which may be several matches together, so that the
    ceiling is never below the method.

    Args:
        result: with its ranking, at most ``select.top_k`` matches beside the chosen ones.
        truth: ``(H, W)`` bool at the size of the image.

    Returns:
        ``(H, W)`` bool; nothing where the truth is nothing.

    Raises:
        InputError: result and truth are of images of different sizes.
    """
    _check_shape(result.mask.shape, truth)
    if not truth.any():
        return np.zeros(truth.shape, bool)
    answers = [result.mask, *(match.mask for match in result.matches)]
    return max(answers, key=lambda answer: mask_iou(answer, truth))


def with_true_classes(model: Model, truth: ClassMap) -> Model:
    """The model with true classes in place of what its backbone says about words.

    Its proposals are those of the backbone itself, program and choice are its own. Activations are
    true as well, and asked for once, as windows of the image would not know where they lie.

    Args:
        model: whose decisions remain.
        truth: classes of the only image that it can be asked about.
    """
    activation = model.settings.activation.model_copy(
        update={"cross_scale": False, "provider": "grad_cam"}
    )

    def find(
        raster: Raster,
        picture: RGBImage,
        settings: ProposalSettings,
        networks: Networks,
        *,
        features: Features = None,
        **more: Any,
    ) -> Found:
        scale = more.get("metres_per_pixel")
        reader = ImageReader.of(picture, model.backbone, model.settings, metres_per_pixel=scale)
        return model.find(
            raster, picture, settings, networks, features=lambda: reader.features().dense[0], **more
        )

    return replace(
        model,
        backbone=TrueClasses(truth),
        settings=model.settings.model_copy(update={"activation": activation}),
        matcher=None,
        find=find,
    )


def true_class_of_regions(
    regions: RegionTree | MaskSet, labels: NDArray[np.integer[Any]]
) -> NDArray[np.int16]:
    """A map in which every region has its true class: perfect classification of regions.

    Args:
        regions: a tree, whose leaves (of its first, finest map) take their class; or masks, of
            which smaller ones lie over larger ones.
        labels: ``(H, W)`` true classes at the size of the image; those below 0 are not counted.

    Returns:
        ``(H, W)`` int16: the most frequent true class of the region, of equals the first; -1
        outside of all regions and where a region has no true class.

    Raises:
        InputError: regions and labels are of images of different sizes.
    """
    _check_shape(regions.shape, labels)
    if isinstance(regions, MaskSet):
        nowhere = np.full(regions.shape, -1, np.int16)
        return paint_masks(majority_of_masks(labels, regions), regions, nowhere)
    leaves = regions.leaf_labels()
    counted = (leaves >= 0) & (labels >= 0)
    class_count = max(1, int(labels.max(initial=-1)) + 1)
    pairs = leaves[counted].astype(np.int64) * class_count + labels[counted]
    votes = np.bincount(pairs, minlength=regions.leaf_count(0) * class_count)
    votes = votes.reshape(-1, class_count)
    # the last entry is for leaf -1: no region
    classes = np.full(len(votes) + 1, -1, np.int16)
    has_votes = np.flatnonzero(votes.any(axis=1))
    classes[has_votes] = votes[has_votes].argmax(axis=1)
    return np.asarray(classes[leaves])


def _check_shape(shape: tuple[int, ...], truth: NDArray[Any]) -> None:
    if tuple(shape) != truth.shape:
        raise InputError(
            f"the truth has shape {truth.shape}, the image {tuple(shape)}; resize one to the other"
        )
