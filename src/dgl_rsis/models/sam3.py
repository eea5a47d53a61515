"""SAM 3 by transformers: all instances of a noun, with scores.

Carion et al. 2025. The image is embedded once; every noun is one pass of the detector. An
instance's score is its own probability times that of the noun being there at all, its mask the
sigmoid of its logits, bilinear at full size. Boxes as prompts would need torchvision and are not
used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from dgl_rsis.models.checkpoints import WHAT, find_checkpoint, load_checkpoint
from dgl_rsis.models.hf_loading import quiet_transformers
from dgl_rsis.models.precision import Computing
from dgl_rsis.models.preprocess import Preprocessing, read_preprocessing
from dgl_rsis.models.torch_tools import to_tensor
from dgl_rsis.types import BoolArray, FloatArray, RGBImage

HALF = Preprocessing((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
TOKENS = 32  # of a noun; the released text tower has as many positions
CHUNK = 16  # masks brought to full size at once


class Sam3:
    """A detector of instances by noun.

    Args:
        model: a ``Sam3Model``.
        tokenizer: the tokenizer that belongs to it.
        preprocessing: normalisation of pixels.
        computing: where and how.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        preprocessing: Preprocessing = HALF,
        computing: Computing = Computing(),
    ) -> None:
        self.model = computing.prepare(model)
        self.tokenizer = tokenizer
        self.preprocessing = preprocessing
        self.computing, self.device = computing, computing.device
        size = model.config.vision_config.backbone_config.image_size
        self.input_side = int(size if isinstance(size, int) else size[0])
        self.tokens = min(TOKENS, int(model.config.text_config.max_position_embeddings))

    @classmethod
    def load(cls, name: str | None = None, device: str = "auto") -> Sam3:
        """Load a checkpoint by name; None takes the default.

        Raises:
            InputError: the device is not there.
            MissingExtraError: transformers is not installed.
            ModelError: the checkpoint is not there, incomplete, or of another kind.
        """
        return cls.from_folder(find_checkpoint("sam3", name), Computing.choose(device))

    @classmethod
    def from_folder(cls, folder: Path, computing: Computing = Computing()) -> Sam3:
        """Load a folder that ``find_checkpoint`` found."""
        model = load_checkpoint(folder, "sam3")
        with quiet_transformers(f"the tokenizer of {folder}", WHAT) as transformers:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return cls(model, tokenizer, read_preprocessing(folder, HALF), computing)

    def embed(
        self, image: RGBImage
    ) -> Callable[[str, float], tuple[Sequence[BoolArray], FloatArray]]:
        """Embed an image ``(H, W, 3)`` uint8 of any size.

        Returns:
            A function of a noun and the least score that gives the masks ``(H, W)`` of its
            instances and their scores ``(K,)`` in [0, 1], the surest first.
        """
        size = (self.input_side, self.input_side)
        resized = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR)
        mean, std = self.preprocessing.mean, self.preprocessing.std
        pixels = to_tensor([np.asarray(resized)], mean, std, self.device)
        with torch.inference_mode(), self.computing.in_precision():
            embedded = self.model.get_vision_features(pixel_values=pixels)
        shape = (int(image.shape[0]), int(image.shape[1]))

        def instances(noun: str, least: float) -> tuple[Sequence[BoolArray], FloatArray]:
            return self._instances(embedded, shape, noun, least)

        return instances

    @torch.inference_mode()
    def _instances(
        self, embedded: Any, shape: tuple[int, int], noun: str, least: float
    ) -> tuple[Sequence[BoolArray], FloatArray]:
        words = self.tokenizer(
            [noun],
            padding="max_length",
            truncation=True,
            max_length=self.tokens,
            return_tensors="pt",
        ).to(self.device)
        with self.computing.in_precision():
            output = self.model(
                vision_embeds=embedded,
                input_ids=words.input_ids,
                attention_mask=words.attention_mask,
            )
        scores = (
            output.pred_logits[0].float().sigmoid()
            * output.presence_logits.float().sigmoid().item()
        )
        order = torch.argsort(scores, descending=True, stable=True)
        order = order[scores[order] >= least]
        masks: list[BoolArray] = []
        for start in range(0, len(order), CHUNK):
            part = output.pred_masks[0][order[start : start + CHUNK]].float().sigmoid()
            full = functional.interpolate(part[None], shape, mode="bilinear", align_corners=False)
            masks += list((full[0] > 0.5).cpu().numpy())
        return masks, scores[order].cpu().numpy()
