"""Wiring of the proposers: which of them looks at what, and how several are combined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dgl_rsis.config import TREE_PAINTERS, BackboneSettings, ProposalSettings
from dgl_rsis.errors import InputError
from dgl_rsis.proposals.base import Detector, Features, Segmenter, computed, proposer
from dgl_rsis.proposals.combination import Combination, combine
from dgl_rsis.proposals.everything import EverythingOptions, everything
from dgl_rsis.proposals.fitting import centred
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field, worthwhile
from dgl_rsis.proposals.prompted import instances_of
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.types import FloatArray, IntArray, Proposals, Raster, RGBImage

Finder: TypeAlias = Callable[..., "Found"]
"""``find_proposals``, or what stands for it where several models look at the same image."""

SEGMENTERS = ("sam", "sam2", "samhq")
DETECTOR = "sam3"
FEATURE_READERS = ("maskcut", "hierarchy")
REGION_TREES = ("tree", "flat")  # merged by colour, and by features with a weight


@dataclass(frozen=True)
class Networks:
    """Networks that the proposers of the settings need beside the backbone.

    Attributes:
        segmenters: by the name of the proposer.
        detector: that of ``sam3``; None where it is not asked for.
        features: dense features of an image, by the name of the proposer whose checkpoint they
            are from.
    """

    segmenters: Mapping[str, Segmenter] = field(default_factory=dict)
    detector: Detector | None = None
    features: Mapping[str, Callable[[RGBImage], FloatArray]] = field(default_factory=dict)

    @classmethod
    def load(cls, settings: ProposalSettings, backbone: BackboneSettings) -> Networks:
        """Load what the settings ask for; nothing for proposers without networks of their own.

        Args:
            settings: which proposers.
            backbone: where and how the backbone computes, and they as well.

        Raises:
            InputError: no such device, or it cannot compute so.
            MissingExtraError: transformers is not installed.
            ModelError: a checkpoint is not there, incomplete, or of another kind.
        """
        folders = checkpoint_folders(settings)
        if not folders:
            return cls()
        from dgl_rsis.models.dino import Dino
        from dgl_rsis.models.precision import Computing
        from dgl_rsis.models.sam import Sam
        from dgl_rsis.models.sam3 import Sam3

        how = Computing.choose(backbone.device, backbone.precision, compiled=backbone.compile)
        return cls(
            {
                part: Sam.from_folder(folder, part, how)
                for part, folder in folders.items()
                if part in SEGMENTERS
            },
            Sam3.from_folder(folders[DETECTOR], how) if DETECTOR in folders else None,
            {
                part: Dino.from_folder(folder, how).dense
                for part, folder in folders.items()
                if part in FEATURE_READERS
            },
        )

    @property
    def segmenter(self) -> Segmenter | None:
        """The first promptable segmenter, for boxes; None if there is none."""
        return next(iter(self.segmenters.values()), None)


def checkpoint_folders(settings: ProposalSettings) -> dict[str, Path]:
    """Folders of the checkpoints of those proposers that need one, by the name of the proposer.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: a checkpoint is not there, incomplete, or of another kind.
    """
    from dgl_rsis.models.checkpoints import find_checkpoint

    folders = {}
    for part in settings.parts:
        name = settings.checkpoint_of(part)
        if part in (*SEGMENTERS, DETECTOR):
            folders[part] = find_checkpoint(part, name)
        elif part in FEATURE_READERS and name is not None:
            folders[part] = find_checkpoint("dino", name)
    return folders


@dataclass(frozen=True)
class Found:
    """What was proposed in an image.

    Attributes:
        proposals: all of them.
        instances: noun -> flat masks that a network found for it, with scores as their quality.
            A noun is missing where no network was asked, or something else proposes as well and
            the network found nothing.
    """

    proposals: Proposals
    instances: Mapping[str, IntArray]


def check_wordless(parts: Sequence[str]) -> None:
    """Refuse proposers that look for nouns where there are none.

    Raises:
        InputError: there is such a proposer.
    """
    if DETECTOR in parts:
        raise InputError(
            f"the proposer {DETECTOR} looks for nouns and got none; use it to refer or segment, or "
            "choose another, e.g. sam2"
        )


def needs_features(settings: ProposalSettings) -> bool:
    """Whether a proposer looks at dense features of the backbone."""
    return any(
        (part in FEATURE_READERS and settings.checkpoint_of(part) is None)
        or (part in REGION_TREES and settings.learned_weight > 0)
        for part in settings.parts
    )


def find_proposals(
    raster: Raster,
    picture: RGBImage,
    settings: ProposalSettings,
    networks: Networks,
    *,
    parts: Sequence[str] | None = None,
    by_colour: bool = False,
    features: Features = None,
    nouns: Sequence[str] = (),
    metres_per_pixel: float | None = None,
) -> Found:
    """Propose by all proposers of the settings.

    Args:
        raster: the image.
        picture: its pixels, filled where there is no data.
        settings: which proposers, and how.
        networks: that they need.
        parts: names of other proposers than those of the settings.
        by_colour: merge trees by colour alone, whatever `proposals.learned_weight` says.
        features: dense features of the backbone, or a function that computes them.
        nouns: that are looked for, for proposers that know words.
        metres_per_pixel: ground size of a pixel; None where it is unknown.

    Raises:
        InputError: a proposer lacks nouns or features.
    """
    named = tuple(settings.parts if parts is None else parts)
    if not nouns:
        check_wordless(named)
    learned_weight = 0.0 if by_colour else settings.learned_weight
    lab = colour_field(picture, raster.valid)
    others: list[RegionTree | MaskSet] = []
    for part in named:
        if part == DETECTOR:
            continue
        if part in SEGMENTERS:
            each: Proposals = everything(
                picture,
                networks.segmenters[part],
                _options(settings),
                valid=raster.valid,
                metres_per_pixel=metres_per_pixel,
            )
        elif part in REGION_TREES:
            merged: Callable[..., Proposals] = proposer(part)
            limit = {"most": settings.most_flat} if part == "flat" else {}
            each = merged(raster, features, learned_weight=learned_weight, **limit)
        elif part in networks.features:
            each = proposer(part)(raster, networks.features[part](picture))
        else:
            # their thresholds are for keys of a DINO, which differ more within an image
            own = computed(features)
            each = proposer(part)(raster, None if own is None else centred(own))
        assert isinstance(each, RegionTree | MaskSet)  # no proposer makes anything else
        if isinstance(each, MaskSet):
            each = each.take(_worthwhile(each, lab, settings))
        others.append(each)
    if DETECTOR not in named:
        return Found(combine(others), {})
    assert networks.detector is not None  # loaded for these settings
    masks, owners = instances_of(
        picture, nouns, networks.detector, valid=raster.valid, least_score=settings.least_score
    )
    kept = _worthwhile(masks, lab, settings)
    masks = masks.take(kept)
    instances = {noun: np.flatnonzero(np.isin(kept, own)) for noun, own in owners.items()}
    if others:
        instances = {noun: own for noun, own in instances.items() if len(own)}
    return Found(combine([masks, *others], protected=len(masks)), instances)


def _options(settings: ProposalSettings) -> EverythingOptions:
    return EverythingOptions(
        settings.points,
        settings.crop_layers,
        settings.predicted_iou,
        settings.stability,
        settings.box_iou,
        settings.smallest_area,
    )


def _worthwhile(masks: MaskSet, lab: FloatArray, settings: ProposalSettings) -> IntArray:
    return worthwhile(
        masks,
        lab,
        smallest_area=settings.smallest_area,
        least_objectness=settings.least_objectness,
    )


def painted_parts(
    painter: str, settings: ProposalSettings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The proposers that a painter works with, and notes where it leaves out one of the user's.

    The painters ``leaf`` and ``cut`` need a tree and no flat masks; ``mask`` needs flat masks, so
    a tree is flattened; ``dense`` paints cells.
    """
    parts = settings.parts
    rest = "+".join(part for part in parts if part != "tree")
    if painter in TREE_PAINTERS:
        note = f"the painter {painter} needs the region tree, not the proposer {rest}"
        return ("tree",), (note,) if rest else ()
    if painter == "dense":
        note = f"the painter dense needs no proposer {rest}: it serves sentences alone"
        return (), (note,) if rest else ()
    flat = ["flat" if part == "tree" else part for part in parts]
    return tuple(dict.fromkeys(flat)), ()


def flat_masks(proposals: Proposals) -> MaskSet | None:
    """The flat masks of proposals that hold any beside or without a tree."""
    if isinstance(proposals, Combination):
        return proposals.masks
    return proposals if isinstance(proposals, MaskSet) else None


def tree_of(proposals: Proposals) -> RegionTree | None:
    """The region tree of proposals, if they hold one."""
    if isinstance(proposals, Combination):
        return proposals.tree
    return proposals if isinstance(proposals, RegionTree) else None


def pixel_size(raster: Raster) -> float | None:
    """Side of a square with the ground area of a pixel, in metres; None where it is unknown."""
    area = None if raster.frame is None else raster.frame.pixel_area_m2
    return None if area is None else float(np.sqrt(area))
