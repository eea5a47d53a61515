"""What models are to the stages: backbones, and image-text matchers.

Stages see NumPy arrays only; tensors, devices and precision stay behind these protocols.
A *backbone* embeds images and texts in one joint space of ``dim`` dimensions, with unit length,
and has dense features and activations. A *matcher* reads image and text together and says whether
they belong together, and which token of the text looks where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from dgl_rsis.types import FloatArray, IntArray, Proposals, RGBImage

Activator: TypeAlias = Callable[[FloatArray, Sequence[int]], tuple[FloatArray, FloatArray]]
"""``Backbone.activations`` of one image: texts and targets in, maps and probabilities out."""
RegionReader: TypeAlias = Callable[[Proposals], FloatArray]
"""``Backbone.regions`` of one image: proposals in, mask-guided embeddings out."""


@dataclass(frozen=True)
class ModelCard:
    """Where a model comes from and how it may be used.

    Attributes:
        name: the name it was loaded by.
        revision: version, commit or digest of the weights.
        licence: licence of the weights in a few words.
        source: folder or hub id.
        notice: one line that users should see once, empty if there is none.
    """

    name: str
    revision: str
    licence: str
    source: str
    notice: str = ""


@dataclass(frozen=True)
class BackboneOptions:
    """How a backbone is loaded and reads images; what is None is left to the backbone.

    Attributes:
        dense: name of the dense attention, one of ``dense_attention.VARIANTS``.
        affinity: a DINOv2 or DINOv3 checkpoint, named as backbones are; ``proxyclip`` needs it.
        region_side: side in pixels of the largest square that mask tokens are read at.
        precision: one of ``device.PRECISIONS``.
        compile: whether torch compiles the blocks of its networks.
        gelu: nonlinearity of an OpenCLIP file, see ``openclip_facts.choose_gelu``.
    """

    dense: str | None = None
    affinity: str | None = None
    region_side: int = 512
    precision: str = "auto"
    compile: bool = False
    gelu: str = "auto"


class Backbone(Protocol):
    """An image-text model as the stages use it."""

    @property
    def card(self) -> ModelCard:
        """Name, revision, licence and source."""

    @property
    def dim(self) -> int:
        """Dimensions ``D`` of the joint space."""

    @property
    def input_size(self) -> int:
        """Side in pixels of the square that ``encode_images`` squeezes an image to."""

    @property
    def cell(self) -> int:
        """Side in pixels of a cell of dense features."""

    @property
    def logit_scale(self) -> float:
        """Calibrated inverse temperature for cosines of image embeddings."""

    @property
    def dense_logit_scale(self) -> float:
        """Calibrated inverse temperature for cosines of dense features."""

    @property
    def region_logit_scale(self) -> float:
        """Calibrated inverse temperature for cosines of mask-guided features."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts as they are, without any template.

        Returns:
            ``(T, D)`` float32 of unit length.
        """

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """Embed whole images, each squeezed to ``input_size`` regardless of its aspect.

        Returns:
            ``(B, D)`` float32 of unit length.
        """

    def dense(self, image: RGBImage) -> FloatArray:
        """Dense features of one image at its own size.

        Returns:
            ``(h, w, D)`` float32 of unit length; the cells divide the image evenly.
        """

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Mask-guided embeddings of all proposals from one forward pass.

        Where the head pools by attention, what pools (the class token, the probe) sees inside of
        each proposal only, while the image is encoded as a whole (docs/design.md 1.2, 1.6).

        Args:
            image: ``(H, W, 3)`` uint8; it may be shrunk before it is read.
            proposals: of the same image, at this size or a larger one.

        Returns:
            ``(N, D)`` float32 of unit length, in the order of the proposals; a row does not depend
            on the other proposals. A proposal that covers a square image of the input size gives
            the image embedding.
        """

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Grad-CAM of the competitive log-softmax logit of each target text.

        Targets do not compete with each other: the map and the probability of one do not depend
        on which others are asked for at the same time.

        Args:
            image: ``(H, W, 3)`` uint8, of any size.
            texts: ``(T, D)`` unit-length text features: the targets and all competitors.
            targets: rows of ``texts`` to explain; all other rows compete with each of them.

        Returns:
            ``(len(targets), h, w)`` float32 >= 0, not normalised, covering the whole image, and
            ``(len(targets),)`` float32: the probability of each target against the competitors.
        """


@runtime_checkable
class ReadsOnce(Protocol):
    """A backbone that reads an image once for the activations of any texts."""

    def activator(self, image: RGBImage) -> Activator:
        """Compute what does not depend on the words, and keep it for all of them."""


def activator_of(backbone: Backbone, image: RGBImage) -> Activator:
    """Activations of one image, read once where the backbone can do so."""
    if isinstance(backbone, ReadsOnce):
        return backbone.activator(image)
    return partial(backbone.activations, image)


@runtime_checkable
class ReadsRegionsOnce(Protocol):
    """A backbone that reads an image once for the mask-guided embeddings of any proposals."""

    def region_reader(self, image: RGBImage) -> RegionReader:
        """Compute what does not depend on the masks, and keep it for all of them."""


def region_reader_of(backbone: Backbone, image: RGBImage) -> RegionReader:
    """Mask-guided embeddings in one image, read once where the backbone can do so."""
    if isinstance(backbone, ReadsRegionsOnce):
        return backbone.region_reader(image)
    return partial(backbone.regions, image)


@runtime_checkable
class HasDenseBias(Protocol):
    """A backbone whose dense features are biased towards what the whole image is."""

    @property
    def dense_bias(self) -> float:
        """Share of the image embedding's cosine with a text to take off that of every cell."""


def dense_bias_of(backbone: Backbone) -> float:
    """``HasDenseBias.dense_bias``, 0 where there is none."""
    return backbone.dense_bias if isinstance(backbone, HasDenseBias) else 0.0


@dataclass(frozen=True)
class TokenActivations:
    """Where the tokens of a text look in an image, and whether the two belong together.

    Attributes:
        maps: ``(T, h, w)`` float32 >= 0, not normalised, covering the whole image: one per token,
            the class token first and the separator last.
        spans: ``(T, 2)`` first and past-the-last character of each token in the text; empty for
            the class token and the separator.
        logits: ``(2,)`` float32 of *no match* and *match*.
    """

    maps: FloatArray
    spans: IntArray
    logits: FloatArray

    @property
    def probability(self) -> float:
        """That the text belongs to the image."""
        return float(1 / (1 + np.exp(self.logits[0] - self.logits[1])))


TokenReader: TypeAlias = Callable[[Sequence[str]], list[TokenActivations]]
"""Texts about one image in, one result each out."""


class Matcher(Protocol):
    """An image-text matching model with cross-attention from tokens to patches."""

    @property
    def card(self) -> ModelCard:
        """Name, revision, licence and source."""

    def read(self, image: RGBImage) -> TokenReader:
        """Encode an image once, squeezed to the input size, for any number of texts.

        Args:
            image: ``(H, W, 3)`` uint8, of any size.
        """
