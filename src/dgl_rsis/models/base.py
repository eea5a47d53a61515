"""What a backbone is: an image-text model with dense features and activations.

Stages see NumPy arrays only; tensors, devices and precision stay behind this protocol.
All embeddings live in the backbone's joint space of ``dim`` dimensions and have unit length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dgl_rsis.types import FloatArray, Proposals, RGBImage


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

        Returns:
            ``(N, D)`` float32 of unit length. A proposal that covers a square image of the input
            size gives the image embedding where the head pools by attention.
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
