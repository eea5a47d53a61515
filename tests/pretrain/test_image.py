import numpy as np
import pytest
import torch
from pretrain.concepts import GROUPS
from pretrain.data import CONCEPT_NAMES, SCENE_NAMES, Batch
from pretrain.image import (
    _learning_rate,
    _regions,
    _required,
    losses,
    recolour,
    to_input,
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
    )
    tower = ImageTower(SMALL)
    texts = (unit(len(SCENE_NAMES)), unit(1), unit(concepts))
    parts = losses(tower, batch, to_input(batch.images, "cpu"), texts, SETTINGS)
    assert set(parts) == {"scene", "caption", "dense", "region", "partial", "required"}
    torch.stack(list(parts.values())).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in tower.parameters())


def test_without_real_scenes_only_dense_labels_teach():
    torch.manual_seed(0)
    concepts = len(CONCEPT_NAMES)
    nothing = np.zeros(0, np.int64)
    rows = np.zeros((0, concepts))
    dense = np.full((2, 32, 32), concepts, np.int16)  # the first group
    images = np.zeros((2, 32, 32, 3), np.uint8)
    batch = Batch(images, nothing, nothing, rows.astype(bool), rows.astype(np.float32), dense)
    texts = (unit(len(SCENE_NAMES)), torch.zeros(0, 8), unit(concepts))
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


def test_the_rate_warms_up_stays_and_falls_to_zero():
    settings = {"learning_rate": 2.0, "warmup": 4, "steps": 20, "final_steps": 5}
    rates = [_learning_rate(step, settings) for step in range(20)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4:16] == [2.0] * 12
    assert rates[16:] == pytest.approx([1.6, 1.2, 0.8, 0.4])


def test_required_asks_for_the_most_probable_share():
    logp = torch.log(torch.tensor([[[0.5, 0.25, 0.25, 0.25]]]))  # one image, concept, four cells
    loss = _required(logp, np.array([[0.25]], np.float32))
    assert loss.item() == pytest.approx(np.log(2))
    half = _required(logp, np.array([[0.5]], np.float32))
    assert half.item() == pytest.approx(1.5 * np.log(2))


def test_a_region_of_everything_is_the_image_embedding():
    torch.manual_seed(0)
    tower = ImageTower(SMALL).eval()
    top = torch.randn(1, 8, 2, 2)
    texts = unit(len(CONCEPT_NAMES))
    loss = _regions(tower, top, np.full((1, 32, 32), 1, np.int16), texts)
    whole = torch.nn.functional.normalize(tower.pool(top), dim=-1)
    expected = torch.nn.functional.cross_entropy(
        tower.image_scale.exp() * whole @ texts.T, torch.tensor([1])
    )
    assert loss.item() == pytest.approx(expected.item(), abs=1e-4)


def test_recolour_keeps_the_range_and_the_seed():
    x = torch.rand(3, 3, 8, 8) * 2 - 1
    first, again = (recolour(x, torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.abs().max() <= 1
    assert torch.equal(first, again)
