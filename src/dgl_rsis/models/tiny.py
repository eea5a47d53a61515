"""The embedded backbone: rs-tiny behind the backbone protocol.

A folder holds ``config.json`` (sizes, calibrated temperatures, card facts), ``vocab.txt`` and
``model.safetensors`` in half precision; computation runs in single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from dgl_rsis.errors import ModelError
from dgl_rsis.models.base import Activator, ModelCard, RegionReader
from dgl_rsis.models.hf_files import read_json
from dgl_rsis.models.tiny_networks import (
    ImageTower,
    TextTower,
    TinyConfig,
    fold_batch_norm,
    keep_channels_last,
)
from dgl_rsis.models.tokenizer import WordPieceTokenizer
from dgl_rsis.models.torch_tools import (
    competitive_grad_cam,
    competitive_log_probabilities,
    resize,
    squeeze,
    to_tensor,
    to_unit,
)
from dgl_rsis.types import FloatArray, Proposals, RGBImage

STRIDE = 4
TOP_STRIDE = 16
LARGEST_ACTIVATED = 512  # pixels a side
_MEAN = _STD = (0.5, 0.5, 0.5)
_FILES = ("config.json", "vocab.txt", "model.safetensors")
_FACTS = (
    "name",
    "revision",
    "licence",
    "notice",
    "input_size",
    "logit_scale",
    "dense_logit_scale",
    "sizes",
)


class RsTiny:
    """Image-text model for overhead imagery that travels inside the package.

    Dense features come at stride 4 for any input size; large images are read in windows with a
    halo wider than what a cell's features depend on in practice, so that memory stays flat.
    """

    dim: int
    input_size: int
    cell: int = STRIDE
    logit_scale: float
    dense_logit_scale: float
    region_logit_scale: float

    def __init__(
        self,
        image_tower: ImageTower,
        text_tower: TextTower,
        tokenizer: WordPieceTokenizer,
        facts: dict[str, Any],
        *,
        source: str,
        device: str = "cpu",
        window: int = 1024,
        halo: int = 128,
    ) -> None:
        self.image_tower = image_tower.to(device).eval().requires_grad_(False)
        fold_batch_norm(self.image_tower)
        keep_channels_last(self.image_tower)
        self.text_tower = text_tower.to(device).eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.device = device
        self.window, self.halo = window, halo
        self.dim = int(facts["sizes"]["dim"])
        self.input_size = int(facts["input_size"])
        self.logit_scale = float(facts["logit_scale"])
        self.dense_logit_scale = float(facts["dense_logit_scale"])
        self.region_logit_scale = self.logit_scale  # regions are pooled by the image's own head
        self.card = ModelCard(
            facts["name"], facts["revision"], facts["licence"], source, facts["notice"]
        )

    @classmethod
    def from_folder(cls, folder: Path, device: str = "cpu") -> RsTiny:
        """Load from a folder.

        Raises:
            ModelError: a file is missing or does not fit the configuration.
        """
        for name in _FILES:
            if not (folder / name).is_file():
                raise ModelError(
                    f"model folder {folder} has no {name}; it needs {', '.join(_FILES)}"
                )
        facts = read_json(folder / "config.json")
        lacking = sorted(set(_FACTS) - set(facts))
        if lacking:
            raise ModelError(f"{folder / 'config.json'} lacks {lacking[0]!r}")
        try:
            config = TinyConfig.from_json(facts["sizes"])
        except (TypeError, AttributeError) as error:
            raise ModelError(f"{folder / 'config.json'}: bad sizes: {error}") from error
        with torch.random.fork_rng(devices=[]):  # weights are drawn, then replaced
            image_tower, text_tower = ImageTower(config), TextTower(config)
        towers = torch.nn.ModuleDict({"image": image_tower, "text": text_tower})
        try:
            weights = load_file(folder / "model.safetensors")
            report = towers.load_state_dict(
                {name: value.float() for name, value in weights.items()}, strict=False
            )
        except (RuntimeError, OSError, ValueError, SafetensorError) as error:
            first = " ".join(str(error).splitlines()[:2])
            raise ModelError(f"cannot load {folder / 'model.safetensors'}: {first}") from error
        # batch counters serve training only and need not be in the file
        missing = [key for key in report.missing_keys if not key.endswith("num_batches_tracked")]
        if missing:
            raise ModelError(f"{folder / 'model.safetensors'} lacks the tensor {missing[0]}")
        tokenizer = WordPieceTokenizer.from_file(folder / "vocab.txt", config.max_tokens)
        return cls(image_tower, text_tower, tokenizer, facts, source=str(folder), device=device)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts, ``(T, D)`` of unit length."""
        parts = [
            self.text_tower(
                torch.tensor(self.tokenizer.encode_batch(texts[k : k + 256]), device=self.device)
            )
            for k in range(0, len(texts), 256)
        ]
        return to_unit(torch.cat(parts)) if parts else np.zeros((0, self.dim), np.float32)

    @torch.inference_mode()
    def encode_images(self, images: Sequence[RGBImage]) -> FloatArray:
        """Embed whole images squeezed to the input size, ``(B, D)`` of unit length."""
        parts = []
        for start in range(0, len(images), 64):
            batch = [squeeze(image, self.input_size) for image in images[start : start + 64]]
            maps = self.image_tower.maps(to_tensor(batch, _MEAN, _STD, self.device))
            parts.append(self.image_tower.pool(maps[3]))
        return to_unit(torch.cat(parts)) if parts else np.zeros((0, self.dim), np.float32)

    @torch.inference_mode()
    def dense(self, image: RGBImage) -> FloatArray:
        """Dense features at stride 4, ``(h, w, D)`` of unit length.

        Cells that lie wholly in the padding to a multiple of 16 are dropped, and the rest is
        resampled onto cells that divide the image evenly.
        """
        height, width = image.shape[:2]
        cells = self._read(image, STRIDE, lambda maps: self.image_tower.dense(maps))
        return to_unit(_even(cells, height, width, STRIDE).permute(1, 2, 0))

    def regions(self, image: RGBImage, proposals: Proposals) -> FloatArray:
        """Mask-guided embeddings ``(N, D)``: the head's attention pooling inside each mask.

        Attention weights and values are fields, so the softmax over a mask is a ratio of two
        pooled fields: ``pool(exp(a) * v) / pool(exp(a))``. A mask of everything on a square of
        the input size gives the ordinary image embedding.
        """
        return self.region_reader(image)(proposals)

    @torch.inference_mode()
    def region_reader(self, image: RGBImage) -> RegionReader:
        """Read an image once for the mask-guided embeddings of any proposals."""
        height, width = image.shape[:2]
        head = self.image_tower.pool
        cells = self._read(image, TOP_STRIDE, lambda maps: head.fields(maps[3]))
        even = _even(cells, height, width, TOP_STRIDE)
        logits, values = even[: head.heads], even[head.heads :]
        weights = (logits - logits.amax((1, 2), keepdim=True)).exp()  # (heads, h, w)
        weighted = values.reshape(head.heads, -1, *values.shape[1:]) * weights[:, None]
        field = torch.cat([weights, weighted.flatten(0, 1)]).permute(1, 2, 0).numpy()
        return partial(self._pool_regions, field)

    @torch.inference_mode()
    def _pool_regions(self, field: FloatArray, proposals: Proposals) -> FloatArray:
        """Mask-guided embeddings from attention weights and weighted values, ``(h, w, A + C)``."""
        head = self.image_tower.pool
        pooled = torch.from_numpy(proposals.pool(field))  # (N, heads + C)
        total, sums = pooled[:, : head.heads], pooled[:, head.heads :]
        width = sums.shape[1] // head.heads  # said, as it cannot be inferred of no proposals
        means = sums.reshape(-1, head.heads, width) / total.clamp(min=1e-12)[..., None]
        return to_unit(head.project(means.flatten(1).to(self.device)))

    def _read(
        self, image: RGBImage, stride: int, output: Callable[[list[Tensor]], Tensor]
    ) -> Tensor:
        """An output of the image tower, ``(C, rows, columns)``, put together from windows.

        The image is padded on the right and below to a multiple of 16 by repeating its border.
        """
        height, width = image.shape[:2]
        padding = ((0, -height % TOP_STRIDE), (0, -width % TOP_STRIDE), (0, 0))
        padded = np.pad(image, padding, mode="edge")
        rows, columns = padded.shape[0] // stride, padded.shape[1] // stride
        result: Tensor | None = None
        for top in range(0, padded.shape[0], self.window):
            for left in range(0, padded.shape[1], self.window):
                part, inner, outer = _window(padded, top, left, self.window, self.halo, stride)
                maps = self.image_tower.maps(to_tensor([part], _MEAN, _STD, self.device))
                cells = output(maps)[0].float().cpu()
                if result is None:
                    result = torch.empty((rows, columns, len(cells))).permute(2, 0, 1)
                result[:, *outer] = cells[:, *inner]
        assert result is not None  # an image has at least one pixel
        return result

    def activations(
        self, image: RGBImage, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Grad-CAM of the image embedding, sharpened by what the dense features say of each cell.

        Grad-CAM at the stride-16 map under the attention pooling tells what speaks for a text,
        but a car is smaller than one of its cells. The squared probability of the text at stride 4,
        against the same rivals, tells where in the cell it is. The image is read at its own size,
        at most ``LARGEST_ACTIVATED`` pixels a side.
        """
        return self.activator(image)(texts, targets)

    @torch.no_grad()
    def activator(self, image: RGBImage) -> Activator:
        """Read an image once for the activations of any texts: two of its maps are kept."""
        height, width = image.shape[:2]
        factor = min(1.0, LARGEST_ACTIVATED / max(height, width))
        rows, columns = (
            TOP_STRIDE * max(1, round(side * factor / TOP_STRIDE)) for side in (height, width)
        )
        maps = self.image_tower.maps(
            to_tensor([resize(image, (rows, columns))], _MEAN, _STD, self.device)
        )
        cells = functional.normalize(self.image_tower.dense(maps)[0], dim=0)
        return partial(self._activate, maps[3], cells)

    def _activate(
        self, top: Tensor, cells: Tensor, texts: FloatArray, targets: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """Activations from the stride-16 map and the dense features ``(D, h, w)``."""
        prompts = torch.tensor(texts, device=self.device)
        with torch.enable_grad():
            leaf = top.detach().requires_grad_(True)
            coarse, probabilities = competitive_grad_cam(
                leaf, self.image_tower.pool(leaf), prompts, targets, self.logit_scale
            )
        with torch.no_grad():
            logits = self.dense_logit_scale * torch.einsum("dhw,td->hwt", cells, prompts)
            fine = competitive_log_probabilities(logits, targets).exp().permute(2, 0, 1)
        enlarged = functional.interpolate(
            torch.from_numpy(coarse)[:, None], fine.shape[1:], mode="bilinear", align_corners=False
        )[:, 0]
        return (enlarged * fine.cpu().square()).numpy(), probabilities


_Part = tuple[slice, slice]


def _window(
    image: RGBImage, top: int, left: int, side: int, halo: int, stride: int
) -> tuple[RGBImage, _Part, _Part]:
    """Pixels of a window with its halo, its own cells therein, and their place in the output."""
    inner, outer, pixels = [], [], []
    for start, length in ((top, image.shape[0]), (left, image.shape[1])):
        stop = min(start + side, length)
        low, high = max(0, start - halo), min(length, stop + halo)
        pixels.append(slice(low, high))
        inner.append(slice((start - low) // stride, (stop - low) // stride))
        outer.append(slice(start // stride, stop // stride))
    part = np.ascontiguousarray(image[pixels[0], pixels[1]])
    return part, (inner[0], inner[1]), (outer[0], outer[1])


def _even(cells: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Resample ``(C, h, w)`` cells of a padded image onto cells that divide the image evenly."""
    rows, columns = -(-height // stride), -(-width // stride)
    cells = cells[:, :rows, :columns]
    if height == rows * stride and width == columns * stride:
        return cells
    # centre of even cell k, normalised to [-1, 1] over the rows * stride tall padded map
    y = (torch.arange(rows) + 0.5) * (height / rows) / (rows * stride) * 2 - 1
    x = (torch.arange(columns) + 0.5) * (width / columns) / (columns * stride) * 2 - 1
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[None]
    return functional.grid_sample(
        cells[None], grid, mode="bilinear", padding_mode="border", align_corners=False
    )[0]
