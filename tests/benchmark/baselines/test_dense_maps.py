"""Dense maps against formulas written out window by window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.benchmark.baselines.dense_maps import (
    CLEARCLIP,
    CLIP_ARGMAX,
    GEM_READING,
    MASKCLIP,
    SCLIP,
    SEGEARTH_OV,
    SEGEARTH_READING,
    DenseMap,
    decide,
)
from dgl_rsis.benchmark.baselines.dense_reading import Reading, read_dense
from dgl_rsis.benchmark.baselines.registry import map_method
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.preprocess import CLIP_MEAN, CLIP_STD
from dgl_rsis.pipeline import Model
from dgl_rsis.types import FloatArray, RGBImage

CORNERS = ((0, 0), (0, 16), (16, 0), (16, 16), (32, 0), (32, 16))
"""Windows of 32 pixels by steps of 16 in an image of 64 x 48."""


@pytest.fixture
def sharp() -> RGBImage:
    """Of the size that is read: its longer side is twice the input size."""
    return np.random.default_rng(2).integers(0, 256, (64, 48, 3), dtype=np.uint8)


@pytest.fixture
def texts(clip: HfClip) -> FloatArray:
    features = np.random.default_rng(3).normal(size=(5, clip.dim))
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


def window_pixels(image: RGBImage, top: int, left: int) -> Tensor:
    part = image[top : top + 32, left : left + 32]
    values = (part / 255 - CLIP_MEAN) / CLIP_STD
    return torch.tensor(values.transpose(2, 0, 1)[None], dtype=torch.float32)


def maskclip(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return v


def segearth(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    total = torch.zeros_like(v)
    for part in (q, k, v):
        total += (part @ part.T / 16**0.5).softmax(-1) @ v
    return total


def clearclip(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ q.T / 16**0.5).softmax(-1) @ v


def patches_by_hand(network: Any, pixels: Tensor, mix: Callable[..., Tensor]) -> Tensor:
    """Features ``(16, D)`` of the patches of a window: attention of the last block replaced."""
    vision = network.vision_model
    tokens = vision.pre_layrnorm(vision.embeddings(pixels))
    for block in vision.encoder.layers[:-1]:
        tokens = block(tokens, None)
    block = vision.encoder.layers[-1]
    x, attention = block.layer_norm1(tokens)[0], block.self_attn
    q, k, v = attention.q_proj(x), attention.k_proj(x), attention.v_proj(x)
    heads = [mix(q[:, p], k[:, p], v[:, p]) for p in (slice(0, 16), slice(16, 32))]
    mixed = attention.out_proj(torch.cat(heads, -1))
    features = network.visual_projection(vision.post_layernorm(mixed))[1:]
    return features / features.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize(
    ("method", "mix"), [(MASKCLIP, maskclip), (SEGEARTH_OV, segearth), (CLEARCLIP, clearclip)]
)
def test_features_of_every_window_are_the_formula(
    method: DenseMap, mix: Callable[..., Tensor], clip: HfClip, network: Any, sharp: RGBImage
) -> None:
    assert method.reading is not None
    found = read_dense(clip, sharp, method.reading)
    assert found.corners == CORNERS
    for cells, corner in zip(found.cells, CORNERS, strict=True):
        expected = patches_by_hand(network, window_pixels(sharp, *corner), mix)
        np.testing.assert_allclose(cells.reshape(16, -1), expected, atol=1e-5)


def test_similarities_are_averaged_where_windows_overlap(
    clip: HfClip, sharp: RGBImage, texts: FloatArray
) -> None:
    read = read_dense(clip, sharp, Reading("maskclip"))
    total, count = torch.zeros(5, 64, 48), torch.zeros(64, 48)
    for cells, (top, left) in zip(read.cells, CORNERS, strict=True):
        cosines = torch.tensor(cells @ texts.T).permute(2, 0, 1)[None]
        full = functional.interpolate(cosines, (32, 32), mode="bilinear")[0]
        total[:, top : top + 32, left : left + 32] += full
        count[top : top + 32, left : left + 32] += 1
    assert (int(count.min()), int(count.max())) == (1, 4)
    expected = (total / count).permute(1, 2, 0)
    np.testing.assert_allclose(read.cosines(texts), expected, atol=1e-5)


def test_segearth_takes_off_three_tenths_of_the_class_token(
    clip: HfClip, network: Any, sharp: RGBImage, texts: FloatArray
) -> None:
    biased = read_dense(clip, sharp, SEGEARTH_READING).cosines(texts)
    plain = read_dense(clip, sharp, Reading("segearth")).cosines(texts)
    total, count = np.zeros((64, 48, 5)), np.zeros((64, 48, 1))
    for top, left in CORNERS:
        whole = network.get_image_features(window_pixels(sharp, top, left)).pooler_output[0]
        total[top : top + 32, left : left + 32] += texts @ (whole / whole.norm()).numpy()
        count[top : top + 32, left : left + 32] += 1
    np.testing.assert_allclose(biased - plain, -0.3 * total / count, atol=1e-5)


def test_sizes_and_windows(clip: HfClip, image: RGBImage) -> None:
    # 45 x 70 pixels: the longer side becomes 64, the shorter 41.1 or whole patches of 8
    longer = read_dense(clip, image, Reading("clearclip"))
    assert (longer.shape, longer.side) == ((40, 64), (32, 32))
    assert longer.corners == ((0, 0), (0, 16), (0, 32), (8, 0), (8, 16), (8, 32))
    # SCLIP: the shorter side becomes 48
    assert SCLIP.reading is not None
    assert read_dense(clip, image, SCLIP.reading).shape == (48, 72)
    whole = read_dense(clip, image, GEM_READING)
    assert (whole.corners, whole.side) == (((0, 0),), (40, 64))
    narrow = read_dense(clip, image[:7], Reading("clearclip"))
    assert (narrow.shape, narrow.side) == ((8, 64), (8, 32))


def test_every_way_reads_by_its_own_attention() -> None:
    ways = ("clip-argmax", "maskclip", "sclip", "clearclip", "gem", "segearth-ov")
    readings = [cast("DenseMap", map_method(name)).reading for name in ways]
    found = [None if each is None else each.attention for each in readings]
    assert found == ["vanilla", "maskclip", "sclip", "clearclip", "gem", "segearth"]


def test_scales_are_those_of_the_authors_or_the_model(clip: HfClip) -> None:
    assert SEGEARTH_READING.scale(clip) == 50
    assert Reading("sclip").scale(clip) == 40
    assert Reading("maskclip").scale(clip) == clip.logit_scale


def test_decision_by_hand() -> None:
    # two names of class 0, one of class 1; exp(logits) are small whole numbers
    weights = np.array([[[3, 3, 4], [1, 6, 3]], [[1, 1, 8], [4, 3, 3]]], np.float32)
    owner = np.array([0, 0, 1])
    logits = np.log(weights)
    labels = decide(logits, owner, (2, 2), None, 0.9)
    assert labels.dtype == np.int16
    # the best name counts, not the sum of names
    assert labels.tolist() == [[1, 0], [1, 0]]
    # best probabilities .4, .6, .8, .4: below .5 is class 1
    assert decide(logits, owner, (2, 2), 1, 0.5).tolist() == [[1, 0], [1, 1]]
    assert decide(logits, owner, (2, 2), 1, 0.0).tolist() == [[1, 0], [1, 0]]
    larger = decide(logits, owner, (4, 4), None, 0.0)  # its corners are those of the cells
    assert larger[::3, ::3].tolist() == [[1, 0], [1, 0]]


def test_a_map_is_the_decision_on_scaled_similarities(worded: HfClip, sharp: RGBImage) -> None:
    words = ["road", "water, river", "tree"]
    model = Model(worded, make_settings())
    prompts = [f"a photo of a {word}." for word in ("road", "water", "river", "tree")]
    cosines = read_dense(worded, sharp, SEGEARTH_READING).cosines(worded.encode_texts(prompts))
    weights = np.exp(50 * cosines)
    names = weights / weights.sum(-1, keepdims=True)
    classes = np.stack([names[..., 0], names[..., 1:3].max(-1), names[..., 3]], -1)
    found = SEGEARTH_OV(model, sharp, words)
    clear = np.diff(np.sort(classes, -1)[..., -2:])[..., 0] > 1e-4
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(found[clear], classes.argmax(-1)[clear])
    unsure = float(np.median(classes.max(-1)))
    with_rest = SEGEARTH_OV(model, sharp, words, 2, threshold=unsure)
    sure = classes.max(-1) > unsure + 1e-4
    np.testing.assert_array_equal(with_rest[sure & clear], found[sure & clear])
    assert (with_rest[classes.max(-1) < unsure - 1e-4] == 2).all()


def test_clip_argmax_takes_the_features_of_other_backbones(coloured: Model) -> None:
    words = ["water", "road", "building", "vegetation"]
    labels = CLIP_ARGMAX(coloured, quarters(), words)
    found = [set(labels[y : y + 28, x : x + 28].ravel().tolist()) for y in (0, 36) for x in (0, 36)]
    assert found == [{2}, {3}, {0}, {1}]
    assert isinstance(coloured.backbone, ToyBackbone)
    assert coloured.backbone.calls["dense"] == 1


def test_others_need_a_class_token(coloured: Model) -> None:
    with pytest.raises(InputError, match="needs a ViT with a class token") as error:
        MASKCLIP(coloured, quarters(), ["water", "road"])
    assert "\n" not in str(error.value)
