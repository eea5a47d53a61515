"""Any Hugging Face CLIP checkpoint with a ViT image tower, behind the backbone protocol.

* Image and text embeddings are transformers' own.
* Dense features: in the last block every token attends to tokens with a like query, key or
  value (SegEarth-OV, Li et al. 2025, section 3.2; docs/design.md 1.6), ``softmax(q q' s) +
  softmax(k k' s) + softmax(v v' s)`` applied to ``v``. Residual and feed-forward network are
  dropped: they carry what the class token gathered, not what lies in the patch.
* Activations: CLIP-ES (Lin et al. 2023, section 3.1) at the last block's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from dgl_rsis.errors import MissingExtraError, ModelError
from dgl_rsis.models import hf_files
from dgl_rsis.models.base import ModelCard
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.torch_tools import competitive_grad_cam, squeeze, to_tensor, to_unit
from dgl_rsis.types import FloatArray, Proposals, RGBImage

_TEXT_BATCH, _IMAGE_BATCH = 256, 16


class HfClip:
    """CLIP by Hugging Face's transformers.

    Args:
        model: a ``transformers.CLIPModel``.
        tokenizer: the tokenizer that belongs to it.
        preprocessing: normalisation of pixels.
        name: the name it was asked for by.
        folder: where it was read from.
        page: address of its page on the hub, None for folders.
        device: where to compute.
        dense_logit_scale: inverse temperature for cosines of dense features. SegEarth-OV's 50 for
            CLIPs of natural images: self-self attention flattens differences.
    """

    dim: int
    input_size: int
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
        dense_logit_scale: float = 50.0,
    ) -> None:
        self.model = model.to(device).eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.preprocessing = preprocessing
        self.name, self.folder, self.page = name, folder, page
        self.device = device
        self.dim = int(model.config.projection_dim)
        self.input_size = int(model.config.vision_config.image_size)
        self.patch = int(model.config.vision_config.patch_size)
        self.logit_scale = float(model.logit_scale.exp())
        self.dense_logit_scale = dense_logit_scale
        self.region_logit_scale = dense_logit_scale  # regions are pooled dense features

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        device: str = "cpu",
        *,
        name: str | None = None,
        page: str | None = None,
        dense_logit_scale: float = 50.0,
    ) -> HfClip:
        """Load a checkpoint folder as ``CLIPModel.save_pretrained`` and the hub lay it out.

        Raises:
            MissingExtraError: transformers is not installed.
            ModelError: a file is missing, damaged, or of another kind of model.
        """
        hf_files.check_folder(folder)
        preprocessing = read_preprocessing(folder)
        model, tokenizer = _load(folder)
        return cls(
            model,
            tokenizer,
            preprocessing,
            name=name or f"dir:{folder}",
            folder=folder,
            page=page,
            device=device,
            dense_logit_scale=dense_logit_scale,
        )

    @cached_property
    def card(self) -> ModelCard:
        """Name, revision, licence and source; made when asked for, as it may read all weights."""
        return ModelCard(
            name=self.name,
            revision=hf_files.revision(self.folder),
            licence=hf_files.licence(self.folder, self.page),
            source=self.page or str(self.folder),
        )

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts as they are, ``(T, D)`` of unit length; overlong ones are cut."""
        parts = []
        for start in range(0, len(texts), _TEXT_BATCH):
            tokens = self.tokenizer(
                list(texts[start : start + _TEXT_BATCH]),
                padding=True,
                truncation=True,
                max_length=self.model.config.text_config.max_position_embeddings,
                return_tensors="pt",
            ).to(self.device)
            output = self.model.get_text_features(
                input_ids=tokens.input_ids, attention_mask=tokens.attention_mask
            )
            parts.append(output.pooler_output)
        return to_unit(torch.cat(parts)) if parts else np.zeros((0, self.dim), np.float32)

    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """Embed whole images squeezed to the input size, ``(B, D)`` of unit length."""
        parts = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(images), _IMAGE_BATCH):
            batch = [
                squeeze(image, self.input_size) for image in images[start : start + _IMAGE_BATCH]
            ]
            parts.append(self.embed_pixels(self._pixels(batch)))
        return np.concatenate(parts)

    @torch.inference_mode()
    def embed_pixels(self, pixels: Tensor) -> FloatArray:
        """Embed normalised pixels of any size, not only of the square input size.

        Args:
            pixels: ``(B, 3, H, W)`` float32, sides at least one patch; position embeddings are
                interpolated, and what exceeds a multiple of the patch is not seen.

        Returns:
            ``(B, D)`` float32 of unit length.
        """
        output = self.model.get_image_features(
            pixel_values=pixels.to(self.device), interpolate_pos_encoding=True
        )
        return to_unit(output.pooler_output)

    @torch.inference_mode()
    def dense(self, image: RGBImage) -> FloatArray:
        """Dense features at the stride of the patch, ``(h, w, D)`` of unit length.

        The image is resized so that its sides are multiples of the patch, at least one. What is
        larger than twice the input size is read in windows of that size which overlap by half;
        the mean of unit vectors is taken where they overlap.
        """
        image = _resize_to_patches(image, self.patch)
        rows, columns = image.shape[0] // self.patch, image.shape[1] // self.patch
        side = max(2, 2 * (self.input_size // self.patch))
        total = torch.zeros((rows, columns, self.dim))
        for top in window_starts(rows, side):
            for left in window_starts(columns, side):
                height, width = min(side, rows - top), min(side, columns - left)
                part = image[
                    top * self.patch : (top + height) * self.patch,
                    left * self.patch : (left + width) * self.patch,
                ]
                features = self._self_self_attention(self._last_input(self._pixels([part])))
                cells = functional.normalize(features, dim=-1).view(height, width, -1).cpu()
                total[top : top + height, left : left + width] += cells
        return to_unit(total)  # the length of a sum is that of the mean times a count

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Masked pooling: unit-length mean over every proposal of the dense features, ``(N, D)``.

        A mask of everything gives the mean dense feature, which differs from the image embedding
        because the class token gathers by its own attention.
        """
        pooled = proposals.pool(self.dense(image))
        return to_unit(torch.from_numpy(pooled))

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Grad-CAM at the normalised input of the last block, patches only.

        The classified feature is the mean of the projected patch tokens: the class token's own
        attention would send gradients to a few patches only (CLIP-ES, section 3.1).
        """
        block = self.model.vision_model.encoder.layers[-1]
        side = self.input_size // self.patch
        with torch.no_grad():
            tokens = self._last_input(self._pixels([squeeze(image, self.input_size)]))
            normed = block.layer_norm1(tokens)  # (1, 1 + side * side, d)
        with torch.enable_grad():
            maps = normed[:, 1:].transpose(1, 2).unflatten(2, (side, side))  # (1, d, side, side)
            maps = maps.detach().requires_grad_(True)
            inputs = torch.cat([normed[:, :1], maps.flatten(2).transpose(1, 2)], dim=1)
            attended, _ = block.self_attn(hidden_states=inputs)
            tokens = tokens + attended
            tokens = tokens + block.mlp(block.layer_norm2(tokens))
            return competitive_grad_cam(
                maps,
                self._project(tokens[:, 1:]).mean(1),
                torch.tensor(texts, device=self.device),
                targets,
                self.logit_scale,
            )

    def _pixels(self, images: Sequence[RGBImage]) -> Tensor:
        return to_tensor(images, self.preprocessing.mean, self.preprocessing.std, self.device)

    def _last_input(self, pixels: Tensor) -> Tensor:
        """Tokens ``(B, 1 + patches, d)`` that enter the last block, class token first."""
        vision = self.model.vision_model
        tokens = vision.embeddings(pixels, interpolate_pos_encoding=True)
        tokens = vision.pre_layrnorm(tokens)
        for block in vision.encoder.layers[:-1]:
            tokens = block(tokens, None)
        return cast("Tensor", tokens)

    def _self_self_attention(self, tokens: Tensor) -> Tensor:
        """The last block with self-self attention: ``(B, patches, D)`` in the joint space."""
        block = self.model.vision_model.encoder.layers[-1]
        attention = block.self_attn
        normed = block.layer_norm1(tokens)
        query, key, value = (
            project(normed).unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
            for project in (attention.q_proj, attention.k_proj, attention.v_proj)
        )  # (B, heads, tokens, d / heads)
        mixed = sum(
            (functional.scaled_dot_product_attention(x, x, value) for x in (query, key)),
            start=functional.scaled_dot_product_attention(value, value, value),
        )
        return self._project(attention.out_proj(mixed.transpose(1, 2).flatten(2))[:, 1:])

    def _project(self, tokens: Tensor) -> Tensor:
        """Tokens of the last block to the joint space."""
        normed = self.model.vision_model.post_layernorm(tokens)
        return cast("Tensor", self.model.visual_projection(normed))


def window_starts(length: int, side: int) -> list[int]:
    """First cells of windows of ``side`` cells that cover ``length`` cells, overlapping by half."""
    if length <= side:
        return [0]
    return [*range(0, length - side, side // 2), length - side]


def _resize_to_patches(image: RGBImage, patch: int) -> RGBImage:
    """Resize to the nearest multiples of the patch, at least one patch a side."""
    height, width = (max(1, round(length / patch)) * patch for length in image.shape[:2])
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def _load(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a checked folder, without touching the network."""
    try:
        from transformers import AutoTokenizer, CLIPModel
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise MissingExtraError(hf_files.WHAT, hf_files.EXTRA) from error
    from safetensors import SafetensorError

    logging: Any = transformers_logging  # its functions have no types
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # one line a tensor: noise in a command's output
    try:
        loaded: Any = CLIPModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"cannot load model folder {folder}: {lines[0]}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    model, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"the weights in {folder} lack {len(missing)} tensors of its config.json, "
            f"first {missing[0]}; the checkpoint is incomplete or of another kind"
        )
    return model, tokenizer
