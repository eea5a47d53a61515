import numpy as np
import pytest
import torch
from pretrain.data import SCENE_NAMES
from pretrain.vit import bank as banks
from pretrain.vit.bank import STEP, Bank, lesson, prepare, targets

from dgl_rsis.models.tiny import RsTiny

RIVER = SCENE_NAMES.index("River")


@pytest.fixture
def teacher(tiny_rs_folder):
    return RsTiny.from_folder(tiny_rs_folder)


def test_targets_are_what_the_model_says(teacher):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    embeddings, dense = targets(teacher.image_tower, images, 16)
    np.testing.assert_allclose(embeddings, teacher.encode_images(images), atol=1e-5)
    assert dense.shape == (2, 4, 4, teacher.dim)
    cells = teacher.dense(images[1]).reshape(4, 4, 4, 4, -1).mean((1, 3))
    expected = cells / np.linalg.norm(cells, axis=-1, keepdims=True)
    np.testing.assert_allclose(dense[1] * STEP, expected, atol=STEP)


def test_targets_turn_with_their_crops():
    rng = np.random.default_rng(1)
    dense = rng.integers(0, 127, (3, 4, 4, 3)).astype(np.int8)
    images = dense.repeat(2, axis=1).repeat(2, axis=2).view(np.uint8)
    bank = Bank(images, np.array([4, -1, 2], np.int16), np.eye(3, dtype=np.float32), dense)
    rows = np.array([2, 0, 2, 1, 0, 2, 1])
    part = lesson(bank, rows, np.random.default_rng(2))
    shown = torch.from_numpy(part.images[:, ::2, ::2].astype(np.float32)).flatten(1, 2)
    torch.testing.assert_close(part.dense / STEP, shown)
    assert part.scenes.tolist() == [2, 4, 2, -1, 4, 2, -1]
    assert torch.equal(part.embeddings, torch.eye(3)[rows])
    assert len({image.tobytes() for image in part.images[rows == 2]}) > 1


def test_whole_scenes_come_first_and_the_bank_is_made_once(
    data, output, config, teacher, monkeypatch
):
    bank = prepare(data, output, config, teacher.image_tower)
    assert bank.images.shape == (9, 48, 48, 3)
    assert bank.dense.shape == (9, 3, 3, teacher.dim)
    # two whole rivers, then batches of two crops of rivers, a tile and a rendered scene
    assert bank.scenes.tolist() == [RIVER, RIVER, *[RIVER, RIVER, -1, -1], *[RIVER, RIVER, -1]]
    embeddings, dense = targets(teacher.image_tower, np.array(bank.images), 16)
    np.testing.assert_allclose(bank.embeddings, embeddings, atol=1e-5)
    assert np.abs(bank.dense.astype(int) - dense).max() <= 1
    monkeypatch.setattr(banks, "load_real", lambda *_: pytest.fail("made again"))
    again = prepare(data, output, config, teacher.image_tower)
    assert np.array_equal(again.images, bank.images)


def test_a_bank_may_be_smaller_than_the_scenes(data, output, config, teacher):
    config["vit"]["bank"]["crops"] = 1
    bank = prepare(data, output, config, teacher.image_tower)
    assert bank.scenes.tolist() == [RIVER]
