import numpy as np
import pytest
from pretrain.sprite_pen import Pen, View
from pretrain.sprites import KINDS, draw

OVERHEAD = View(cast=(1.0, 0.0), lean=(0.0, 0.0))


def sprite(kind, length, seed=0, **options):
    return draw(np.random.default_rng(seed), kind, length, **options)


def pen(cast=(0.0, 0.0)):
    return Pen(np.array(cast), np.zeros(2), fine=0.01)


@pytest.mark.parametrize("length", [6, 20, 60])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_at_any_size(kind, length):
    drawn = sprite(kind, length)
    side = len(drawn.alpha)
    assert drawn.kind == kind
    assert side % 2 == 1
    assert drawn.colour.shape == (side, side, 3)
    assert drawn.alpha.shape == drawn.shadow.shape == (side, side)
    assert drawn.colour.dtype == drawn.alpha.dtype == drawn.shadow.dtype == np.float32
    assert drawn.colour.min() >= 0
    assert drawn.colour.max() <= 255
    assert drawn.alpha.min() >= 0
    assert 0.3 < drawn.alpha.max() <= 1
    assert drawn.shadow.min() >= 0
    assert drawn.shadow.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_draws_the_same_again_and_then_another(kind):
    rng = np.random.default_rng(3)
    first, second = draw(rng, kind, 24), draw(rng, kind, 24)
    again = sprite(kind, 24, seed=3)
    for name in ("colour", "alpha", "shadow"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert first.alpha.shape != second.alpha.shape or (first.alpha != second.alpha).any()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "chimney"])
def test_the_longest_side_is_the_asked_length(kind, seed):
    # Unturned, so that rows and columns are the sides. A wing tip may cover less than half of a
    # pixel; chimneys have smoke beside the object that is measured.
    alpha = sprite(kind, 40, seed, angle=0.0, view=OVERHEAD).alpha
    rows, columns = np.nonzero(alpha > 0.02)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(40, abs=2)


def test_smoke_stays_thinner_than_half():
    for seed in range(30):
        alpha = sprite("chimney", 40, seed, angle=0.0, view=OVERHEAD).alpha
        rows, columns = np.nonzero(alpha > 0.5)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 42


@pytest.mark.parametrize("kind", ["car", "windmill", "chimney"])
def test_the_shadow_falls_where_the_view_casts_it(kind):
    for x, y in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
        drawn = sprite(kind, 30, view=View((x, y), (0.0, 0.0)))
        beside = drawn.shadow * (1 - drawn.alpha)
        middle = len(beside) // 2
        rows, columns = np.mgrid[-middle : middle + 1, -middle : middle + 1]
        assert ((columns * x + rows * y) * beside).sum() / beside.sum() > 3


def test_a_turned_object_lies_along_its_angle():
    lying = sprite("dam", 50, angle=0.0, view=OVERHEAD).alpha > 0.5
    standing = sprite("dam", 50, angle=np.pi / 2, view=OVERHEAD).alpha > 0.5
    assert lying.any(axis=0).sum() > 40 > 20 > lying.any(axis=1).sum()
    assert standing.any(axis=1).sum() > 40 > 20 > standing.any(axis=0).sum()


def test_coverage_adds_up_to_the_area_at_any_size():
    for length in (2.0, 7.3, 31.0):
        quill = pen()
        quill.box(0, 0, 2, 1, (200, 100, 50))
        colour, alpha, shadow = quill.render(length, 0.4, (0.3, -0.2))
        assert alpha.sum() == pytest.approx(length**2 / 2, rel=0.12)
        assert np.abs(colour[alpha > 0.9] - (200, 100, 50)).max(initial=0) <= 2
        assert not shadow.any()


def test_a_prism_shades_the_way_from_its_foot_to_its_top():
    quill = pen(cast=(1.0, 0.0))
    quill.box(0, 0, 1, 1, (0, 0, 0), low=0, high=2)
    _, _, shadow = quill.render(20, 0.0, (0.0, 0.0))
    assert shadow.sum() == pytest.approx(20 * 60, rel=0.1)


@pytest.mark.parametrize("length", [0, -3, float("nan")])
def test_a_length_must_be_above_zero(length):
    with pytest.raises(ValueError, match="length_px"):
        sprite("car", length)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown kind 'zeppelin'.*windmill"):
        sprite("zeppelin", 20)
