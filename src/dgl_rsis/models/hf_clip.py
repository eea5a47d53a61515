"""Image-text models with a ViT by Hugging Face's transformers, behind the backbone protocol.

CLIP, MetaCLIP (the architecture of CLIP), MetaCLIP 2, SigLIP and SigLIP 2. What differs between
their image towers is in ``vision_tower``; dense features (``dense_attention``), mask-guided ones
(``mask_tokens``) and activations are the same for all (docs/design.md 1.6).

* Image and text embeddings are transformers' own.
* Activations: CLIP-ES (Lin et al. 2023, section 3.1) at the last block's input.
* SigLIP was trained with a sigmoid per pair, ``scale * cos + bias``. Here texts compete in a
  softmax, where a bias that all share cancels: only the scale is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.errors import InputError
from dgl_rsis.models import hf_files
from dgl_rsis.models.affinity import Affinity
from dgl_rsis.models.base import Activator, BackboneOptions, ModelCard
from dgl_rsis.models.dense_attention import DEFAULT, VARIANTS, dense_tokens
from dgl_rsis.models.hf_files import Stated
from dgl_rsis.models.hf_loading import load_folder
from dgl_rsis.models.mask_tokens import covered_patches, mask_embeddings
from dgl_rsis.models.memory import batch_size, transformer_bytes
from dgl_rsis.models.precision import Computing
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.recent import Recent
from dgl_rsis.models.torch_tools import (
    competitive_grad_cam,
    resize,
    squeeze,
    to_tensor,
    to_unit,
)
from dgl_rsis.models.vision_tower import attend, vision_tower
from dgl_rsis.types import FloatArray, Proposals, RGBImage

# most in a batch: larger ones are no faster on a CPU
_TEXTS, _IMAGES, _WINDOWS = 256, 16, 8
_REMEMBERED = 16  # images whose tokens are kept for activations: a scene and its crops


class HfClip:
    """An image-text model with a ViT.

    Args:
        model: a ``CLIPModel``, ``MetaClip2Model``, ``SiglipModel`` or ``Siglip2Model`` of
            transformers.
        tokenizer: the tokenizer that belongs to it.
        preprocessing: normalisation of pixels.
        name: the name it was asked for by.
        folder: where it was read from.
        page: address of its page on the hub, None for folders.
        device: where to compute.
        options: how it reads images.
        affinity: the model that ``proxyclip`` asks which patches belong together.
        stated: what the checkpoint says of itself. Where it states no scale for dense features,
            it is that of the authors of the dense attention, or the model's own
            (``dense_attention.VARIANTS``); mask tokens have the model's own.

    Attributes:
        dense_bias: share of the image's own cosines that is to be taken off those of its dense
            features: that of the authors of the dense attention where it was named, else none.

    Raises:
        InputError: no such dense attention, or ``affinity`` without the one that uses it.
    """

    dim: int
    input_size: int
    cell: int
    logit_scale: float
    dense_logit_scale: float
    region_logit_scale: float

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        preprocessing: Preprocessing,
        *,
        name: str,
        folder: Path,
        page: str | None = None,
        device: str = "cpu",
        options: BackboneOptions = BackboneOptions(),
        affinity: Affinity | None = None,
        stated: Stated = Stated(),
    ) -> None:
        self.dense_attention = options.dense or DEFAULT
        if self.dense_attention not in VARIANTS:
            raise InputError(
                f"no dense attention is called {options.dense!r}; choose one of "
                f"{', '.join(VARIANTS)}"
            )
        if (self.dense_attention == "proxyclip") != (affinity is not None):
            raise InputError("dense attention proxyclip and an affinity model go together")
        self.model = model.to(device).eval().requires_grad_(False)
        self.tower = vision_tower(self.model)
        self.tokenizer = tokenizer
        self.preprocessing = preprocessing
        self.name, self.folder, self.page = name, folder, page
        self.device = device
        self.affinity = affinity
        self.stated = stated
        self.dim, self.input_size, self.patch = self.tower.dim, self.tower.size, self.tower.patch
        self.cell = self.patch
        self.region_side = max(options.region_side, self.input_size)
        self.logit_scale = float(model.logit_scale.exp())
        authors = VARIANTS[self.dense_attention].logit_scale
        self.dense_logit_scale = stated.dense_logit_scale or authors or self.logit_scale
        self.region_logit_scale = stated.region_logit_scale or self.logit_scale
        # the default leaves it out: on Dubai tile 6 rs-tiny-vit does worse with it
        self.dense_bias = 0.0 if options.dense is None else VARIANTS[options.dense].bias
        self._last_inputs: Recent[Tensor] = Recent(_REMEMBERED)

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        device: str = "cpu",
        *,
        name: str | None = None,
        page: str | None = None,
        options: BackboneOptions = BackboneOptions(),
        affinity: Path | None = None,
    ) -> HfClip:
        """Load a checkpoint folder as ``save_pretrained`` and the hub lay it out.

        Args:
            folder: where it is.
            device: where to compute.
            name: the name it was asked for by.
            page: address of its page on the hub, None for folders.
            options: how it reads images.
            affinity: folder of the model for ``proxyclip``.

        Raises:
            InputError: the options do not fit together.
            MissingExtraError: transformers is not installed.
            ModelError: a file is missing, damaged, or of another kind of model.
        """
        hf_files.check_folder(folder)
        preprocessing, stated = read_preprocessing(folder), hf_files.stated(folder)
        model, tokenizer = load_folder(folder)
        return cls(
            model,
            tokenizer,
            preprocessing,
            name=name or f"dir:{folder}",
            folder=folder,
            page=page,
            device=device,
            options=options,
            affinity=load_affinity(affinity, device, options),
            stated=stated,
        )

    @cached_property
    def card(self) -> ModelCard:
        """Name, revision, licence and source; made when asked for, as it may read all weights."""
        return ModelCard(
            name=self.name,
            revision=hf_files.revision(self.folder),
            licence=self.stated.licence or hf_files.licence(self.folder, self.page),
            source=self.page or str(self.folder),
            notice=self.stated.notice,
        )

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts as they are, ``(T, D)`` of unit length; overlong ones are cut.

        SigLIP was trained on texts that are padded to their full length, with padding seen.
        """
        padded = self.model.config.model_type.startswith("siglip")
        parts = []
        length = self.model.config.text_config.max_position_embeddings
        count = self._batch(self.model.config.text_config, length, _TEXTS)
        for start in range(0, len(texts), count):
            tokens = self.tokenizer(
                list(texts[start : start + count]),
                padding="max_length" if padded else True,
                truncation=True,
                max_length=length,
                return_attention_mask=not padded,
                return_tensors="pt",
            ).to(self.device)
            mask = None if padded else tokens.attention_mask
            output = self.model.get_text_features(tokens.input_ids, attention_mask=mask)
            parts.append(output.pooler_output)
        return to_unit(torch.cat(parts)) if parts else np.zeros((0, self.dim), np.float32)

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """Embed whole images squeezed to the input size, ``(B, D)`` of unit length."""
        parts = [np.zeros((0, self.dim), np.float32)]
        tokens = (self.input_size // self.patch) ** 2 + 1
        count = self._batch(self.model.config.vision_config, tokens, _IMAGES)
        for start in range(0, len(images), count):
            batch = [self._squeezed(image) for image in images[start : start + count]]
            parts.append(self.embed_pixels(self._pixels(batch)))
        return np.concatenate(parts)

    def _batch(self, config: Any, tokens: int, most: int) -> int:
        """How many sequences fit into a batch of a tower with this configuration."""
        sizes = config.hidden_size, config.intermediate_size, config.num_attention_heads
        return batch_size(transformer_bytes(tokens, *sizes), self.device, most)

    @torch.inference_mode()
    def embed_pixels(self, pixels: Tensor) -> FloatArray:
        """Embed normalised pixels of any size, not only of the square input size.

        Args:
            pixels: ``(B, 3, H, W)`` float32, sides at least one patch; position embeddings are
                interpolated, and what exceeds a multiple of the patch is not seen.

        Returns:
            ``(B, D)`` float32 of unit length.
        """
        return to_unit(self.tower.image_features(pixels.to(self.device)))

    @torch.inference_mode()
    def dense(self, image: RGBImage) -> FloatArray:
        """Dense features at the stride of the patch, ``(h, w, D)`` of unit length.

        The image is resized so that its sides are multiples of the patch, at least one. What is
        larger than twice the input size is read in windows of that size which overlap by half;
        the mean of unit vectors is taken where they overlap.
        """
        image = self._resized(image, self._whole_patches(image.shape[:2], 1.0))
        rows, columns = image.shape[0] // self.patch, image.shape[1] // self.patch
        side = max(2, 2 * (self.input_size // self.patch))
        shape = (min(side, rows), min(side, columns))  # of every window
        corners = list(product(window_starts(rows, side), window_starts(columns, side)))
        count = self._batch(self.model.config.vision_config, shape[0] * shape[1] + 1, _WINDOWS)
        total = torch.zeros((rows, columns, self.dim))
        for start in range(0, len(corners), count):
            places = [
                (slice(top, top + shape[0]), slice(left, left + shape[1]))
                for top, left in corners[start : start + count]
            ]
            parts = [image[self._in_pixels(down), self._in_pixels(along)] for down, along in places]
            for place, cells in zip(places, self._dense_cells(parts, shape), strict=True):
                total[place] += cells
        return to_unit(total)  # the length of a sum is that of the mean times a count

    def _dense_cells(self, images: Sequence[RGBImage], cells: tuple[int, int]) -> Tensor:
        """Dense features ``(B, h, w, D)`` on the CPU, of unit length, of images of one size."""
        alike = None
        if self.affinity is not None:
            alike = torch.cat([self.affinity.features(image, cells) for image in images])
        tokens = dense_tokens(self.dense_attention, self.tower, self._pixels(images), alike)
        shape = (len(images), *cells, self.dim)
        return functional.normalize(tokens.float(), dim=-1).view(shape).cpu()

    def _in_pixels(self, cells: slice) -> slice:
        return slice(cells.start * self.patch, cells.stop * self.patch)

    @torch.inference_mode()
    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Mask tokens of all proposals from one forward pass, ``(N, D)`` of unit length.

        The image is read at its own size in whole patches, at most ``backbone.region_side`` squared
        pixels of it, give or take the rounding to patches. One of exactly the input size is read as
        it is.
        """
        height, width = image.shape[:2]
        shape = (height, width)
        if shape != (self.input_size, self.input_size):
            factor = min(1.0, self.region_side / (height * width) ** 0.5)
            shape = self._whole_patches(shape, factor)
            if self.patch in shape:  # a side below a patch takes a whole one
                most = self.region_side**2 // self.patch**2 * self.patch
                shape = (min(shape[0], most), min(shape[1], most))
        pixels = self._pixels([self._resized(image, shape)])
        covered = covered_patches(proposals, shape, self.patch)
        return to_unit(mask_embeddings(self.tower, pixels, covered))

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Grad-CAM at the normalised input of the last block, patches only.

        The classified feature is the mean of the projected patch tokens: the class token's own
        attention, and that of a probe, would send gradients to a few patches only (CLIP-ES,
        section 3.1).
        """
        return self.activator(image)(texts, targets)

    def activator(self, image: RGBImage) -> Activator:
        """Read an image, squeezed to the input size, up to the last block, for any texts.

        The tokens of the images that were read last are kept.
        """
        squeezed = self._squeezed(image)
        tokens = self._last_inputs.get(squeezed, self._last_input)

        def activate(texts: FloatArray, targets: Sequence[int]) -> tuple[FloatArray, FloatArray]:
            return self._grad_cam(tokens, texts, targets)

        return activate

    @torch.no_grad()  # tokens of inference mode could take no part in gradients
    def _last_input(self, image: RGBImage) -> Tensor:
        return self.tower.before(self._pixels([image]), 1)

    def _grad_cam(
        self, tokens: Tensor, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        block, first = self.tower.blocks[-1], self.tower.prefix
        side = self.input_size // self.patch
        with torch.enable_grad():
            normed = block.norm(tokens)  # (1, first + side * side, d)
            maps = normed[:, first:].transpose(1, 2).reshape(1, -1, side, side)
            maps = maps.detach().requires_grad_(True)  # (1, d, side, side)
            inputs = torch.cat([normed[:, :first], maps.flatten(2).transpose(1, 2)], dim=1)
            after = block.finish(tokens, attend(*block.heads(inputs)))
            return competitive_grad_cam(
                maps,
                self.tower.joint(after[:, first:]).mean(1),
                torch.tensor(texts, device=self.device),
                targets,
                self.logit_scale,
            )

    def _squeezed(self, image: RGBImage) -> RGBImage:
        return squeeze(image, self.input_size, self.preprocessing.resample)

    def _resized(self, image: RGBImage, shape: tuple[int, int]) -> RGBImage:
        return resize(image, shape, self.preprocessing.resample)

    def _whole_patches(self, shape: tuple[int, ...], factor: float) -> tuple[int, int]:
        """The nearest multiples of the patch to scaled sides, at least one patch a side."""
        height, width = (
            max(1, round(length * factor / self.patch)) * self.patch for length in shape
        )
        return height, width

    def _pixels(self, images: Sequence[RGBImage]) -> Tensor:
        return to_tensor(images, self.preprocessing.mean, self.preprocessing.std, self.device)


def load_affinity(folder: Path | None, device: str, options: BackboneOptions) -> Affinity | None:
    """The model for ``proxyclip``; in the precision of the backbone, within which it is asked."""
    if folder is None:
        return None
    return Affinity.from_folder(folder, Computing(device, compile=options.compile))


def window_starts(length: int, side: int) -> list[int]:
    """First cells of windows of ``side`` cells that cover ``length`` cells, overlapping by half."""
    if length <= side:
        return [0]
    return [*range(0, length - side, side // 2), length - side]
