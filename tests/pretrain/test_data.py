import numpy as np
import pytest
from pretrain.concepts import CANDIDATES, CONCEPTS, REQUIRED, SCENES, UNIFORM
from pretrain.data import (
    CONCEPT_NAMES,
    SCENE_NAMES,
    Real,
    Rendered,
    Sampler,
    concepts_in,
    crop,
    mosaic,
    partial_labels,
    turbid,
    turn,
)
from pretrain.split import is_held_out

SETTINGS = {
    "size": 32,
    "scene_batch": 3,
    "mosaic_batch": 2,
    "rendered_batch": 2,
    "least_crop": 0.7,
    "turbid_share": 0.5,
}


def real_scenes():
    rng = np.random.default_rng(0)
    return [
        Real(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8), SCENE_NAMES.index(name), (k,))
        for k, name in enumerate([*UNIFORM, "River"])
    ]


def sampler():
    rng = np.random.default_rng(1)
    rendered = Rendered(
        rng.integers(0, 255, (4, 40, 40, 3), dtype=np.uint8),
        rng.integers(-1, 5, (4, 40, 40)).astype(np.int16),
    )
    return Sampler(real_scenes(), rendered, SETTINGS, seed=3)


def test_tables_name_what_exists():
    assert set(CANDIDATES) == set(SCENES)
    assert set(REQUIRED) <= set(SCENES)
    assert set(UNIFORM) <= set(SCENES)
    for scene, names in CANDIDATES.items():
        assert set(names) <= set(CONCEPTS), scene
        assert {name for name, _ in REQUIRED.get(scene, ())} <= set(names), scene
    assert all(UNIFORM[scene] in CANDIDATES[scene] for scene in UNIFORM)


def test_split_is_the_one_of_the_md5_rule():
    held_out = [name for name in (f"airport_{k}.jpg" for k in range(1000)) if is_held_out(name)]
    assert 70 < len(held_out) < 130
    assert not is_held_out("a")  # md5 0cc175b9..., remainder 7


def test_concepts_in_captions():
    found = {CONCEPT_NAMES[k] for k in concepts_in("many planes near green trees and a pond .")}
    assert found == {"plane", "tree", "water"}


def test_partial_labels_contain_what_is_required():
    for real in real_scenes():
        candidates, required = partial_labels(real)
        assert candidates.any()
        assert candidates[required > 0].all()


@pytest.mark.parametrize("way", range(8))
def test_turn_is_a_symmetry(way):
    values = np.arange(9).reshape(3, 3)
    assert sorted(turn(way, values).ravel()) == list(range(9))
    assert turn(way, values)[1, 1] == 4


def test_turns_are_different():
    assert len({turn(way, np.arange(4).reshape(2, 2)).tobytes() for way in range(8)}) == 8


def test_crop_and_mosaic_have_the_size():
    rng = np.random.default_rng(0)
    scenes = real_scenes()
    assert crop(rng, scenes[0].image, 32, 0.5, 1.0).shape == (32, 32, 3)
    image, dense = mosaic(rng, [[scenes[0]], [scenes[1]]], [4, 7], 32)
    assert image.shape == (32, 32, 3)
    assert set(np.unique(dense)) <= {4, 7}


def test_turbid_changes_water_only():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
    water = np.zeros((8, 8), bool)
    water[:4] = True
    changed = turbid(rng, image, water)
    np.testing.assert_array_equal(changed[4:], image[4:])
    assert (changed[:4] != image[:4]).any()
    np.testing.assert_array_equal(turbid(rng, image, ~water & water), image)


def test_a_batch_depends_on_seed_and_step_only():
    first, again, other = (sampler().batch(step, sampler().uniform()) for step in (5, 5, 6))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.dense, again.dense)
    assert (first.images != other.images).any()
    assert first.images.shape == (7, 32, 32, 3)
    assert len(first.scenes) == len(first.candidates) == 3
    assert first.dense.shape == (4, 32, 32)
