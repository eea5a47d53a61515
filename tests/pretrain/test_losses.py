import numpy as np
import pytest
import torch
from pretrain.concepts import GROUPS, LABELS, TILE_NAMES
from pretrain.data import CONCEPT_NAMES, SCENE_NAMES, Batch
from pretrain.image import to_input
from pretrain.losses import (
    Texts,
    _components,
    _pairs,
    _required,
    among_concepts,
    among_tiles,
    embed_regions,
    losses,
    with_groups,
)

from dgl_rsis.models.tiny_networks import ImageTower, TinyConfig

SMALL = TinyConfig(
    dim=8, stem=4, channels=(4, 8, 8, 8), blocks=(1, 1, 1, 1), pyramid=8, pool_heads=2
)
SETTINGS = {
    "caption_weight": 1.0,
    "dense_weight": 1.0,
    "region_weight": 1.0,
    "partial_weight": 1.0,
    "required_weight": 1.0,
    "tile_weight": 1.0,
}


def unit(rows):
    return torch.nn.functional.normalize(torch.randn(rows, 8), dim=-1)


def test_all_losses_reach_the_weights():
    torch.manual_seed(0)
    count, concepts = 2, len(CONCEPT_NAMES)
    rng = np.random.default_rng(0)
    required = np.zeros((count, concepts), np.float32)
    required[:, 0] = 0.2
    batch = Batch(
        rng.integers(0, 255, (4, 32, 32, 3), dtype=np.uint8),
        np.array([0, 1]),
        np.array([0, -1]),
        np.ones((count, concepts), bool),
        required,
        rng.integers(-1, concepts, (2, 32, 32)).astype(np.int16),
        slice(1, 2),
    )
    tower = ImageTower(SMALL)
    texts = Texts(unit(len(SCENE_NAMES)), unit(1), unit(concepts), unit(len(TILE_NAMES)))
    parts = losses(tower, batch, to_input(batch.images, "cpu"), texts, SETTINGS)
    assert set(parts) == {"scene", "caption", "dense", "region", "tiles", "partial", "required"}
    torch.stack(list(parts.values())).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in tower.parameters())


def test_without_real_scenes_only_dense_labels_teach():
    torch.manual_seed(0)
    concepts = len(CONCEPT_NAMES)
    nothing = np.zeros(0, np.int64)
    rows = np.zeros((0, concepts))
    dense = np.full((2, 32, 32), concepts, np.int16)  # the first group
    images = np.zeros((2, 32, 32, 3), np.uint8)
    tables = (rows.astype(bool), rows.astype(np.float32))
    batch = Batch(images, nothing, nothing, *tables, dense, slice(0, 0))
    texts = Texts(unit(len(SCENE_NAMES)), unit(0), unit(concepts), unit(len(TILE_NAMES)))
    parts = losses(ImageTower(SMALL), batch, to_input(images, "cpu"), texts, SETTINGS)
    assert set(parts) == {"dense", "region"}
    assert all(part.isfinite() for part in parts.values())


def test_a_group_is_as_probable_as_its_concepts_together():
    logp = torch.randn(2, len(CONCEPT_NAMES), 3).log_softmax(1)
    p = with_groups(logp).exp()
    members = [CONCEPT_NAMES.index(name) for name in GROUPS["vegetation"]]
    assert p.shape == (2, len(CONCEPT_NAMES) + len(GROUPS), 3)
    torch.testing.assert_close(p[:, : len(CONCEPT_NAMES)], logp.exp())
    torch.testing.assert_close(p[:, len(CONCEPT_NAMES)], p[:, members].sum(1))


def test_required_asks_for_the_most_probable_share():
    logp = torch.log(torch.tensor([[[0.5, 0.25, 0.25, 0.25]]]))  # one image, concept, four cells
    loss = _required(logp, np.array([[0.25]], np.float32))
    assert loss.item() == pytest.approx(np.log(2))
    half = _required(logp, np.array([[0.5]], np.float32))
    assert half.item() == pytest.approx(1.5 * np.log(2))


