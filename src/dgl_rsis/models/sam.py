"""SAM, SAM 2 and SAM-HQ by transformers: masks at points and in boxes.

Kirillov et al. 2023, Ravi et al. 2024, Ke et al. 2023. Pixels are resized and normalised here:
transformers' image processors of SAM 2 need torchvision. SAM and SAM-HQ see an image with its
longer side at the input size, filled up with zeros; SAM 2 sees it squeezed to a square. The image
is embedded once, prompts follow in batches sized to the free memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.checkpoints import find_checkpoint, load_checkpoint
from dgl_rsis.models.memory import batch_size
from dgl_rsis.models.precision import Computing
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.torch_tools import to_tensor
from dgl_rsis.types import FloatArray, RGBImage

IMAGENET = Preprocessing((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
MOST_PROMPTS = 64  # in a batch, as in the authors' automatic mode
LAYERS = 16  # copies of the image tokens that the decoder holds for every prompt, rounded up


class Sam:
    """A promptable segmenter.

    Args:
        model: a ``SamModel``, ``Sam2Model`` or ``SamHQModel``.
        preprocessing: normalisation of pixels.
        is_squeezed: whether the input is a squeezed square, else one that is filled up.
        predicted_iou: predicted IoU from which the authors' automatic mode keeps a mask.
        computing: where and how.
    """

    def __init__(
        self,
        model: Any,
        preprocessing: Preprocessing = IMAGENET,
        *,
        is_squeezed: bool,
        predicted_iou: float,
        computing: Computing = Computing(),
    ) -> None:
        self.model = computing.prepare(model)
        self.preprocessing = preprocessing
        self.is_squeezed = is_squeezed
        self.predicted_iou = predicted_iou
        self.computing, self.device = computing, computing.device
        self.input_side = int(model.config.prompt_encoder_config.image_size)

    @classmethod
    def load(cls, family: str, name: str | None = None, device: str = "auto") -> Sam:
        """Load a checkpoint.

        Args:
            family: ``sam``, ``sam2`` or ``samhq``.
            name: of the checkpoint; None takes the family's default.
            device: see ``choose_device``.

        Raises:
            InputError: the device is not there.
            MissingExtraError: transformers is not installed.
            ModelError: the checkpoint is not there, incomplete, or of another kind.
        """
        return cls.from_folder(find_checkpoint(family, name), family, Computing.choose(device))

    @classmethod
    def from_folder(cls, folder: Path, family: str, computing: Computing = Computing()) -> Sam:
        """Load a folder that ``find_checkpoint`` found."""
        is_second = family == "sam2"
        return cls(
            load_checkpoint(folder, family),
            read_preprocessing(folder, IMAGENET),
            is_squeezed=is_second,
            predicted_iou=0.8 if is_second else 0.88,
            computing=computing,
        )

    def embed(self, image: RGBImage) -> SamImage:
        """Embed an image ``(H, W, 3)`` uint8 of any size for prompts."""
        height, width = image.shape[:2]
        side = self.input_side
        seen = (side, side) if self.is_squeezed else _longest(height, width, side)
        resized = Image.fromarray(image).resize(seen[::-1], Image.Resampling.BILINEAR)
        mean, std = self.preprocessing.mean, self.preprocessing.std
        pixels = to_tensor([np.asarray(resized)], mean, std, self.device)
        pixels = functional.pad(pixels, (0, side - seen[1], 0, side - seen[0]))
        with torch.inference_mode(), self.computing.in_precision():
            embedded = self.model.get_image_embeddings(pixels)
        prepared = {"image_embeddings": embedded}
        if isinstance(embedded, tuple):  # SAM-HQ looks at an early layer too
            prepared = dict(
                zip(("image_embeddings", "intermediate_embeddings"), embedded, strict=True)
            )
        return SamImage(self, prepared, (height, width), seen)


@dataclass(frozen=True, eq=False)
class SamImage:
    """An embedded image that can be asked for masks, see ``proposals.base.EmbeddedImage``.

    Attributes:
        sam: the segmenter.
        prepared: what the network computed of the image.
        shape: height and width of the image in pixels.
        seen: height and width of the part of the input that it fills.
    """

    sam: Sam
    prepared: dict[str, Any]
    shape: tuple[int, int]
    seen: tuple[int, int]

    def at_points(self, points: NDArray[Any]) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Masks of what lies at each point, ``(P, 2)`` ``x, y`` in the pixel frame."""
        return self._masks(
            self._inside(points), lambda part: {"input_points": part[None, :, None]}, True
        )

    def in_boxes(self, boxes: NDArray[Any]) -> Iterator[tuple[FloatArray, FloatArray]]:
        """The mask of what fills each box, ``(P, 4)`` ``x0, y0, x1, y1`` in the pixel frame."""
        corners = self._inside(boxes.reshape(-1, 2)).reshape(-1, 4)
        return self._masks(corners, lambda part: {"input_boxes": part[None]}, False)

    def at_full_size(self, logits: FloatArray) -> FloatArray:
        """Logits ``(K, h, w)`` of masks as ``(K, H, W)``, bilinear."""
        fields = torch.from_numpy(np.ascontiguousarray(logits)).to(self.sam.device)[:, None]
        if not self.sam.is_squeezed:
            fields = _resized(fields, (self.sam.input_side, self.sam.input_side))
            fields = fields[..., : self.seen[0], : self.seen[1]]
        return np.asarray(_resized(fields, self.shape)[:, 0].cpu().numpy())

    def _inside(self, points: NDArray[Any]) -> FloatArray:
        """Points in the input as SAM counts: pixel centres are whole numbers."""
        scale = np.array([self.seen[1] / self.shape[1], self.seen[0] / self.shape[0]])
        return np.asarray(points * scale - 0.5, dtype=np.float32)

    def _masks(
        self,
        prompts: FloatArray,
        named: Callable[[Tensor], dict[str, Tensor]],
        is_ambiguous: bool,
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Logits ``(B, M, h, w)`` and predicted IoU ``(B, M)`` of one batch after the other."""
        model = self.sam.model
        facts = model.config.prompt_encoder_config
        tokens = (facts.image_size // facts.patch_size) ** 2
        count = batch_size(LAYERS * tokens * facts.hidden_size * 4, self.sam.device, MOST_PROMPTS)
        for start in range(0, len(prompts), count):
            part = torch.from_numpy(prompts[start : start + count]).to(self.sam.device)
            with torch.inference_mode(), self.sam.computing.in_precision():
                output = model(**self.prepared, **named(part), multimask_output=is_ambiguous)
            yield (
                output.pred_masks[0].float().cpu().numpy(),
                output.iou_scores[0].float().cpu().numpy(),
            )


def _longest(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width with the longer one at ``side``."""
    scale = side / max(height, width)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def _resized(fields: Tensor, shape: tuple[int, int]) -> Tensor:
    return functional.interpolate(fields, shape, mode="bilinear", align_corners=False)
