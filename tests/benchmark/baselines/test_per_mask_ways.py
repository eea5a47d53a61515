"""Global-Local CLIP and HybridGL against their descriptions, mask by mask and token by token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from vit_checkpoints import save_siglip

from dgl_rsis.benchmark.baselines.global_local import global_local
from dgl_rsis.benchmark.baselines.hybrid_gl import blur, hybrid_gl
from dgl_rsis.benchmark.baselines.per_mask import BATCH, grid_masks
from dgl_rsis.errors import InputError
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.preprocess import CLIP_MEAN, CLIP_STD
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import BoolArray, FloatArray, RGBImage

Way = Callable[[HfClip, RGBImage, MaskSet], FloatArray]
WAYS = pytest.mark.parametrize("way", [global_local, hybrid_gl])
GRID = 4  # patches a side


def normalised(picture: RGBImage) -> Tensor:
    """The picture squeezed to 32 px, ``(1, 3, 32, 32)``."""
    small = Image.fromarray(picture).resize((32, 32), Image.Resampling.BICUBIC)
    values = (np.asarray(small) / 255 - CLIP_MEAN) / CLIP_STD
    return torch.tensor(values.transpose(2, 0, 1)[None], dtype=torch.float32)


def tokens_of(network: Any, pixels: Tensor, blocks: int) -> Tensor:
    """Tokens behind the first blocks, ``(17, 32)``."""
    vision = network.vision_model
    tokens = vision.pre_layrnorm(vision.embeddings(pixels))
    for block in vision.encoder.layers[:blocks]:
        tokens = block(tokens, None)
    return tokens[0]


def joint(network: Any, token: Tensor) -> Tensor:
    return network.visual_projection(network.vision_model.post_layernorm(token))


def on_grid(mask: BoolArray) -> list[float]:
    """Bilinear value of a mask in the middle of each patch, from its four pixels."""
    height, width = mask.shape
    values = []
    for row in range(GRID):
        for column in range(GRID):
            y, x = (row + 0.5) * height / GRID - 0.5, (column + 0.5) * width / GRID - 0.5
            y0, x0 = int(y), int(x)
            part = mask[y0 : y0 + 2, x0 : x0 + 2].astype(float)
            upper, lower = part @ (1 - (x - x0), x - x0)
            values.append(float(upper * (1 - (y - y0)) + lower * (y - y0)))
    return values


def unit(vector: Tensor) -> FloatArray:
    return (vector / vector.norm()).numpy()


def global_local_by_hand(
    network: Any, image: RGBImage, mask: BoolArray, share: float
) -> FloatArray:
    """METHODS of the paper word for word, for one mask."""
    tokens = tokens_of(network, normalised(image), 9).clone()
    for block in network.vision_model.encoder.layers[9:]:
        for patch, value in enumerate(on_grid(mask), start=1):
            tokens[patch] *= value
        tokens = block(tokens[None], None)[0]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    filled = image.copy()
    filled[~mask] = np.rint(255 * np.array([0.485, 0.456, 0.406]))
    crop = filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    local = joint(network, tokens_of(network, normalised(crop), 12)[0])
    return unit(share * joint(network, tokens[0]) + (1 - share) * local)


def hybrid_by_hand(network: Any, image: RGBImage, mask: BoolArray) -> FloatArray:
    """The global picture feeds the local one, for one mask."""
    sharp, filled = blur(image), image.copy()
    sharp[mask] = image[mask]
    filled[~mask] = np.rint(255 * np.array(CLIP_MEAN))
    around = tokens_of(network, normalised(sharp), 9)
    own = tokens_of(network, normalised(filled), 9)
    values = torch.tensor([1.0, *on_grid(mask)])
    bias = torch.zeros(17, 17)
    bias[0, values < 0.5] = -torch.inf
    for block in network.vision_model.encoder.layers[9:]:
        own = block((own + 2 * around * values[:, None])[None], None)[0]
        around = block(around[None], bias[None, None])[0]
    return unit(joint(network, own[0]))


@pytest.mark.parametrize("share", [0.0, 0.85, 1.0])
def test_global_local_is_that_of_the_paper(
    share: float, clip: HfClip, network: Any, image: RGBImage, masks: MaskSet
) -> None:
    expected = [
        global_local_by_hand(network, image, masks.mask(k), share) for k in range(len(masks))
    ]
    found = global_local(clip, image, masks, share=share)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hybrid_is_that_of_the_paper(
    clip: HfClip, network: Any, image: RGBImage, masks: MaskSet
) -> None:
    expected = [hybrid_by_hand(network, image, masks.mask(k)) for k in range(len(masks))]
    np.testing.assert_allclose(hybrid_gl(clip, image, masks), expected, atol=1e-5)


def test_global_local_of_everything_is_the_image_embedding(
    clip: HfClip, image: RGBImage, masks: MaskSet
) -> None:
    found = global_local(clip, image, masks.take([0]))
    np.testing.assert_allclose(found, clip.encode_images([image]), atol=1e-5)


def test_hybrid_of_everything_feeds_the_image_into_itself(
    clip: HfClip, network: Any, image: RGBImage, masks: MaskSet
) -> None:
    around = own = tokens_of(network, normalised(image), 9)[None]
    for block in network.vision_model.encoder.layers[9:]:
        own, around = block(own + 2 * around, None), block(around, None)
    expected = unit(joint(network, own[0, 0]))
    np.testing.assert_allclose(hybrid_gl(clip, image, masks.take([0]))[0], expected, atol=1e-5)


@WAYS
def test_masks_do_not_depend_on_each_other(
    way: Way, clip: HfClip, image: RGBImage, masks: MaskSet
) -> None:
    many = masks.take([k % len(masks) for k in range(BATCH + 3)])
    together = way(clip, image, many)
    assert together.shape == (BATCH + 3, clip.dim)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for number in (1, 3, BATCH, BATCH + 2):
        alone = way(clip, image, many.take([number]))
        np.testing.assert_allclose(together[number], alone[0], atol=1e-5)


@WAYS
def test_no_masks_have_no_embeddings(way: Way, clip: HfClip, image: RGBImage) -> None:
    nothing = MaskSet.from_masks([], image.shape[:2])
    assert way(clip, image, nothing).shape == (0, clip.dim)


@WAYS
def test_a_class_token_is_needed(way: Way, tmp_path: Path, image: RGBImage, masks: MaskSet) -> None:
    save_siglip(tmp_path / "siglip")
    model = HfClip.from_folder(tmp_path / "siglip")
    with pytest.raises(InputError, match="class token"):
        way(model, image, masks)


def test_masks_on_the_grid(clip: HfClip, masks: MaskSet) -> None:
    cells = grid_masks(clip, masks, range(len(masks))).numpy()
    np.testing.assert_allclose(cells, [on_grid(masks.mask(k)) for k in range(5)], atol=1e-6)
    assert (cells[0] == 1).all()
    assert np.flatnonzero(cells[3]).tolist() == [10]  # the third row's third patch
    assert not cells[4].any()  # a pixel between the middles of patches is not seen


def test_blur_spreads_a_pixel_by_a_normal_curve_of_15_pixels() -> None:
    dot = np.zeros((31, 41, 3), np.uint8)
    dot[15, 20] = 255
    steps = np.exp(-0.5 * (np.arange(-7, 8) / 2.6) ** 2)
    expected = np.rint(255 * np.outer(steps, steps) / steps.sum() ** 2)
    found = blur(dot)
    np.testing.assert_array_equal(found[8:23, 13:28, 0], expected)
    assert not found[:8].any()
    assert not found[:, :13].any()
    assert (blur(np.full((9, 9, 3), 77, np.uint8)) == 77).all()
