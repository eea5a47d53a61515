"""Wiring of a map: from the classes of the user to names, and from their probabilities back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.config import Settings
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.models.base import Backbone
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.stages import local, paint
from dgl_rsis.text.classes import ClassList, read_classes
from dgl_rsis.types import FloatArray, Proposals, Raster


def classes_asked(
    classes: Sequence[str], other: str | bool | None, settings: Settings
) -> ClassList:
    """What the user asks for, with the knowledge that the settings allow; see ``read_classes``.

    Raises:
        InputError: the classes cannot be used.
    """
    return read_classes(
        classes,
        other=other,
        knowledge=settings.knowledge.enabled,
        background=settings.knowledge.background,
        known=settings.knowledge.words,
    )


def paint_map(
    raster: Raster,
    proposals: Proposals | None,
    reader: ImageReader,
    texts: local.TextFeatures,
    dense: FloatArray,
    rest: int | None,
    backbone: Backbone,
    settings: Settings,
) -> paint.Painting:
    """Paint names by the painter of the settings.

    Args:
        raster: the image.
        proposals: a region tree for the painters `leaf` and `cut`, flat masks for `mask`, None
            for `dense`.
        reader: features of the image.
        texts: of the names.
        dense: their probabilities in cells, ``(h, w, N)``.
        rest: name that what no proposal covers gets; None leaves it to the cells.
        backbone: that embeds crops of proposals.
        settings: of all stages.
    """
    price = settings.paint.region_price
    if isinstance(proposals, RegionTree):
        if settings.painter == "cut":
            return paint.paint_cut(dense, proposals, price=price, rest=rest)
        return paint.paint_leaves(dense, proposals, rest=rest)
    if isinstance(proposals, MaskSet):
        pooled = local.pooled_probabilities(
            backbone, proposals, reader.features(), texts, dense, settings.local
        )
        scores = local.align(
            reader.crops, backbone, proposals, reader.features(), texts, pooled,
            settings.local, rank_by=range(texts.class_count),
        )  # fmt: skip
        return paint.paint_masks(dense, proposals, scores, rest=rest)
    return paint.paint_dense(dense, raster.shape, rest=rest)


def classes_of(
    painting: paint.Painting, chosen: ClassList, raster: Raster
) -> tuple[NDArray[np.int16], FloatArray]:
    """From names that won to the user's classes; competitors become the class for the rest."""
    winners = np.append(chosen.class_of_name, -1).astype(np.int16)  # -1 picks the last entry
    labels = np.where(raster.valid, winners[painting.labels], np.int16(-1))
    return labels, np.where(labels >= 0, painting.scores, np.float32(0))
