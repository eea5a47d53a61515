import numpy as np
import pytest
from stages.test_spatial import make_table

from dgl_rsis.stages.ranking import by_extreme, by_rank, key_values
from dgl_rsis.stages.relations import Field
from dgl_rsis.stages.scored import Scored
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
