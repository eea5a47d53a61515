"""Dense features of a CLIP as a paper reads them: attention, size, windows, global bias.

Lengths are in input sizes of the backbone, so that they are those of the papers for a model of
224 pixels: twice is 448, windows of one go by 112. Similarities of a window are brought to its
pixels, averaged where windows overlap, and the class token's own similarity is added to those of
its window (SegEarth-OV, Li et al., CVPR 2025, global bias alleviation: -0.3 of it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from dgl_rsis.benchmark.baselines.per_mask import batches
from dgl_rsis.models.dense_attention import VARIANTS, dense_tokens
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.torch_tools import resize, to_tensor, to_unit
from dgl_rsis.stages.fields import resample
from dgl_rsis.types import FloatArray, RGBImage


@dataclass(frozen=True)
class Reading:
    """How an image is read.

    Attributes:
        attention: a key of ``dense_attention.VARIANTS`` that needs no other model.
        side: of the resized image.
        shorter: whether ``side`` is the shorter one, else the longer.
        window: side of a window; None reads the image as a whole.
        stride: from one window to the next.
        bias: share of the class token's similarity that is added to that of each patch.
    """

    attention: str
    side: float = 2.0
    shorter: bool = False
    window: float | None = 1.0
    stride: float = 0.5
    bias: float = 0.0

    def scale(self, backbone: HfClip) -> float:
        """Inverse temperature of the authors, or that of the model."""
        return VARIANTS[self.attention].logit_scale or backbone.logit_scale

    def resized(self, image: RGBImage, backbone: HfClip) -> RGBImage:
        """The image at the size that is read, in whole patches."""
        height, width = image.shape[:2]
        length = min(height, width) if self.shorter else max(height, width)
        cells = self.side * backbone.input_size / length / backbone.patch
        rows, columns = (max(1, round(each * cells)) for each in (height, width))
        shape = (rows * backbone.patch, columns * backbone.patch)
        return resize(image, shape, backbone.preprocessing.resample)


@dataclass(frozen=True)
class DenseFeatures:
    """What a backbone says about the windows of an image, whatever the words.

    Attributes:
        shape: height and width of the resized image in pixels.
        corners: upper left pixel of each window, row and column.
        side: height and width of every window in pixels.
        cells: ``(windows, h, w, D)`` float32 of unit length.
        whole: ``(windows, D)`` float32 of unit length, by the class token; None without bias.
        bias: share of the class token's similarity.
    """

    shape: tuple[int, int]
    corners: tuple[tuple[int, int], ...]
    side: tuple[int, int]
    cells: FloatArray
    whole: FloatArray | None
    bias: float

    def cosines(self, texts: FloatArray) -> FloatArray:
        """Similarities ``(height, width, Q)`` to texts ``(Q, D)``, mean over windows."""
        total = np.zeros((*self.shape, len(texts)), np.float32)
        count = np.zeros((*self.shape, 1), np.float32)
        for number, (top, left) in enumerate(self.corners):
            part = np.s_[top : top + self.side[0], left : left + self.side[1]]
            similarity = resample(self.cells[number] @ texts.T, self.side)
            if self.whole is not None:
                similarity = similarity + self.bias * (texts @ self.whole[number])
            total[part] += similarity
            count[part] += 1
        return total / count


@torch.inference_mode()
def read_dense(backbone: HfClip, image: RGBImage, reading: Reading) -> DenseFeatures:
    """Read an image ``(H, W, 3)`` uint8 once, for any words."""
    picture = reading.resized(image, backbone)
    height, width = picture.shape[:2]
    largest = max(height, width)
    if reading.window is not None:
        largest = max(1, round(reading.window * backbone.input_size / backbone.patch))
        largest *= backbone.patch
    stride = max(1, round(reading.stride * backbone.input_size))
    side = (min(largest, height), min(largest, width))
    starts = [
        _starts(length, own, stride) for length, own in zip((height, width), side, strict=True)
    ]
    corners = tuple((top, left) for top in starts[0] for left in starts[1])
    facts, tower = backbone.preprocessing, backbone.tower
    cells, whole = [], []
    for batch in batches(len(corners)):
        places = [corners[index] for index in batch]
        parts = [picture[top : top + side[0], left : left + side[1]] for top, left in places]
        pixels = to_tensor(parts, facts.mean, facts.std, backbone.device)
        tokens = dense_tokens(reading.attention, tower, pixels)
        cells.append(functional.normalize(tokens.float(), dim=-1).cpu().numpy())
        if reading.bias:
            whole.append(to_unit(tower.image_features(pixels)))
    grid = (len(corners), side[0] // backbone.patch, side[1] // backbone.patch, -1)
    return DenseFeatures(
        (height, width),
        corners,
        side,
        np.concatenate(cells).reshape(grid),
        np.concatenate(whole) if whole else None,
        reading.bias,
    )


def _starts(length: int, side: int, stride: int) -> list[int]:
    """First pixels of windows that cover a length; the last one is shifted back to its end."""
    return [*range(0, length - side, stride), length - side]
