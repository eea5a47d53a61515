import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretrain.augment import BRIGHTNESS, CLASS_COLOURS, NUMBER, ROOF_COLOURS, repaint

GRASS, ROOF, CAR = NUMBER["grass"], NUMBER["building"], NUMBER["car"]
UNLABELLED = -1
ROUNDING = 1.01  # grey levels: the result is cut off to whole ones


def scene(seed=0, middle=120, spread=6):
    """Stripes of grass, unlabelled, two roofs apart, cars; each of 8 x 32 pixels, textured."""
    rng = np.random.default_rng(seed)
    image = np.clip(rng.normal(middle, spread, (40, 32, 3)), 0, 255).astype(np.uint8)
    dense = np.full((40, 32), UNLABELLED, np.int16)
    dense[:8] = GRASS
    dense[16:24] = CAR
    dense[24:32, :12], dense[24:32, 20:] = ROOF, ROOF
    return image, dense


def painted(seed, image, dense, share=1.0):
    return repaint(np.random.default_rng(seed), image, dense, share=share)


def components(dense):
    roofs = [(dense == ROOF) & half for half in (np.arange(32) < 16, np.arange(32) >= 16)]
    return [dense == GRASS, *roofs]


def test_tables_name_what_exists_and_hold_colours():
    assert set(CLASS_COLOURS) <= set(NUMBER)
    assert "building" not in CLASS_COLOURS  # roofs are painted one by one
    colours = [*ROOF_COLOURS, *(colour for group in CLASS_COLOURS.values() for colour in group)]
    assert all(len(colour) == 3 and min(colour) >= 0 and max(colour) <= 255 for colour in colours)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_not_repainted_stays_to_the_bit(seed):
    image, dense = scene()
    before = image.copy()
    result = painted(seed, image, dense)
    kept = (dense == UNLABELLED) | (dense == CAR)  # cars have no colours of their own here
    np.testing.assert_array_equal(result[kept], image[kept])
    np.testing.assert_array_equal(image, before)
    for region in components(dense):
        assert (result[region] != image[region]).any()


def test_share_zero_gives_the_same_image():
    image, dense = scene()
    np.testing.assert_array_equal(painted(0, image, dense, share=0.0), image)
    dense[dense == ROOF] = UNLABELLED
    assert painted(0, image, dense, share=0.0) is image
    nothing = np.full_like(dense, UNLABELLED)
    assert painted(0, image, nothing, share=1.0) is image


def test_the_share_is_that_of_classes_and_of_roofs():
    image, dense = scene()
    changed = np.array(
        [
            [
                (painted(seed, image, dense, 0.3) != image)[region].any()
                for region in components(dense)
            ]
            for seed in range(300)
        ]
    )
    assert changed.mean(0) == pytest.approx(0.3, abs=0.09)
    together = (changed[:, 1] & changed[:, 2]).mean()
    assert together == pytest.approx(0.09, abs=0.06)  # roofs are drawn one by one


@pytest.mark.parametrize("seed", range(8))
def test_only_the_mean_of_a_region_moves_and_its_texture_stays(seed):
    image, dense = scene()
    result = painted(seed, image, dense)
    for region in components(dense):
        old, new = image[region].astype(float), result[region].astype(float)
        inside = ((new > 0) & (new < 255)).all(1)  # the rest is cut off
        if inside.sum() < 20:
            continue
        old, new = old[inside], new[inside]
        old_texture, new_texture = old - old.mean(0), new - new.mean(0)
        gain = (old_texture * new_texture).sum() / (old_texture**2).sum()
        assert 0.45 <= gain <= 1.65
        assert np.abs(new_texture - gain * old_texture).max() <= ROUNDING


def test_roofs_take_colours_of_their_own():
    image, dense = scene()
    _, left, right = components(dense)
    apart = [
        np.abs(result[left].mean(0) - result[right].mean(0)).max() > 5
        for result in (painted(seed, image, dense) for seed in range(20))
    ]
    assert np.mean(apart) > 0.8


def test_a_listed_colour_is_what_a_region_gets():
    image, dense = scene()
    means = np.array([painted(seed, image, dense)[dense == GRASS].mean(0) for seed in range(200)])
    listed = np.array(CLASS_COLOURS["grass"])
    distance = np.abs(means[:, None] - listed[None]).max(-1).min(1)
    assert np.median(distance) < BRIGHTNESS
    assert distance.max() < 3 * BRIGHTNESS
    assert np.ptp(means, axis=0).min() > 60  # more than one of them


@given(
    seed=st.integers(0, 10_000),
    middle=st.integers(0, 255),
    spread=st.floats(0, 90),
    share=st.floats(0, 1),
)
def test_values_stay_in_range_and_in_order(seed, middle, spread, share):
    image, dense = scene(seed, middle, spread)
    result = painted(seed, image, dense, share)
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    for region in components(dense):
        for channel in range(3):  # a value that wraps around would break the order
            order = image[region][:, channel].argsort(kind="stable")
            assert (np.diff(result[region][order, channel].astype(int)) >= 0).all()


def test_the_seed_decides():
    image, dense = scene()
    np.testing.assert_array_equal(painted(4, image, dense), painted(4, image, dense))
    assert (painted(4, image, dense) != painted(5, image, dense)).any()


def test_water_glints_in_specks_and_nothing_else_does():
    image = np.full((64, 64, 3), 90, np.uint8)
    water = np.full((64, 64), NUMBER["water"], np.int16)
    glints = [painted(seed, image, water).std(axis=(0, 1)) for seed in range(40)]
    share = np.mean([deviation.max() > 2 for deviation in glints])
    assert 0.2 < share < 0.8  # one in two where every class is repainted
    grass = np.full((64, 64), NUMBER["grass"], np.int16)
    assert max(painted(seed, image, grass).std(axis=(0, 1)).max() for seed in range(40)) == 0
