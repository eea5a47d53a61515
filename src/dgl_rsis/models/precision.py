"""Where and how networks compute: device, half precision and compilation, for any of them.

Half precision is torch's autocast: weights stay in float32, products of matrices and convolutions
run in the half precision, and sums that need it (norms, softmax) in float32. So a backbone knows
nothing of it, and gradients are not touched: activations are computed in float32, as gradients of a
log-probability vanish in float16.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from dgl_rsis.device import choose_device, choose_precision
from dgl_rsis.errors import InputError
from dgl_rsis.models.base import (
    Activator,
    Backbone,
    ModelCard,
    RegionReader,
    activator_of,
    dense_bias_of,
    region_reader_of,
)
from dgl_rsis.types import FloatArray, Proposals, RGBImage


@dataclass(frozen=True)
class Computing:
    """Where and how a network computes.

    Attributes:
        device: as ``device.choose_device`` returns it.
        precision: ``"float32"``, ``"bfloat16"`` or ``"float16"``, which the device can compute in.
        compile: whether torch compiles its blocks.
    """

    device: str = "cpu"
    precision: str = "float32"
    compile: bool = False

    @classmethod
    def choose(
        cls, device: str = "auto", precision: str = "auto", *, compiled: bool = False
    ) -> Computing:
        """Check what is asked for, or choose, see ``choose_device`` and ``choose_precision``.

        Raises:
            InputError: the device is not there, or cannot compute so.
        """
        chosen, _ = choose_device(device)
        return cls(chosen, choose_precision(precision, chosen)[0], compiled)

    def prepare(self, network: Any) -> Any:
        """Move a network to the device, without gradients, its blocks compiled if asked for.

        Raises:
            InputError: this machine has no compiler that torch could use.
        """
        network = network.to(self.device).eval().requires_grad_(False)
        if self.compile:
            compile_blocks(network, self.device)
        return network

    def in_precision(self) -> AbstractContextManager[None]:
        """What is computed inside is computed in the precision; for one thread."""
        if self.precision == "float32":
            return nullcontext()
        kind = self.device.partition(":")[0]
        return torch.autocast(kind, getattr(torch, self.precision))


class HalfPrecision:
    """A backbone whose embeddings and features are computed in half precision.

    Args:
        backbone: the backbone, with weights in float32.
        device: where it computes.
        precision: ``"bfloat16"`` or ``"float16"``.
    """

    def __init__(self, backbone: Backbone, device: str, precision: str) -> None:
        self.backbone = backbone
        self.precision = precision
        self.dim, self.input_size = backbone.dim, backbone.input_size
        self.cell = backbone.cell
        self.logit_scale = backbone.logit_scale
        self.dense_logit_scale = backbone.dense_logit_scale
        self.dense_bias = dense_bias_of(backbone)
        self.region_logit_scale = backbone.region_logit_scale
        self.in_precision = Computing(device, precision).in_precision

    @property
    def card(self) -> ModelCard:
        """That of the backbone."""
        return self.backbone.card

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """See ``Backbone``."""
        with self.in_precision():
            return self.backbone.encode_texts(texts)

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """See ``Backbone``."""
        with self.in_precision():
            return self.backbone.encode_images(images)

    def dense(self, image: RGBImage) -> FloatArray:
        """See ``Backbone``."""
        with self.in_precision():
            return self.backbone.dense(image)

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """See ``Backbone``."""
        with self.in_precision():
            return self.backbone.regions(image, proposals)

    def region_reader(self, image: RGBImage) -> RegionReader:
        """See ``ReadsRegionsOnce``."""
        with self.in_precision():
            reader = region_reader_of(self.backbone, image)

        def read(proposals: Proposals) -> FloatArray:
            with self.in_precision():
                return reader(proposals)

        return read

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """See ``Backbone``; in float32."""
        return self.backbone.activations(image, texts, targets)

    def activator(self, image: RGBImage) -> Activator:
        """See ``ReadsOnce``; in float32."""
        return activator_of(self.backbone, image)


def compile_blocks(owner: object, device: str) -> None:
    """Let torch compile the repeated blocks of networks when they are first used.

    Blocks, not networks: all blocks of a transformer share one compiled program.

    Args:
        owner: a network, or what has networks.
        device: where they compute.

    Raises:
        InputError: this machine has no compiler that torch could use.
    """
    if device == "cpu" and not any(map(shutil.which, ("g++", "clang++", "cl"))):
        raise InputError("backbone.compile needs a C++ compiler on a CPU: install g++ or clang")
    owned = [owner] if isinstance(owner, torch.nn.Module) else vars(owner).values()
    for network in owned:
        for module in network.modules() if isinstance(network, torch.nn.Module) else ():
            for block in module if isinstance(module, torch.nn.ModuleList) else ():
                block.compile()
