import numpy as np
import pytest
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.filters import Overlaps
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import local, things

SETTINGS = make_settings()
INSTANCES = SETTINGS.instances


def settings(**changes):
    return INSTANCES.model_copy(update=changes)


def pyramid_of(image, backbone):
    features = local.read_features(image, backbone, SETTINGS.local)
    return things.read_pyramid(image, backbone, features, SETTINGS.local)


def test_readings_halve_until_the_image_is_small():
    backbone = ToyBackbone()
    image = np.zeros((400, 800, 3), np.uint8)
    pyramid = pyramid_of(image, backbone)
    assert pyramid.steps == (1 / 4, 1 / 8, 1 / 16, 1 / 32)
    assert [level.shape[:2] for level in pyramid.levels] == [
        (100, 200),
        (50, 100),
        (25, 50),
        (13, 25),
    ]
    # the readings of the map are used again, whole and half; the one at 0.7 is of the map alone
    assert backbone.calls["dense"] == len(pyramid.levels) + 1


def test_things_are_read_one_octave_finer_than_the_map_where_the_image_is_larger():
    image, backbone = np.zeros((800, 800, 3), np.uint8), ToyBackbone()
    for metres, finest in ((0.1, 0.5), (0.3, 1.0), (0.5, 1.0)):
        features = local.read_features(image, backbone, SETTINGS.local, metres_per_pixel=metres)
        pyramid = things.read_pyramid(image, backbone, features, SETTINGS.local)
        assert pyramid.steps[0] == finest / 4
        assert min(pyramid.levels[-1].shape[:2]) * 4 < 2 * things.LEAST_SIDE


def test_no_reading_of_things_is_larger_than_one_of_the_map_may_be():
    image, backbone = np.zeros((800, 800, 3), np.uint8), ToyBackbone()
    for most, finest in ((400, 0.5), (399, 0.25)):
        bounded = SETTINGS.local.model_copy(update={"max_side": most})
        features = local.read_features(image, backbone, bounded, metres_per_pixel=0.1)
        assert features.factors[0] == 0.25
        assert things.read_pyramid(image, backbone, features, bounded).steps[0] == finest / 4


def test_a_small_image_is_read_once():
    assert len(pyramid_of(np.zeros((60, 90, 3), np.uint8), ToyBackbone()).levels) == 1


def test_the_level_in_which_a_thing_has_the_standard_size_weighs_most():
    areas = np.array([16**2, 32**2, 64**2, 2**2, 4096**2])
    weights = things.level_weights(areas, (1 / 4, 1 / 8, 1 / 16), cells=4.0, spread=0.5)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert weights.argmax(1).tolist() == [0, 1, 2, 0, 2]
    one_octave = np.exp(-((1 / 0.5) ** 2) / 2)
    beside = np.array([one_octave, 1, one_octave])
    np.testing.assert_allclose(weights[1], beside / beside.sum(), atol=1e-5)
    assert np.isfinite(weights).all()


class Temperatures(ToyBackbone):
    dense_logit_scale = np.log(3)
    region_logit_scale = np.log(7)


A, B = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)


@pytest.mark.parametrize(
    ("guided", "expected"),
    [(None, 0.25 * 3 / 4 + 0.75 * 1 / 4), ([A, A], (0.25 * 3 / 4 + 0.75 * 1 / 4 + 7 / 8) / 2)],
)
def test_probabilities_mix_levels_by_their_weights_and_views_alike(guided, expected):
    features = local.ImageFeatures((), (1.0,), np.zeros((1, 1, 3), np.uint8))
    texts = local.TextFeatures(("a", "b"), 1, np.eye(2, dtype=np.float32), np.array([0, 1]))
    weights = np.array([[0.25, 0.75]], np.float32)
    seen = things.LevelFeatures([A, B], guided)
    p = things.thing_probabilities(seen, weights, features, texts, Temperatures(), SETTINGS.local)
    np.testing.assert_allclose(p, [[expected, 1 - expected]], atol=1e-6)


@pytest.mark.parametrize(
    ("cells", "guidance", "asked"), [(4, "auto", 2), (4, True, 2), (4, False, 0), (16, "auto", 0)]
)
def test_features_of_levels_have_unit_length_and_are_those_of_their_quarter(cells, guidance, asked):
    backbone = ToyBackbone()
    backbone.cell = cells
    masks = np.zeros((1, 128, 128), bool)
    masks[0, 8:56, 8:56] = True  # inside the red quarter
    image = quarters(128)
    features = local.read_features(image, ToyBackbone(), SETTINGS.local)
    local_settings = SETTINGS.local.model_copy(update={"mask_guidance": guidance})
    pyramid = things.read_pyramid(image, backbone, features, local_settings)
    seen = things.level_features(MaskSet.from_masks(masks), pyramid)
    assert backbone.calls["regions"] == asked
    assert (seen.guided is None) == (asked == 0)
    assert len(seen.masked) == 2
    for level in (*seen.masked, *(seen.guided or [])):
        np.testing.assert_allclose(np.linalg.norm(level, axis=1), 1, atol=1e-4)
        assert level[0].argmax() == 0


def boxes(*corners):
    return Overlaps(MaskSet.from_boxes(np.array(corners).reshape(-1, 4), (64, 64)))


LIKELY = np.array([0.8, 0.9, 0.6, 0.2], np.float32)
THINGS = boxes((0, 0, 16, 16), (0, 0, 8, 8), (32, 32, 48, 48), (50, 50, 60, 60))


def test_a_whole_thing_wins_over_its_part_by_objectness():
    looks = np.array([0.9, 0.5, 0.9, 0.9], np.float32)
    best = things.best_things(THINGS, LIKELY, looks, settings(least_share=0.5))
    assert best.tolist() == [0, 2]  # the fourth has less than half of the best score
    everything = things.best_things(THINGS, LIKELY, looks, settings(least_share=0.0))
    assert everything.tolist() == [0, 2, 3]


def test_what_goes_first_is_not_replaced():
    looks = np.array([0.9, 0.5, 0.9, 0.9], np.float32)
    best = things.best_things(
        THINGS, LIKELY, looks, settings(least_share=0.5, thing_speck=0.0), first=np.array([1])
    )
    assert best.tolist() == [1, 2]


def test_no_more_things_than_asked_for():
    looks = np.ones(4, np.float32)
    few = settings(least_share=0.0, most_things=1)
    assert len(things.best_things(THINGS, LIKELY, looks, few)) == 1


def test_specks_beside_larger_things_are_left_out():
    overlaps = boxes((0, 0, 20, 20), (30, 0, 50, 20), (0, 40, 4, 44))
    ones = np.ones(3, np.float32)
    kept = things.best_things(overlaps, ones, ones, settings(thing_speck=0.05))
    assert sorted(kept.tolist()) == [0, 1]
    every = things.best_things(overlaps, ones, ones, settings(thing_speck=0.04))
    assert sorted(every.tolist()) == [0, 1, 2]


@pytest.mark.parametrize("likely", [np.zeros(4, np.float32), np.zeros(0, np.float32)])
def test_nothing_likely_is_nothing(likely):
    overlaps = THINGS if len(likely) else boxes()
    assert len(things.best_things(overlaps, likely, np.ones_like(likely), INSTANCES)) == 0
