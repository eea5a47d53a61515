"""Mask tokens against the definition: a longer sequence with restricted attention, or a masked probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional
from vit_checkpoints import FAMILIES

from dgl_rsis.models import mask_tokens
from dgl_rsis.models.base import BackboneOptions
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.mask_tokens import covered_patches, mask_embeddings
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.tree import build_region_tree
from dgl_rsis.types import FloatArray, RGBImage

Vit = Callable[[str], HfClip]
Picture = Callable[..., RGBImage]
WITH_TOKEN = ["clip", "metaclip_2"]
SIZES = [(32, 32), (16, 64), (48, 40), (8, 8)]


def unit(features: Tensor) -> FloatArray:
    return functional.normalize(features, dim=-1).numpy()


def random_patches(count: int, patches: int, seed: int = 0) -> NDArray[np.bool_]:
    """Random sets of patches, none of them empty."""
    generator = np.random.default_rng(seed)
    seen = generator.random((count, patches)) < generator.random((count, 1))
    seen[np.arange(count), generator.integers(0, patches, count)] = True
    return np.asarray(seen)


def pixels_of(size: tuple[int, int], seed: int = 2) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(seed))


def embed(model: HfClip, pixels: Tensor, seen: NDArray[np.bool_]) -> FloatArray:
    with torch.no_grad():
        return unit(mask_embeddings(model.tower, pixels, csr_array(seen)))


def long_sequence(model: Any, pixels: Tensor, seen: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
    """docs/design.md 1.6 word for word: tokens are appended, attention is restricted by a mask.

    Returns:
        Embeddings of the mask tokens, and the image tokens behind the last block.
    """
    vision = model.vision_model
    tokens = vision.pre_layrnorm(vision.embeddings(pixels, interpolate_pos_encoding=True))
    image, count = tokens.shape[1], len(seen)
    tokens = torch.cat([tokens, tokens[:, :1].expand(-1, count, -1)], dim=1)
    allowed = torch.zeros(image + count, image + count, dtype=torch.bool)
    allowed[:image, :image] = True
    allowed[image:, 1:image] = torch.from_numpy(seen)
    allowed[image:, image:] = torch.eye(count, dtype=torch.bool)
    bias = torch.zeros(allowed.shape).masked_fill(~allowed, -torch.inf)
    for block in vision.encoder.layers:
        tokens = block(tokens, bias[None, None])
    embedded = model.visual_projection(vision.post_layernorm(tokens[0, image:]))
    return embedded, tokens[:, :image]


@pytest.mark.parametrize("family", WITH_TOKEN)
@pytest.mark.parametrize("size", SIZES)
def test_mask_tokens_are_those_of_the_longer_sequence(
    family: str, size: tuple[int, int], vit: Vit, reference: Any
) -> None:
    pixels, patches = pixels_of(size), size[0] * size[1] // 64
    seen = random_patches(40, patches)
    expected, image_tokens = long_sequence(reference(family), pixels, seen)
    np.testing.assert_allclose(embed(vit(family), pixels, seen), unit(expected), atol=1e-5)
    # and the image tokens of that sequence are the ordinary ones: nobody attends to mask tokens
    vision = reference(family).vision_model
    ordinary = vision(pixels, interpolate_pos_encoding=True).last_hidden_state
    torch.testing.assert_close(image_tokens, ordinary, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", ["siglip", "siglip2"])
@pytest.mark.parametrize("size", SIZES)
def test_the_probe_sees_the_patches_of_its_mask_only(
    family: str, size: tuple[int, int], vit: Vit, reference: Any
) -> None:
    """The pooling head of transformers on the patches of each mask alone."""
    pixels, seen = pixels_of(size), random_patches(40, size[0] * size[1] // 64)
    model, vision = vit(family), reference(family).vision_model
    with torch.no_grad():
        tokens = vision.post_layernorm(model.tower.before(pixels, 0))
    expected = torch.cat([vision.head(tokens[:, torch.from_numpy(row)]) for row in seen])
    np.testing.assert_allclose(embed(model, pixels, seen), unit(expected), atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", SIZES)
def test_a_full_mask_is_the_image_embedding(
    family: str, size: tuple[int, int], vit: Vit, reference: Any
) -> None:
    model, pixels = vit(family), pixels_of(size)
    full = np.ones((1, size[0] * size[1] // 64), bool)
    ours = embed(model, pixels, full)
    np.testing.assert_allclose(ours, model.embed_pixels(pixels), atol=1e-5)
    if family != "siglip2":  # its own forward takes patches; embed_pixels is compared with it
        output = reference(family).get_image_features(pixels, interpolate_pos_encoding=True)
        np.testing.assert_allclose(ours, unit(output.pooler_output), atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_masks_do_not_depend_on_each_other(family: str, vit: Vit) -> None:
    model, pixels = vit(family), pixels_of((40, 48))
    seen = random_patches(500, 30)
    together = embed(model, pixels, seen)
    assert together.shape == (500, model.dim)
    few = [0, 7, mask_tokens.CHUNK - 1, mask_tokens.CHUNK, 499]
    alone = np.concatenate([embed(model, pixels, seen[[k]]) for k in few])
    np.testing.assert_allclose(together[few], alone, atol=1e-5)
    np.testing.assert_allclose(embed(model, pixels, seen[::-1]), together[::-1], atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_regions_are_embeddings_of_the_patches_under_the_masks(
    family: str, vit: Vit, picture: Picture
) -> None:
    model, side = vit(family), vit(family).input_size
    image = picture(side, side)
    masks = np.zeros((4, side, side), bool)
    masks[0] = True
    masks[1, :8, 8:20] = True  # a patch and a half
    masks[2, 9, 25] = True  # one pixel
    masks[3, 14:18, 6:10] = True  # a corner of four patches, a quarter of none
    regions = model.regions(image, MaskSet.from_masks(masks))
    np.testing.assert_allclose(np.linalg.norm(regions, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(regions[0], model.encode_images([image])[0], atol=1e-5)
    cells = np.zeros((3, 16), bool)
    cells[0, [1, 2]] = cells[1, 7] = cells[2, 4] = True
    np.testing.assert_allclose(regions[1:], embed(model, model._pixels([image]), cells), atol=1e-5)
    assert model.regions(image, MaskSet.from_masks([], (side, side))).shape == (0, model.dim)


def test_full_masks_of_other_images_are_the_image_in_whole_patches(
    vit: Vit, picture: Picture
) -> None:
    model, image = vit("siglip"), picture(45, 90)
    everything = MaskSet.from_boxes(np.array([[0, 0, 90, 45]]), (45, 90))
    resized = model._resized(image, (48, 88))
    expected = model.embed_pixels(model._pixels([resized]))
    np.testing.assert_allclose(model.regions(image, everything), expected, atol=1e-5)


def test_large_images_are_read_at_the_side_that_is_set(vit_folder: Any, picture: Picture) -> None:
    model = load_backbone(str(vit_folder("clip")), "cpu", BackboneOptions(region_side=64))
    assert isinstance(model, HfClip)
    image = picture(128, 200)
    everything = MaskSet.from_boxes(np.array([[0, 0, 200, 128]]), (128, 200))
    expected = model.embed_pixels(model._pixels([model._resized(image, (48, 80))]))
    np.testing.assert_allclose(model.regions(image, everything), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 9000), (9000, 1), (3, 4000)])
def test_very_long_images_are_bounded_too(
    size: tuple[int, int], vit_folder: Any, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_backbone(str(vit_folder("clip")), "cpu", BackboneOptions(region_side=64))
    assert isinstance(model, HfClip)
    read: list[tuple[int, ...]] = []
    pixels_of_images = model._pixels
    monkeypatch.setattr(
        model, "_pixels", lambda images: read.append(images[0].shape) or pixels_of_images(images)
    )
    model.regions(picture(*size), MaskSet.from_boxes(np.array([[0, 0, *size[::-1]]]), size))
    assert read[0][0] * read[0][1] == 64 * 64


def test_any_number_of_masks_takes_the_same_memory(
    vit: Vit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mask tokens of at most a pass are alive at once; passes agree with one another."""
    model, pixels, seen = vit("clip"), pixels_of((32, 32)), random_patches(70, 16)
    together = embed(model, pixels, seen)
    alive: list[int] = []
    step = mask_tokens._step

    def counted(*arguments: Any, **more: Any) -> Any:
        alive.append(sum(chunk.shape[1] for chunk in arguments[2]))
        return step(*arguments, **more)

    monkeypatch.setattr(mask_tokens, "CHUNK", 8)
    monkeypatch.setattr(mask_tokens, "PASS", 32)
    monkeypatch.setattr(mask_tokens, "_step", counted)
    np.testing.assert_allclose(embed(model, pixels, seen), together, atol=1e-5)
    assert sorted(set(alive)) == [6, 32]


