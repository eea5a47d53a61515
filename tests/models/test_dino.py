"""Keys of self-supervised ViTs against transformers' own forward pass."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dgl_rsis.models.dino import FEWEST, MOST, Dino, patch_grid

Folders = Callable[[str], Path]


@pytest.mark.parametrize(
    ("kind", "patch", "first"),
    [("dinov2", 14, 1), ("dinov3", 16, 3), ("vit", 8, 1), ("vit_without_pooler", 8, 1)],
)
def test_keys_are_those_of_the_last_layer(
    segmenter_folder: Folders, kind: str, patch: int, first: int
) -> None:
    from transformers import AutoModel

    image = np.random.default_rng(0).integers(0, 256, (90, 50, 3), dtype=np.uint8)
    dino = Dino.load(f"dir:{segmenter_folder(kind)}", "cpu")
    ours = dino.dense(image)
    rows, columns = patch_grid((90, 50), patch)
    assert ours.shape == (rows, columns, 32)
    model = AutoModel.from_pretrained(segmenter_folder(kind)).eval()
    layers = model.model.layer if kind == "dinov3" else None
    if layers is None:
        layers = model.encoder.layer if kind == "dinov2" else model.layers
    resized = Image.fromarray(image).resize(
        (columns * patch, rows * patch), Image.Resampling.BICUBIC
    )
    pixels = (np.asarray(resized, np.float32) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    values = torch.from_numpy(pixels.transpose(2, 0, 1)[None]).float()
    more = {"interpolate_pos_encoding": True} if kind.startswith("vit") else {}
    with torch.no_grad():
        hidden = model(values, output_hidden_states=True, **more).hidden_states[-2]
        last = layers[-1]
        normed = last.norm1(hidden) if hasattr(last, "norm1") else last.layernorm_before(hidden)
        keys = last.attention.k_proj(normed)[0, first:]
    expected = torch.nn.functional.normalize(keys, dim=-1).reshape(rows, columns, -1)
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    assert ours.reshape(-1, 32).std(axis=0).max() > 1e-3  # patches differ


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([8, 14, 16]))
def test_every_image_gets_a_bounded_number_of_patches(height: int, width: int, patch: int) -> None:
    rows, columns = patch_grid((height, width), patch)
    assert min(rows, columns) >= 1
    assert rows * columns <= (MOST + 1) ** 2
    if max(height, width) <= 4 * min(height, width):
        assert rows * columns >= (FEWEST - 2) ** 2
        assert rows / columns == pytest.approx(height / width, rel=0.1)


def test_one_pixel_is_an_image(segmenter_folder: Folders) -> None:
    found = Dino.load(str(segmenter_folder("dinov2")), "cpu").dense(np.zeros((1, 1, 3), np.uint8))
    assert found.shape == (FEWEST, FEWEST, 32)


@pytest.mark.parametrize("kind", ["dinov2", "dinov3", "vit"])
def test_threads_may_share_a_network(segmenter_folder: Folders, kind: str) -> None:
    dino = Dino.load(str(segmenter_folder(kind)), "cpu")
    pictures = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    alone = [dino.dense(each) for each in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(dino.dense, [*pictures] * 5))
    for ours, expected in zip(together, alone * 5, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_images_are_resized_by_the_filter_of_the_checkpoint(
    segmenter_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(segmenter_folder("vit"), folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"resample": 2}))
    image = np.random.default_rng(0).integers(0, 256, (90, 50, 3), dtype=np.uint8)
    dino = Dino.load(str(folder), "cpu")
    rows, columns = patch_grid((90, 50), 8)
    resized = Image.fromarray(image).resize((columns * 8, rows * 8), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(dino.dense(image), dino.dense(np.asarray(resized)))
    cubic = Dino.load(str(segmenter_folder("vit")), "cpu").dense(image)
    assert np.abs(dino.dense(image) - cubic).max() > 1e-4
