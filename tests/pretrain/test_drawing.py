import numpy as np
import pytest
from pretrain.board import blur_of, board
from pretrain.concepts import CONCEPTS
from pretrain.drawing import GROUNDS, KINDS, THEMES, draw_theme, with_objects
from pretrain.sprites import draw
from scipy import ndimage


def background(size=112, seed=0, middle=110):
    noise = np.random.default_rng(seed).normal(middle, 20, (size, size, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def made(theme, seed=0, size=112):
    return draw_theme(np.random.default_rng(seed), background(size), theme)


SHOWN = {
    "heliport": {"helicopter"},
    "courts": {"tennis court", "basketball court"},
    "wind farm": {"windmill"},
    "chimneys": {"chimney"},
    "dam": {"dam"},
    "toll": {"toll station", "car"},
    "roundabout": {"roundabout"},
}


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_is_labelled_with_its_own_kinds(theme):
    seen = set()
    for seed in range(8):
        result = made(theme, seed)
        assert result.image.shape == (112, 112, 3)
        assert result.image.dtype == np.uint8
        assert set(np.unique(result.grounds)) <= {-1, *range(len(GROUNDS))}
        assert not ((result.grounds >= 0) & (result.objects >= 0)).any()
        seen |= {KINDS[number] for number in np.unique(result.objects) if number >= 0}
    assert seen == SHOWN[theme]


@pytest.mark.parametrize("theme", THEMES)
def test_the_same_generator_gives_the_same_image(theme):
    first, second, other = made(theme, 5), made(theme, 5), made(theme, 6)
    for name in ("image", "objects", "grounds"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (first.image != other.image).any()


def test_every_kind_has_a_theme():
    assert set.union(*SHOWN.values()) == set(KINDS)


def test_the_background_is_neither_changed_nor_repainted_far_from_paint():
    before = background()
    after = before.copy()
    result = draw_theme(np.random.default_rng(2), after, "heliport")
    np.testing.assert_array_equal(before, after)
    painted = (result.objects >= 0) | (result.grounds >= 0)
    near = ndimage.binary_dilation(painted, iterations=16)
    assert (~near).any()
    np.testing.assert_array_equal(result.image[~near], before[~near])


def test_labels_are_where_a_sprite_covers_half_of_a_pixel():
    painted = board(np.random.default_rng(0), background())
    sprite = draw(np.random.default_rng(1), "helicopter", 40)
    painted.put(sprite, 60, 50)
    expected = np.full((112, 112), -1)
    half = len(sprite.alpha) // 2
    expected[50 - half : 51 + half, 60 - half : 61 + half][sprite.alpha > 0.5] = KINDS.index(
        "helicopter"
    )
    np.testing.assert_array_equal(painted.objects, expected)


@pytest.mark.parametrize(("x", "y"), [(-200, 50), (50, 400), (-5, -5), (111, 111)])
def test_a_sprite_over_the_edge_is_cut_off(x, y):
    painted = board(np.random.default_rng(0), background())
    painted.put(draw(np.random.default_rng(1), "roundabout", 40), x, y)
    rows, columns = np.nonzero(painted.objects >= 0)
    assert bool(len(rows)) == (-20 < x < 132 and -20 < y < 132)
    if len(rows):
        assert np.hypot(rows - y, columns - x).max() < 25


def test_white_is_bright_on_a_dark_background_and_takes_its_light():
    dark = board(np.random.default_rng(0), background(middle=30))
    white = dark.seen(np.full((1, 3), 255, np.float32))
    assert white.min() > 180
    assert dark.seen(np.zeros((1, 3), np.float32)).max() < 40


def test_a_smoother_background_asks_for_more_blur():
    sharp = background()
    soft = ndimage.gaussian_filter(sharp, (2, 2, 0))
    assert blur_of(sharp) < 0.3 < 0.8 < blur_of(soft)


@pytest.mark.parametrize("seed", range(12))
def test_labels_are_the_objects_and_grounds_and_what_is_untouched(seed):
    theme = list(THEMES)[np.random.default_rng(seed).integers(len(THEMES))]
    rng = np.random.default_rng(seed)
    rng.integers(len(THEMES))
    drawing, concepts = draw_theme(rng, background(), theme), list(CONCEPTS)
    below = np.full((112, 112), concepts.index("grass"), np.int16)
    image, labels = with_objects(np.random.default_rng(seed), background(), below)
    np.testing.assert_array_equal(image, drawing.image)
    names = np.array([*concepts, ""])[labels]
    is_object, is_ground = drawing.objects >= 0, drawing.grounds >= 0
    assert is_object.any()
    np.testing.assert_array_equal(names[is_object], np.array(KINDS)[drawing.objects[is_object]])
    np.testing.assert_array_equal(names[is_ground], np.array(GROUNDS)[drawing.grounds[is_ground]])
    rest = ~is_object & ~is_ground
    changed = (image != background()).any(-1)
    assert (names[rest & changed] == "").all()  # shadows and paint
    assert (names[rest & ~changed] == "grass").all()
    assert (below == concepts.index("grass")).all()


@pytest.mark.parametrize("size", [32, 96, 200])
def test_a_background_has_any_size(size):
    assert made("courts", size=size).image.shape == (size, size, 3)


@pytest.mark.parametrize(
    ("pixels", "theme", "message"),
    [
        (background(64), "zoo", "unknown theme 'zoo'"),
        (background(64)[:40], "courts", "background must be"),
        (background(64)[..., 0], "courts", "background must be"),
        (background(31), "courts", "s from 32 on"),
    ],
)
def test_bad_input_is_refused(pixels, theme, message):
    with pytest.raises(ValueError, match=message):
        draw_theme(np.random.default_rng(0), pixels, theme)
