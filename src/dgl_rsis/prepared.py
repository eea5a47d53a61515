"""One image with everything that does not depend on the words of a sentence."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from dgl_rsis.config import Settings
from dgl_rsis.image_reader import ImageReader
from dgl_rsis.models.base import Backbone
from dgl_rsis.proposals.colours import lab_of
from dgl_rsis.proposals.combination import Combination
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field, objectness
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.proposing import tree_of
from dgl_rsis.stages.things import LevelFeatures
from dgl_rsis.text.knowledge import normalise_name
from dgl_rsis.types import FloatArray, IntArray, Proposals, Raster, RGBImage

T = TypeVar("T")
REMEMBERED = 8  # results for words; each holds the masks of their candidates
SAMPLED_SIDE = 128  # pixels a side that colours are measured on
MIXED = 15.0  # lightness by which the lit third of a thing exceeds the whole if it has dark parts


@dataclass(frozen=True)
class PreparedImage:
    """What all sentences about one image share.

    Attributes:
        raster: as it was read.
        picture: its pixels, filled where there is no data.
        proposals: ``N`` candidates for the target.
        tree: region tree in which anchors are looked for, and targets where the user gives no
            candidates; None where all are chosen from flat proposals.
        reader: what the models say about the image.
        lab: ``(h, w, 3)`` CIE Lab over the whole image.
        names: one per candidate, normalised; empty when the user gave none.
        given: whether the candidates are the user's own.
        scores: ``(N,)`` float32 in [0, 1], probabilities of the names; None takes them for sure.
        detected: noun -> flat proposals that a detector found for it, with scores as quality.
    """

    raster: Raster
    picture: RGBImage
    proposals: Proposals
    tree: RegionTree | None
    reader: ImageReader
    lab: FloatArray
    names: tuple[str, ...]
    given: bool
    scores: FloatArray | None = None
    detected: Mapping[str, IntArray] = field(default_factory=dict)
    _known: list[tuple[Hashable, Backbone, Settings, Any]] = field(
        default_factory=list, repr=False, compare=False
    )

    def remembered(
        self, words: Hashable, backbone: Backbone, settings: Settings, make: Callable[[], T]
    ) -> T:
        """What was made for words before, or is now: further sentences often have the same nouns.

        Args:
            words: what it depends on, besides the image and what follows.
            backbone: the image-text model.
            settings: of all stages.
            make: makes it; nobody may change it afterwards.
        """
        for entry in self._known:
            if entry[0] == words and entry[1] is backbone and entry[2] == settings:
                found: T = entry[3]
                return found
        made = make()
        self._known.append((words, backbone, settings, made))
        del self._known[:-REMEMBERED]
        return made

    @cached_property
    def nodes(self) -> Nodes:
        """What the regions of the tree are, whatever the words."""
        assert self.tree is not None
        looks = objectness(self.tree, self.lab) if len(self.tree) else np.zeros(0, np.float32)
        return Nodes(self.tree, looks, Overlaps(self.tree))

    @cached_property
    def node_features(self) -> LevelFeatures:
        """What the regions of the tree look like in every level of the pyramid."""
        assert self.tree is not None
        return self.reader.level_features(self.tree)

    @classmethod
    def of(
        cls,
        raster: Raster,
        picture: RGBImage,
        proposals: Proposals,
        reader: ImageReader,
        *,
        tree: RegionTree | None = None,
        names: Sequence[str] | None = None,
        given: bool = False,
        scores: FloatArray | None = None,
        detected: Mapping[str, IntArray] | None = None,
    ) -> PreparedImage:
        """Measure what all sentences share; ``names`` are one per candidate."""
        tree = tree_of(proposals) if tree is None else tree
        lab = colour_field(picture, raster.valid)
        normalised = tuple(normalise_name(name) for name in names or ())
        return cls(
            raster,
            picture,
            proposals,
            tree,
            reader,
            lab,
            normalised,
            given,
            scores,
            {} if detected is None else detected,
        )


@dataclass(frozen=True)
class Nodes:
    """The regions of a tree, measured.

    Attributes:
        tree: the forest with ``N`` nodes.
        objectness: ``(N,)`` float32 in [0, 1].
        overlaps: of the nodes.
    """

    tree: RegionTree
    objectness: FloatArray
    overlaps: Overlaps


@dataclass(frozen=True)
class Candidates:
    """Masks that a sentence is about, measured.

    Attributes:
        masks: ``N`` of them.
        objectness: ``(N,)`` in [0, 1].
        colours: ``(N, 3)`` Lab of the mean colour.
        paints: ``(N, 3)`` Lab of the colour that names it: that of the lit third where glass,
            gaps and shadow darken the rest (a white car), else the mean.
    """

    masks: Proposals
    objectness: FloatArray
    colours: FloatArray
    paints: FloatArray

    @classmethod
    def measure(cls, masks: Proposals, picture: RGBImage, lab: FloatArray) -> Candidates:
        """Measure masks.

        Args:
            masks: ``N`` of them.
            picture: ``(H, W, 3)`` uint8, for colours.
            lab: ``(h, w, 3)`` CIE Lab over the whole image, for contrasts.
        """
        if len(masks) and isinstance(masks, RegionTree | MaskSet | Combination):
            own = objectness(masks, lab)
        else:
            own = np.ones(len(masks), np.float32)
        return cls(masks, own, *_colours(masks, picture))


def _colours(masks: Proposals, picture: RGBImage) -> tuple[FloatArray, FloatArray]:
    """Mean colours and paints of the pixels of each mask, of a grid of them if it is large."""
    means, lit = np.zeros((2, len(masks), 3), np.float32)
    for index, (x0, y0, x1, y1) in enumerate(masks.boxes.tolist()):
        step = max(1, max(x1 - x0, y1 - y0) // SAMPLED_SIDE)
        pixels = picture[y0:y1:step, x0:x1:step][masks.crop(index)[::step, ::step]]
        if not len(pixels):  # a thin mask can fall between the points of the grid
            pixels = picture[y0:y1, x0:x1].reshape(-1, 3)
        brightness = pixels.sum(1, dtype=np.int64)
        means[index] = pixels.mean(0)
        lit[index] = pixels[brightness >= np.quantile(brightness, 2 / 3)].mean(0)
    colours, bright = (np.asarray(lab_of(each[None] / np.float32(255))[0]) for each in (means, lit))
    is_mixed = bright[:, 0] - colours[:, 0] > MIXED
    return colours, np.where(is_mixed[:, None], bright, colours)
