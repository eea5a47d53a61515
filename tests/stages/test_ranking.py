import numpy as np
import pytest
from stages.test_spatial import make_table

from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.ranking import by_extreme, by_rank, distances, key_values
from dgl_rsis.stages.scored import Field, Scored
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.nodes import Extremum, Select
from dgl_rsis.text.program.vocabulary import Direction, Key

THINGS = [
    ("hall", (0, 0, 30, 20), "white"),
    ("hall", (100, 50, 110, 60), "black"),
    ("hall", (280, 180, 300, 200), "red"),
]


def scored(holds=(True, True, True)):
    bare = Scored.bare(np.arange(3), np.full(3, 0.5))
    return bare.fulfilling(Field(np.ones(3), np.array(holds)))


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (Key.AREA, [0, 2, 1]),
        (Key.X, [2, 1, 0]),
        (Key.BRIGHTNESS, [0, 2, 1]),
        (Key.CENTER, [1, 0, 2]),
    ],
)
def test_keys(key, order):
    values = key_values(key, np.arange(3), make_table(THINGS))
    assert np.argsort(-values).tolist() == order


def test_shapes_are_keys():
    # A long hall, a longer one that is wider still, a square one.
    boxes = [(0, 0, 80, 8), (0, 20, 120, 60), (150, 20, 190, 60)]
    table = make_table([("hall", box, "white") for box in boxes])
    elongation = key_values(Key.ELONGATION, np.arange(3), table)
    np.testing.assert_allclose(elongation, [10, 3, 1])
    assert key_values(Key.LENGTH, np.arange(3), table).argmax() == 1
    assert np.argsort(-key_values(Key.CIRCULARITY, np.arange(3), table)).tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("sentence", "key", "direction"),
    [
        ("the most elongated hall", Key.ELONGATION, Direction.MAX),
        ("the least elongated hall", Key.ELONGATION, Direction.MIN),
        ("the longest hall", Key.LENGTH, Direction.MAX),
        ("the least long hall", Key.LENGTH, Direction.MIN),
        ("the roundest hall", Key.CIRCULARITY, Direction.MAX),
        ("the most circular hall", Key.CIRCULARITY, Direction.MAX),
        ("the least round hall", Key.CIRCULARITY, Direction.MIN),
    ],
)
def test_superlatives_of_shapes(sentence, key, direction):
    assert parse(sentence).program == Extremum(Select("hall"), key, direction)


def test_the_extreme_one_is_sought_inside_what_holds():
    keys = np.array([600.0, 100.0, 400.0])
    assert by_extreme(scored(), keys, Direction.MAX, 2.0).values[0] == 1
    narrowed = by_extreme(scored((False, True, True)), keys, Direction.MAX, 2.0)
    assert narrowed.values[0] == 0
    assert narrowed.values[2] == 1
    assert by_extreme(scored(), keys, Direction.MIN, 2.0).values.argmax() == 1


def test_ranks_count_inside_what_holds():
    keys = np.array([600.0, 100.0, 400.0])
    assert by_rank(scored(), keys, Direction.MAX, 2, 2.0).values.argmax() == 2
    assert by_rank(scored((True, True, False)), keys, Direction.MAX, 2, 2.0).values.argmax() == 1


def test_an_outlier_does_not_make_the_others_alike():
    areas = np.array([5000.0, 400.0, 100.0])
    values = by_extreme(scored(), areas, Direction.MIN, 2.0).values
    np.testing.assert_allclose(values, np.exp([-4, -2, 0]))
    tied = by_extreme(scored(), np.array([1.0, 1.0, 5.0]), Direction.MIN, 2.0).values
    np.testing.assert_allclose(tied, [1, 1, np.exp(-4)])


def random_masks(count: int, rng: np.random.Generator):
    """Triangles here and there, some of them full boxes."""
    corners, crops = rng.integers(0, 250, (count, 2)), []
    for width, height in rng.integers(3, 40, (count, 2)):
        crops.append(np.tri(height, width, dtype=bool) | (rng.random() < 0.3))
    boxes = [
        ("hall", (x, y, x + crop.shape[1], y + crop.shape[0]), "white")
        for (x, y), crop in zip(corners.tolist(), crops, strict=True)
    ]
    areas = np.array([crop.sum() for crop in crops])
    return make_table(boxes, areas=areas, crop=lambda index: crops[index])


def gap_by_hand(table, first, second):
    """Between all pixels of two candidates."""
    pixels = []
    for index in (first, second):
        rows, columns = np.nonzero(table.crop(index))
        pixels.append(np.stack([columns, rows], axis=1) + table.boxes[index, :2])
    steps = np.maximum(np.abs(pixels[0][:, None] - pixels[1][None]) - 1, 0)
    return np.hypot(steps[..., 0], steps[..., 1]).min()


def test_distances_to_the_nearest_of_several_agree_with_all_pixels():
    table = random_masks(24, np.random.default_rng(5))
    found = distances(np.arange(24), Anchor(table, np.arange(6)))
    for index in range(24):
        expected = min(gap_by_hand(table, index, each) for each in range(6) if each != index)
        assert found[index] == pytest.approx(expected, abs=0.5)


def test_distances_beyond_what_is_asked_for_stay_beyond():
    table = random_masks(24, np.random.default_rng(6))
    exact = distances(np.arange(3, 24), Anchor(table, np.arange(3)))
    rough = distances(np.arange(3, 24), Anchor(table, np.arange(3)), within=30)
    assert ((exact < 30) == (rough < 30)).all()
    np.testing.assert_allclose(exact[exact < 30], rough[exact < 30])