def by_hand(masks: NDArray[np.bool_], shape: tuple[int, int], patch: int) -> NDArray[np.bool_]:
    """Patches of masks pixel by pixel."""
    grid = (shape[0] // patch, shape[1] // patch)
    shares = np.zeros((len(masks), *grid))
    counts = np.zeros(grid)
    for row in range(masks.shape[1]):
        for column in range(masks.shape[2]):
            y = min(int((row + 0.5) * shape[0] / masks.shape[1] / patch), grid[0] - 1)
            x = min(int((column + 0.5) * shape[1] / masks.shape[2] / patch), grid[1] - 1)
            counts[y, x] += 1
            shares[:, y, x] += masks[:, row, column]
    flat = (shares / counts).reshape(len(masks), -1)
    seen = flat >= 0.5
    for number in np.flatnonzero(~seen.any(1)):
        seen[number, flat[number].argmax()] = True
    return np.asarray(seen)


@given(
    shape=st.tuples(st.integers(2, 20), st.integers(2, 20)),
    grid=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    beyond=st.integers(0, 2),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_patches_are_covered_by_half_or_hold_most(
    shape: tuple[int, int], grid: tuple[int, int], beyond: int, share: float, seed: int
) -> None:
    masks = np.random.default_rng(seed).random((5, *shape)) < share
    masks[:, 0, 0] = True  # a mask has at least one pixel
    masks[0] = True
    read = (3 * grid[0] + beyond, 3 * grid[1] + beyond)
    covered = covered_patches(MaskSet.from_masks(masks), read, 3)
    np.testing.assert_array_equal(covered.toarray(), by_hand(masks, read, 3))
    assert covered.toarray()[0].all()


def test_nodes_of_trees_have_the_patches_of_their_masks(picture: Picture) -> None:
    tree = build_region_tree(picture(40, 64))
    masks = np.stack([tree.mask(index) for index in range(len(tree))])
    covered = covered_patches(tree, (40, 64), 8)
    np.testing.assert_array_equal(covered.toarray(), by_hand(masks, (40, 64), 8))


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_half_precision_changes_little(family: str, vit: Vit, vit_folder: Any) -> None:
    options = BackboneOptions(precision="bfloat16")
    half = load_backbone(str(vit_folder(family)), "cpu", options)
    image = np.random.default_rng(1).integers(0, 256, (40, 64, 3), dtype=np.uint8)
    masks = MaskSet.from_boxes(np.array([[0, 0, 64, 40], [8, 8, 30, 30], [3, 3, 4, 4]]), (40, 64))
    cosines = (vit(family).regions(image, masks) * half.regions(image, masks)).sum(-1)
    assert 0.98 < cosines.min() < 1 - 1e-7
