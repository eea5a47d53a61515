"""The backbone that sees the truth: known answers on maps of a few cells."""

from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.benchmark.datasets.samples import ClassMap
from dgl_rsis.benchmark.true_classes import TrueClasses, named_classes
from dgl_rsis.proposals.masks import MaskSet

NAMES = ("car", "truck", "ship", "water", "storage_tank")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ship", (2,)),
        ("an aerial photo of two ships", (2,)),
        ("a large river seen from above", (3,)),
        ("vehicle", (0, 1)),
        ("a storage tank", (4,)),
        ("the car park", ()),  # no car
        ("grass", ()),
        ("", ()),
    ],
)
def test_words_are_the_classes_that_they_name(text: str, named: tuple[int, ...]) -> None:
    assert set(named_classes(text, NAMES)) == set(named)


def seen() -> TrueClasses:
    labels = np.full((16, 32), -1, np.int16)
    labels[:8, :16], labels[:8, 16:] = 2, 3
    return TrueClasses(ClassMap(NAMES, labels))


def test_cells_have_their_true_class_at_every_size() -> None:
    backbone = seen()
    ship, grass = backbone.encode_texts(["a ship", "grass"])
    for factor in (1, 2):
        picture = np.zeros((16 * factor, 32 * factor, 3), np.uint8)
        dense = backbone.dense(picture)
        assert dense.shape == (4 * factor, 8 * factor, 6)
        np.testing.assert_allclose(np.linalg.norm(dense, axis=-1), 1, atol=1e-5)
        assert dense[0, 0] @ ship == pytest.approx(1)
        assert dense[0, -1] @ ship == 0
        assert dense[-1, 0] @ grass == pytest.approx(1)  # what has no class is what nobody names


def test_masks_and_activations_are_true() -> None:
    backbone = seen()
    texts = backbone.encode_texts(["ship", "water", "vehicle"])
    picture = np.zeros((16, 32, 3), np.uint8)
    masks = MaskSet.from_boxes(np.array([[0, 0, 16, 8], [0, 0, 32, 8]]), (16, 32))
    np.testing.assert_allclose(
        backbone.regions(picture, masks) @ texts.T,
        [[1, 0, 0], [0.5**0.5, 0.5**0.5, 0]],
        atol=1e-5,
    )
    maps, most = backbone.activations(picture, texts, [1])
    assert maps.shape == (1, 4, 8)
    assert most.tolist() == [1]
    assert maps[0, 0].tolist() == [0] * 4 + [1] * 4
