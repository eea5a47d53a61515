"""What several ways of one run share: what a backbone said about an image, and its proposals.

Ways of one run mostly ask the same of an image: dense features at the same scales, activations of
the same windows, the same region tree. The answers are kept until the next image comes, and texts
for the whole run. What a kept answer took when it was made counts towards the time of everybody who
takes it, so that seconds are those of a way that runs alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.baselines.registry import looks_inside
from dgl_rsis.config import ProposalSettings
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
from dgl_rsis.proposals.base import Features, computed
from dgl_rsis.proposing import (
    DETECTOR,
    Found,
    Networks,
    find_proposals,
    needs_features,
)
from dgl_rsis.types import FloatArray, Proposals, Raster, RGBImage

Answer = TypeVar("Answer")
Digest: TypeAlias = tuple[tuple[int, ...], bytes]


class Kept:
    """Answers about an image, each made once.

    Attributes:
        saved: seconds that kept answers have saved so far.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.saved = 0.0
        self._answers: dict[Hashable, tuple[Any, float]] = {}

    def once(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """What was made under a key, or is made now.

        Args:
            key: everything that the answer depends on.
            make: may ask for other answers; what these save counts towards its own seconds.
        """
        if key in self._answers:
            answer: Answer
            answer, seconds = self._answers[key]
            self.saved += seconds
            return answer
        before, start = self.saved, time.perf_counter()
        answer = make()
        self._answers[key] = answer, time.perf_counter() - start + self.saved - before
        return answer

    def forget(self) -> None:
        """Drop all answers."""
        self._answers.clear()


class SharedBackbone:
    """Asks a backbone once for each thing.

    Attributes:
        backbone: that is asked.
        kept: what it said about images.
    """

    def __init__(self, backbone: Backbone, kept: Kept) -> None:
        """Know no text yet."""
        self.backbone, self.kept = backbone, kept
        self._texts: dict[str, FloatArray] = {}

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
        return self._once("dense", image, self.backbone.dense)

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Mask-guided embeddings, of an image that is read once."""
        return self.region_reader(image)(proposals)

    def region_reader(self, image: RGBImage) -> RegionReader:
        """What mask-guided embeddings need beside the masks, computed once for the same pixels.

        The same proposals are embedded once as well.
        """
        read = self._once("regions", image, partial(region_reader_of, self.backbone))

        def once(proposals: Proposals) -> FloatArray:
            key = id(read), id(proposals)  # which stay alive as long as the answer is kept
            return self.kept.once(key, lambda: (read(proposals), proposals))[0]

        return once

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Grad-CAM of target texts, from pixels that are read once."""
        return self.activator(image)(texts, targets)

    def activator(self, image: RGBImage) -> Activator:
        """What activations need beside the words, computed once for the same pixels."""
        return self._once("activator", image, partial(activator_of, self.backbone))

    def _once(self, what: str, image: RGBImage, make: Callable[[RGBImage], Answer]) -> Answer:
        key = what, id(self.backbone), _digest(image)
        return self.kept.once(key, lambda: make(image))


@dataclass(frozen=True)
class SharedFinder:
    """``find_proposals``, which looks once where the same is asked about the same image.

    Attributes:
        kept: what was found.
        how: tells networks of the same checkpoints apart that compute otherwise.
    """

    kept: Kept
    how: str

    def __call__(
        self,
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
        """As ``find_proposals``."""
        named = tuple(settings.parts if parts is None else parts)
        weight = 0.0 if by_colour else settings.learned_weight
        asked = settings.model_copy(update={"proposer": "+".join(named), "learned_weight": weight})
        seen = computed(features) if needs_features(asked) else None
        key = (
            asked.model_dump_json(),
            _digest(picture),
            _digest(raster.valid),
            None if seen is None else _digest(seen),
            None if networks == Networks() else self.how,
            tuple(nouns) if DETECTOR in named else (),
            metres_per_pixel,
        )
        return self.kept.once(
            key,
            lambda: find_proposals(
                raster,
                picture,
                asked,
                networks,
                features=seen,
                nouns=nouns,
                metres_per_pixel=metres_per_pixel,
            ),
        )


def _digest(values: NDArray[Any]) -> Digest:
    return values.shape, blake2b(values.tobytes(), digest_size=16).digest()


@contextmanager
def bare_for(baseline: str, model: Model) -> Iterator[Model]:
    """The model as a baseline gets it: over the network itself where it looks into that.

    What is computed in the context is computed in the precision of the model.
    """
    if not looks_inside(baseline):
        yield model
        return
    from dgl_rsis.models.precision import HalfPrecision

    backbone = _behind_sharing(model.backbone)
    with backbone.in_precision() if isinstance(backbone, HalfPrecision) else nullcontext():
        yield unshared(model)


def unshared(model: Model) -> Model:
    """The model over the network itself, in float32, for ways that look into it."""
    from dgl_rsis.models.precision import HalfPrecision

    backbone = _behind_sharing(model.backbone)
    if isinstance(backbone, HalfPrecision):
        backbone = backbone.backbone
    return model if backbone is model.backbone else replace(model, backbone=backbone)


def _behind_sharing(backbone: Backbone) -> Backbone:
    return backbone.backbone if isinstance(backbone, SharedBackbone) else backbone


def saved(model: Model) -> float:
    """Seconds that kept answers have saved the models that share them with this one."""
    return model.find.kept.saved if isinstance(model.find, SharedFinder) else 0.0