def test_nothing_required_costs_nothing():
    logp = torch.zeros(2, 3, 4, requires_grad=True)
    assert _required(logp, np.zeros((2, 3), np.float32)).item() == 0


def test_pairs_are_told_apart_both_ways():
    logits = torch.log(torch.tensor([[1.0, 3.0], [1.0, 1.0]]))
    ways = np.log([4, 2]).mean() + np.log([2, 4]).mean()  # over rows, over columns
    assert _pairs(logits).item() == pytest.approx(ways / 2)
    assert _pairs(torch.zeros(0, 0)).item() == 0


def test_real_scenes_without_captions_have_no_caption_loss():
    torch.manual_seed(0)
    concepts = len(CONCEPT_NAMES)
    batch = Batch(
        np.zeros((2, 32, 32, 3), np.uint8),
        np.array([0]),
        np.array([-1]),
        np.ones((1, concepts), bool),
        np.zeros((1, concepts), np.float32),
        np.zeros((1, 32, 32), np.int16),
        slice(0, 0),
    )
    texts = Texts(unit(len(SCENE_NAMES)), unit(0), unit(concepts), unit(len(TILE_NAMES)))
    parts = losses(ImageTower(SMALL), batch, to_input(batch.images, "cpu"), texts, SETTINGS)
    assert (parts["caption"].item(), parts["required"].item()) == (0, 0)
    assert all(part.isfinite() for part in parts.values())


def test_a_region_of_everything_is_the_image_embedding():
    torch.manual_seed(0)
    tower = ImageTower(SMALL).eval()
    top = torch.randn(1, 8, 2, 2)
    regions = embed_regions(tower, top, torch.full((1, 32, 32), 1))
    assert (regions.image.tolist(), regions.label.tolist()) == ([0], [1])
    whole = torch.nn.functional.normalize(tower.pool(top), dim=-1)
    torch.testing.assert_close(regions.features, whole, atol=1e-4, rtol=0)


def test_tiles_have_five_names_and_nothing_else():
    labels = torch.tensor([-1, *(LABELS.index(name) for name in TILE_NAMES), LABELS.index("car")])
    assert among_tiles(labels).tolist() == [-1, 0, 1, 2, 3, 4, -1]


def test_what_only_tiles_name_is_no_concept():
    labels = torch.tensor([-1, 0, LABELS.index("vegetation"), LABELS.index("unpaved")])
    assert among_concepts(labels).tolist() == [-1, 0, LABELS.index("vegetation"), -1]


def test_nothing_labelled_costs_nothing():
    torch.manual_seed(0)
    nothing, rows = np.zeros(0, np.int64), np.zeros((0, len(CONCEPT_NAMES)))
    images, dense = np.zeros((2, 32, 32, 3), np.uint8), np.full((2, 32, 32), -1, np.int16)
    tables = (rows.astype(bool), rows.astype(np.float32))
    batch = Batch(images, nothing, nothing, *tables, dense, slice(1, 2))
    texts = Texts(unit(1), unit(0), unit(len(CONCEPT_NAMES)), unit(len(TILE_NAMES)))
    parts = losses(ImageTower(SMALL), batch, to_input(images, "cpu"), texts, SETTINGS)
    assert {name: part.item() for name, part in parts.items()} == dict.fromkeys(parts, 0.0)


def test_small_components_and_rare_labels_count_alike():
    labels = torch.full((1, 32, 32), 0)
    labels[:, :8, :8] = 1  # 16 cells of 256
    p = torch.full((1, 2, 16, 16), 0.5)
    p[0, :, :4, :4] = torch.tensor([0.75, 0.25])[:, None, None]
    loss = _components(p.log(), labels)
    assert loss.item() == pytest.approx((np.log(2) + np.log(4)) / 2, abs=1e-4)
